//! The header in which a TCP proxy tells who the client is: the PROXY protocol, versions 1 and 2.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use ppp::{v1, v2};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How long a proxy may take to send the header.
pub const HEADER_DEADLINE: Duration = Duration::from_secs(3);
/// The longest header of version 1 with its line end.
const V1_OCTETS_LIMIT: usize = 107;
/// The most octets of version 2 after its fixed part: addresses and annexes.
const V2_OCTETS_LIMIT: usize = 536;
/// Version 2 begins with this; version 1 is never shorter.
const SIGNATURE_OCTETS: usize = 12;
/// Version 2 up to the length of the rest.
const V2_FIXED_OCTETS: usize = 16;

/// Who opened a connection that came through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Client(SocketAddr),
    /// The proxy itself, for example to see whether the server is there.
    Proxy,
}

/// There was no header that can be believed.
#[derive(Debug, Error)]
pub enum ProxyError {
    #[error("the header of the proxy did not arrive in time")]
    TimedOut,
    #[error("the connection broke off in the header of the proxy: {0}")]
    Io(#[from] io::Error),
    #[error("the header of the proxy is longer than allowed")]
    TooLong,
    #[error("what came from a proxy does not begin with a header of the PROXY protocol")]
    Malformed,
}

/// Whether connections from `address` must begin with a header.
pub fn is_trusted(proxies: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    proxies.iter().any(|network| network.contains(&address))
}

/// Reads the header and nothing behind it.
///
/// Not cancel safe: after an error or a dropped call the stream is of no use.
pub async fn read_header<S: AsyncRead + Unpin + Send>(stream: &mut S) -> Result<Source, ProxyError> {
    tokio::time::timeout(HEADER_DEADLINE, read(stream)).await.map_err(|_| ProxyError::TimedOut)?
}

async fn read<S: AsyncRead + Unpin + Send>(stream: &mut S) -> Result<Source, ProxyError> {
    let mut header = vec![0; SIGNATURE_OCTETS];
    stream.read_exact(&mut header).await?;
    if header.as_slice() == v2::PROTOCOL_PREFIX { read_v2(stream, header).await } else { read_v1(stream, header).await }
}

/// Octet by octet, because what follows the line is not of the header.
async fn read_v1<S: AsyncRead + Unpin + Send>(stream: &mut S, mut header: Vec<u8>) -> Result<Source, ProxyError> {
    if !header.starts_with(v1::PROTOCOL_PREFIX.as_bytes()) {
        return Err(ProxyError::Malformed);
    }
    while !header.ends_with(b"\r\n") {
        if header.len() == V1_OCTETS_LIMIT {
            return Err(ProxyError::TooLong);
        }
        header.push(stream.read_u8().await?);
    }
    let parsed = v1::Header::try_from(header.as_slice()).map_err(|_| ProxyError::Malformed)?;
    Ok(match parsed.addresses {
        v1::Addresses::Tcp4(ip) => client(ip.source_address, ip.source_port),
        v1::Addresses::Tcp6(ip) => client(ip.source_address, ip.source_port),
        v1::Addresses::Unknown => Source::Proxy,
    })
}

async fn read_v2<S: AsyncRead + Unpin + Send>(stream: &mut S, mut header: Vec<u8>) -> Result<Source, ProxyError> {
    let mut fixed = [0; V2_FIXED_OCTETS - SIGNATURE_OCTETS];
    stream.read_exact(&mut fixed).await?;
    let [.., high, low] = fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > V2_OCTETS_LIMIT {
        return Err(ProxyError::TooLong);
    }
    header.extend_from_slice(&fixed);
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    header.extend_from_slice(&rest);
    let parsed = v2::Header::try_from(header.as_slice()).map_err(|_| ProxyError::Malformed)?;
    match (parsed.command, parsed.protocol, parsed.addresses) {
        (v2::Command::Local, ..) | (_, _, v2::Addresses::Unspecified) => Ok(Source::Proxy),
        (_, v2::Protocol::Stream, v2::Addresses::IPv4(ip)) => Ok(client(ip.source_address, ip.source_port)),
        (_, v2::Protocol::Stream, v2::Addresses::IPv6(ip)) => Ok(client(ip.source_address, ip.source_port)),
        _ => Err(ProxyError::Malformed),
    }
}

fn client(address: impl Into<IpAddr>, port: u16) -> Source {
    Source::Client(SocketAddr::new(address.into().to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of `octets`, and how many of them are left.
    async fn read_of(octets: &[u8]) -> (Result<Source, ProxyError>, usize) {
        let mut rest = octets;
        (read_header(&mut rest).await, rest.len())
    }

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[0x20 | command, family], &length, body].concat()
    }

    fn v2_ipv4() -> Vec<u8> {
        v2(1, 0x11, &[192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x34, 0x2c, 0x6a])
    }

    /// The client's address is taken from every kind of header, and nothing of what follows is read.
    #[tokio::test]
    async fn clients_are_named() {
        let annex = [&[192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x34, 0x2c, 0x6a][..], &[4, 0, 3, 1, 2, 3]].concat();
        let ipv6 = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[7], &[0; 16], &[0x12, 0x34, 0x2c, 0x6a]].concat();
        for (header, client) in [
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 4660 11370\r\n".to_vec(), "192.0.2.1:4660"),
            (b"PROXY TCP6 2001:db8::7 ::1 4660 11370\r\n".to_vec(), "[2001:db8::7]:4660"),
            (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 4660 11370\r\n".to_vec(), "192.0.2.1:4660"),
            (v2_ipv4(), "192.0.2.1:4660"),
            (v2(1, 0x11, &annex), "192.0.2.1:4660"),
            (v2(1, 0x21, &ipv6), "[2001:db8::7]:4660"),
        ] {
            let (source, left) = read_of(&[&header[..], b"after"].concat()).await;
            assert_eq!(source.unwrap(), Source::Client(client.parse().unwrap()));
            assert_eq!(left, 5, "{client}");
        }
    }

    /// A proxy that speaks for itself does not name a client.
    #[tokio::test]
    async fn proxies_speak_for_themselves() {
        for header in [b"PROXY UNKNOWN\r\n".to_vec(), v2(0, 0, &[]), v2(1, 0, &[])] {
            assert_eq!(read_of(&header).await.0.unwrap(), Source::Proxy);
        }
    }

    /// Whatever is no header, is cut off, or is too long is refused, with a bound on what is read.
    #[tokio::test]
    async fn anything_else_is_refused() {
        let shown = |error: Result<Source, ProxyError>| match error.unwrap_err() {
            ProxyError::Io(_) => "cut off",
            ProxyError::TooLong => "too long",
            ProxyError::Malformed => "malformed",
            ProxyError::TimedOut => "timed out",
        };
        let long_v1 = [&b"PROXY TCP4 "[..], &[b'1'; 4000]].concat();
        for (octets, expected) in [
            (b"\0\0\0\x10\x0a\0\0\0\x05\0\0\0\x07version".to_vec(), "malformed"),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 99999 11370\r\n".to_vec(), "malformed"),
            (b"PROXY TCP4 2001:db8::7 ::1 1 11370\r\n".to_vec(), "malformed"),
            (b"PROXY TCP4 192.0.2.1".to_vec(), "cut off"),
            (b"PROXY".to_vec(), "cut off"),
            (long_v1, "too long"),
            (v2(1, 0x11, &[0; 537]), "too long"),
            (v2(1, 0x11, &[0; 11]), "malformed"),
            (v2(1, 0x12, &[0; 12]), "malformed"),
            (v2(1, 0x31, &[0; 216]), "malformed"),
            (v2(2, 0x11, &[0; 12]), "malformed"),
            (v2_ipv4()[..20].to_vec(), "cut off"),
        ] {
            assert_eq!(shown(read_of(&octets).await.0), expected, "{octets:?}");
        }
    }

    /// A proxy that sends nothing does not hold a place for long.
    #[tokio::test]
    async fn silence_ends() {
        let (mut silent, _other) = tokio::io::duplex(64);
        assert!(matches!(read_header(&mut silent).await, Err(ProxyError::TimedOut)));
    }

    proptest::proptest! {
        /// No octets make the reader panic or read past its bounds.
        #[test]
        fn any_octets_are_survived(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..700), kind in 0..3) {
            let head: &[u8] = match kind { 0 => b"", 1 => b"PROXY TCP4 ", _ => v2::PROTOCOL_PREFIX };
            let octets = [head, &tail].concat();
            let mut rest = octets.as_slice();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let _ = runtime.block_on(read_header(&mut rest));
            proptest::prop_assert!(octets.len() - rest.len() <= V2_FIXED_OCTETS + V2_OCTETS_LIMIT);
        }
    }

    /// Only networks that the operator named are believed.
    #[test]
    fn trust_is_given_by_network() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        assert!(is_trusted(&proxies, "::ffff:10.1.2.3".parse().unwrap()));
        assert!(!is_trusted(&proxies, "192.0.2.1".parse().unwrap()));
    }
}
