//! What tests with whole processes share.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};

use crate::support::backend::Backend;
use crate::support::ports::free_port;
use crate::support::request;
use crate::support::server::Server;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A free place for peers to connect to.
pub fn recon_address() -> String {
    SocketAddr::from(([127, 0, 0, 1], free_port())).to_string()
}

/// The sum of a metric over all its labels, once the server tells of it.
pub fn metric(server: &Server, name: &str) -> Option<f64> {
    let text = request::get(server.metrics(), "/metrics").ok()?.text();
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']))?;
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    });
    values.reduce(|sum, value| sum + value)
}

/// Looks again and again, at what cannot tell of its changes, until the answer is yes.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never seen: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The one number that a query of a PostgreSQL database answers.
pub async fn number(store: &Backend, query: &'static str) -> i64 {
    let mut connection = PgConnection::connect(&store.url()).await.expect("PostgreSQL connects");
    let number = sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("the query answers a number");
    connection.close().await.ok();
    number
}
