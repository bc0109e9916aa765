//! The servers that a URL names. Of several, the first that takes writes is used, as with `target_session_attrs` of
//! PostgreSQL's own library.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Postgres};

use crate::storage::pool::{Chosen, Servers as Choice};

/// The most servers that a URL may name.
const SERVERS_LIMIT: usize = 16;
/// How long one of several servers may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
const IS_READ_ONLY: &str = "SELECT current_setting('transaction_read_only')::boolean";

/// Cheap to clone.
#[derive(Clone)]
pub struct Servers {
    /// In the order of the URL; never empty.
    options: Arc<[PgConnectOptions]>,
    /// The one that is used.
    chosen: Arc<AtomicUsize>,
}

impl Servers {
    /// `adapt` sets what every connection needs.
    pub fn of(url: &str, adapt: impl Fn(PgConnectOptions) -> PgConnectOptions) -> Result<Self, sqlx::Error> {
        let urls = urls(url);
        if urls.len() > SERVERS_LIMIT {
            return Err(sqlx::Error::Configuration(format!("more than {SERVERS_LIMIT} database servers").into()));
        }
        let options = urls.iter().map(|url| PgConnectOptions::from_str(url).map(&adapt));
        Ok(Self { options: options.collect::<Result<_, _>>()?, chosen: Arc::default() })
    }

    pub fn are_several(&self) -> bool {
        self.options.len() > 1
    }

    /// The number of the server that is used.
    pub fn chosen(&self) -> usize {
        self.chosen.load(Ordering::Relaxed)
    }

    /// How to connect to it.
    pub fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        self.options.get(self.chosen()).cloned().ok_or_else(|| unavailable("the URL names no server".to_owned()))
    }

    /// A connection to the one server that there is, or to the first of several that takes writes.
    pub async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        if !self.are_several() {
            return self.options()?.connect().await;
        }
        let found = self.find().await?;
        if found.takes_writes { Ok(found.connection) } else { Err(unavailable("no server takes writes".to_owned())) }
    }

    /// The first server that takes writes, or else the first that answers at all, which is the chosen one from then on.
    pub async fn find(&self) -> Result<Found, sqlx::Error> {
        let mut reasons = Vec::new();
        let mut reading = None;
        for (number, options) in self.options.iter().enumerate() {
            let answer = tokio::time::timeout(ANSWER_LIMIT, ask(options)).await;
            match answer.unwrap_or_else(|_| Err(unavailable("it does not answer".to_owned()))) {
                Ok((connection, true)) => return Ok(self.chose(number, connection, true)),
                Ok((connection, false)) => reading = reading.or(Some((number, connection))),
                Err(error) => reasons.push(format!("{}: {error}", shown(options))),
            }
        }
        match reading {
            Some((number, connection)) => Ok(self.chose(number, connection, false)),
            None => Err(unavailable(format!("no server answers ({})", reasons.join("; ")))),
        }
    }

    fn chose(&self, number: usize, connection: PgConnection, takes_writes: bool) -> Found {
        self.chosen.store(number, Ordering::Relaxed);
        Found { number, connection, takes_writes }
    }
}

/// A server that answers.
pub struct Found {
    number: usize,
    connection: PgConnection,
    takes_writes: bool,
}

#[async_trait]
impl Choice<Postgres> for Servers {
    async fn choose(&self) -> Option<Chosen<Postgres>> {
        let found = self.find().await;
        let found = found.inspect_err(|error| tracing::warn!(%error, "the database is not available")).ok()?;
        let Found { number, connection, takes_writes } = found;
        // It was only to ask.
        connection.close().await.ok();
        Some(Chosen { number, options: self.options.get(number).cloned()?, takes_writes })
    }
}

/// A new connection, and whether the server takes writes.
async fn ask(options: &PgConnectOptions) -> Result<(PgConnection, bool), sqlx::Error> {
    let mut connection = options.connect().await?;
    let is_read_only: bool = sqlx::query_scalar(IS_READ_ONLY).fetch_one(&mut connection).await?;
    Ok((connection, !is_read_only))
}

fn unavailable(text: String) -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::NotConnected, text).into()
}

fn shown(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(path) => path.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// One URL for each server that the URL names, in the place of hosts or in its parameters.
fn urls(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (user, hosts) =
        authority.rsplit_once('@').map_or((String::new(), authority), |(user, hosts)| (format!("{user}@"), hosts));
    let with_host = |host: &str| parameter_urls(&format!("{scheme}://{user}{host}{rest}"));
    hosts.split(',').flat_map(with_host).collect()
}

/// `?host=a,b&port=1,2`, in which one port may be that of all.
fn parameter_urls(url: &str) -> Vec<String> {
    let Some((base, query)) = url.split_once('?') else { return vec![url.to_owned()] };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let last = |name: &str| pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let Some(hosts) = last("host").filter(|hosts| hosts.contains(',')) else { return vec![url.to_owned()] };
    let ports: Vec<&str> = last("port").unwrap_or_default().split(',').collect();
    let with_host = |(index, host): (usize, &str)| {
        let others = pairs.iter().filter(|(key, _)| key != "host" && key != "port");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(others).append_pair("host", host);
        if let Some(port) = ports.get(index).or(ports.first()).filter(|port| !port.is_empty()) {
            query.append_pair("port", port);
        }
        format!("{base}?{}", query.finish())
    };
    hosts.split(',').enumerate().map(with_host).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Several servers can be named in every form that PostgreSQL's own programs take.
    #[test]
    fn urls_name_several_servers() {
        for (url, expected) in [
            ("postgres://u:p@h/d?sslmode=disable", vec!["postgres://u:p@h/d?sslmode=disable"]),
            (
                "postgres://u:p%2C@h1:5433,h2/d?a=b",
                vec!["postgres://u:p%2C@h1:5433/d?a=b", "postgres://u:p%2C@h2/d?a=b"],
            ),
            ("postgres://u:p,q@h/d", vec!["postgres://u:p,q@h/d"]),
            ("postgresql://[::1]:1,[::2]:2/d", vec!["postgresql://[::1]:1/d", "postgresql://[::2]:2/d"]),
            (
                "postgres:///?host=a,b&port=1,2&user=u",
                vec!["postgres:///?user=u&host=a&port=1", "postgres:///?user=u&host=b&port=2"],
            ),
            (
                "postgres:///d?port=7&host=%2Fa%2C%2Fb",
                vec!["postgres:///d?host=%2Fa&port=7", "postgres:///d?host=%2Fb&port=7"],
            ),
        ] {
            assert_eq!(urls(url), expected, "{url}");
        }
        let many = format!("postgres://{}/d", vec!["h"; SERVERS_LIMIT + 1].join(","));
        assert!(Servers::of(&many, |options| options).is_err());
    }
}
