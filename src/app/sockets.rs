//! Opening the sockets on which the server listens.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, lookup_host};

use super::StartError;
use crate::config::BindAddress;

/// A socket and where it really listens.
#[derive(Debug)]
pub(super) struct Socket {
    pub listener: TcpListener,
    pub address: SocketAddr,
}

/// Listens at `address`; `purpose` names the service in the error.
pub(super) async fn bind(address: &BindAddress, purpose: &'static str) -> Result<Socket, StartError> {
    let bound = open(address).await;
    bound.map_err(|cause| StartError::Bind { purpose, address: address.to_string(), cause })
}

async fn open(address: &BindAddress) -> io::Result<Socket> {
    let listener = match address.host.as_str() {
        // Both families on one socket, unless the machine has no IPv6.
        "" => match TcpListener::bind(("::", address.port)).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind(("0.0.0.0", address.port)).await?
            }
            bound => bound?,
        },
        host => {
            let addresses: Vec<SocketAddr> = lookup_host((host, address.port)).await?.collect();
            TcpListener::bind(addresses.as_slice()).await?
        }
    };
    let address = listener.local_addr()?;
    Ok(Socket { listener, address })
}
