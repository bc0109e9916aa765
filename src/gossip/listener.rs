//! Connections that peers open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::access::{Access, Admission};
use super::proxy::{self, ProxyError, Source};
use super::sessions::Sessions;

/// The pause after an error that is not one connection's, such as too many open files.
const ERROR_PAUSE: Duration = Duration::from_millis(200);

/// Accepts the connections of peers, within limits.
pub struct Listener {
    pub sessions: Arc<Sessions>,
    pub access: Arc<Access>,
    /// Those who must tell whose connection they pass on.
    pub proxies: Vec<IpNet>,
    /// The most sessions at once.
    pub limit: usize,
    /// The most sessions at once of one partner or address.
    pub limit_per_peer: usize,
}

/// How many sessions each peer has.
type Counts = Arc<Mutex<HashMap<String, usize>>>;

/// One of the sessions that a peer may have; ends with the session.
struct Place {
    counts: Counts,
    peer: String,
}

impl Listener {
    /// Accepts until `stop`, which also ends the sessions: what they found is offered again.
    pub async fn run(self, socket: Arc<TcpListener>, stop: CancellationToken) {
        let (listener, counts) = (Arc::new(self), Counts::default());
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = running.join_next() => {}
                accepted = socket.accept() => match accepted {
                    Ok((stream, address)) if running.len() < listener.limit => {
                        let (listener, counts) = (listener.clone(), counts.clone());
                        running.spawn(async move { listener.serve(stream, address.ip(), counts).await });
                    }
                    Ok(_) => listener.refused("full"),
                    Err(error) => {
                        tracing::warn!(%error, "a connection of a peer could not be accepted");
                        tokio::time::sleep(ERROR_PAUSE).await;
                    }
                },
            }
        }
        running.shutdown().await;
    }

    async fn serve(&self, mut stream: TcpStream, address: IpAddr, counts: Counts) {
        let source = match self.source(&mut stream, address).await {
            Ok(Some(source)) => source,
            Ok(None) => return,
            Err(error) => {
                tracing::info!(%error, "a proxy did not tell whose connection it passes on");
                return self.refused("proxy");
            }
        };
        let admission = self.access.admit(source);
        let peer = match &admission {
            // As other keyservers do: not one octet for a stranger.
            Admission::Refused => return self.refused("stranger"),
            Admission::Anonymous => source.to_string(),
            Admission::Partners(partners) => partners.first().map(|partner| partner.name.clone()).unwrap_or_default(),
        };
        let Some(_place) = Place::take(&counts, peer, self.limit_per_peer) else { return self.refused("peer_full") };
        if stream.set_nodelay(true).is_err() {
            return;
        }
        self.sessions.incoming(stream, source, admission).await;
    }

    /// Who connects; `None` for a proxy that only looks whether the server is there.
    async fn source(&self, stream: &mut TcpStream, address: IpAddr) -> Result<Option<IpAddr>, ProxyError> {
        if !proxy::is_trusted(&self.proxies, address) {
            return Ok(Some(address));
        }
        Ok(match proxy::read_header(stream).await? {
            Source::Client(client) => Some(client.ip()),
            Source::Proxy => None,
        })
    }

    fn refused(&self, reason: &'static str) {
        self.sessions.metrics.refuse(reason);
    }
}

impl Place {
    fn take(counts: &Counts, peer: String, limit: usize) -> Option<Self> {
        let mut taken = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(peer.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Self { counts: counts.clone(), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}
