//! `op=get` and `op=index` over HTTP and PostgreSQL, beside the floor: a bare handler that does one
//! prepared select of the same packets and armors them. All in one process and one run.
#![allow(
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run fails by panicking"
)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::routing::get;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hockeypuck::cert::armor::encode::encode;
use hockeypuck::http::{self, AppState, HttpSettings, ServeLimits};
use hockeypuck::keyring::{Keyring, Outcome, Settings};
use hockeypuck::storage::{self, StoreLimits};
use hockeypuck::telemetry::{HttpMetrics, KeyringMetrics};
use jiff::Timestamp;
use prometheus::Registry;
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

#[path = "../tests/it/support/postgres.rs"]
#[expect(dead_code, clippy::expect_used, clippy::panic, reason = "shared with the tests")]
mod postgres;

const KEYRING: &str = "/usr/share/keyrings/debian-keyring.gpg";
const CONNECTIONS: usize = 16;

struct World {
    fingerprints: Arc<Vec<String>>,
    server: SocketAddr,
    floor: SocketAddr,
}

impl World {
    async fn start() -> anyhow::Result<Self> {
        let url = postgres::fresh_database().await;
        storage::migrate(&url).await?;
        let store = storage::open(&url, &StoreLimits::default()).await?;
        let registry = Registry::new();
        let keyring = Keyring::new(store, Settings::default(), KeyringMetrics::register(&registry)?);
        let submission = keyring.submit(std::fs::read(KEYRING)?.into()).await?;
        let stored = submission.results.iter().filter(|result| !matches!(result.outcome, Outcome::Rejected(_)));
        let fingerprints = stored.filter_map(|result| result.fingerprint).map(|fingerprint| fingerprint.to_string());
        let metrics = HttpMetrics::register(&registry)?;
        let state = AppState::new(keyring, HttpSettings::default(), metrics.clone(), Timestamp::now);
        let (listener, server) = listen().await?;
        tokio::spawn(http::serve(
            listener,
            http::router(state),
            ServeLimits::default(),
            metrics,
            std::future::pending(),
        ));
        let (listener, floor) = listen().await?;
        let mut idle = Vec::new();
        for _ in 0..CONNECTIONS {
            idle.push(PgConnection::connect(&url).await?);
        }
        tokio::spawn(async move { axum::serve(listener, floor_router(Arc::new(Mutex::new(idle)))).await });
        Ok(Self { fingerprints: Arc::new(fingerprints.collect()), server, floor })
    }
}

async fn listen() -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// A connection for each client.
type Idle = Arc<Mutex<Vec<PgConnection>>>;

fn floor_router(idle: Idle) -> Router {
    Router::new().route("/floor", get(floor)).with_state(idle)
}

async fn floor(State(idle): State<Idle>, RawQuery(query): RawQuery) -> Result<Vec<u8>, StatusCode> {
    let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut connection = taken.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    let fingerprint = hex::decode(query.unwrap_or_default()).map_err(|_| StatusCode::BAD_REQUEST)?;
    let select = "SELECT packets FROM certs WHERE fingerprint = $1";
    let packets = sqlx::query_scalar(select).bind(fingerprint).fetch_one(&mut connection).await;
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    let packets: Vec<u8> = packets.map_err(|_| StatusCode::NOT_FOUND)?;
    Ok(encode(&[], &[packets]).into())
}

/// The time in which `CONNECTIONS` keep-alive connections do `count` requests together.
async fn drive(address: SocketAddr, path: &'static str, fingerprints: &Arc<Vec<String>>, count: u64) -> Duration {
    let each = count.div_ceil(CONNECTIONS as u64);
    let start = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|client| tokio::spawn(requests(address, path, fingerprints.clone(), client, each)))
        .collect();
    for client in clients {
        if let Ok(Err(error)) | Err(error) = client.await.map_err(anyhow::Error::from) {
            panic!("a client failed: {error}");
        }
    }
    start.elapsed()
}

async fn requests(
    address: SocketAddr,
    path: &'static str,
    fingerprints: Arc<Vec<String>>,
    client: usize,
    count: u64,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let mut answer = Vec::new();
    for fingerprint in fingerprints.iter().cycle().skip(client * 37).take(usize::try_from(count)?) {
        let request = format!("GET {path}{fingerprint} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut answer).await?;
        black_box(&answer);
    }
    Ok(())
}

/// Reads one answer with a `Content-Length`.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<()> {
    answer.clear();
    loop {
        anyhow::ensure!(stream.read_buf(answer).await? > 0, "the connection was closed");
        let Some(header_end) = answer.windows(4).position(|octets| octets == b"\r\n\r\n") else { continue };
        let header = String::from_utf8_lossy(&answer[..header_end]).to_ascii_lowercase();
        anyhow::ensure!(header.starts_with("http/1.1 200"), "not found: {header}");
        let length = header.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.unwrap_or_default().parse()?;
        let missing = (header_end + 4 + length).saturating_sub(answer.len());
        let mut rest = vec![0; missing];
        stream.read_exact(&mut rest).await?;
        answer.extend(rest);
        return Ok(());
    }
}

fn benchmark(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("no runtime: {error}"));
    let world = runtime.block_on(World::start()).unwrap_or_else(|error| panic!("no server: {error}"));
    let mut group = criterion.benchmark_group("serving");
    group.sample_size(10).measurement_time(Duration::from_secs(10)).throughput(Throughput::Elements(1));
    for (name, address, path) in [
        ("floor: select and armor", world.floor, "/floor?"),
        ("op=get", world.server, "/pks/lookup?op=get&search=0x"),
        ("op=index, machine readable", world.server, "/pks/lookup?op=index&options=mr&search=0x"),
        ("op=index, JSON", world.server, "/pks/lookup?op=index&options=json&search=0x"),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| runtime.block_on(drive(address, path, &world.fingerprints, count)));
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
