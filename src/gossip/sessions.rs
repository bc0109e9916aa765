//! One reconciliation: choosing the tree, running the session, and queueing what it found.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ptree::net::{self, Chosen, Limits, Offer, Outcome, SessionError, Side};
use tokio::net::TcpStream;
use tracing::Span;
use tracing::field::Empty;

use super::access::Admission;
use super::directory::Directory;
use super::filters::{Choice, Filters};
use super::index::Index;
use super::known::{self, Known};
use super::recovery::News;
use super::schedule::Ended;
use crate::config::{Partner, PeerAddress};
use crate::domain::{Digest, PeerEvent, Profile};
use crate::keyring::Keyring;
use crate::telemetry::ReconMetrics;
use crate::telemetry::recon::{Event, Role};
use crate::telemetry::traces::TARGET;

/// The most digests that one partner may have in the queue. What is left out is offered again.
const OFFERS_LIMIT: u64 = 1_000_000;
/// How the reasons begin that servers give who cannot serve at the moment, this one and others.
const BUSY: &str = "sync not available";
const DERIVING: &str = "sync not available, the prefix tree is being derived";
const ADOPTING: &str = "sync not available, certificates are being taken over";
/// Connecting to one address of a partner.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// The most addresses of a partner that are tried.
const ADDRESSES_LIMIT: usize = 8;

/// What every session needs. One for all.
pub struct Sessions {
    pub keyring: Keyring,
    pub index: Index,
    pub filters: Filters,
    pub directory: Arc<Directory>,
    pub news: News,
    pub metrics: ReconMetrics,
    pub limits: Limits,
    pub offer: Offer,
    pub unit: String,
    /// Any numbers.
    pub random: fn() -> u64,
    pub now: fn() -> Timestamp,
}

/// The other side of a session.
struct Met<'a> {
    name: &'a str,
    role: Role,
    /// Where it is reached.
    host: String,
    profile: Option<Profile>,
}

impl Sessions {
    /// Serves a connection that a peer opened.
    #[tracing::instrument(target = TARGET, name = "reconciliation", skip_all, fields(otel.kind = "server", peer = Empty, otel.status_code = Empty))]
    pub async fn incoming(&self, stream: TcpStream, source: IpAddr, admission: Admission) {
        let address = source.to_string();
        let Some(snapshot) = self.index.snapshot() else {
            self.turn_away(stream, &admission, &address, ("deriving", DERIVING)).await;
            return;
        };
        // The tree lacks what has not been taken over yet, which nobody needs to send.
        if self.keyring.is_adopting() {
            self.turn_away(stream, &admission, &address, ("adopting", ADOPTING)).await;
            return;
        }
        let (began, started, _open) = ((self.now)(), Instant::now(), self.metrics.open_session(Role::Server));
        let (mut chosen, mut partner) = (None, None);
        let choose = |peer: &net::PeerConfig| {
            partner = admission.partner(peer.http_port).cloned();
            let choice = self.filters.answer(partner.as_deref(), &peer.filters).map_err(|error| error.to_string())?;
            chosen = Some(choice.profile);
            Ok(Chosen { filters: choice.filters, tree: snapshot.tree(choice.profile).clone() })
        };
        let outcome = net::accept(stream, &self.offer, choose, &self.limits).await;
        let partner = partner.or_else(|| admission.partner(0).cloned());
        let name = partner.as_ref().map_or(address.as_str(), |partner| partner.name.as_str());
        let host = partner.as_ref().and_then(|partner| partner.recon.as_ref()).map(|recon| recon.host.clone());
        self.event_at(began, name, Role::Server, Event::Initiate);
        let met = Met { name, role: Role::Server, host: host.unwrap_or(address.clone()), profile: chosen };
        self.finish(&met, &outcome, started.elapsed()).await;
    }

    /// Tells a peer to come back, with a label for the metrics and the reason for the peer.
    async fn turn_away(
        &self,
        stream: TcpStream,
        admission: &Admission,
        address: &str,
        (label, reason): (&'static str, &str),
    ) {
        self.metrics.refuse(label);
        self.busy(admission.partner(0).map_or(address, |partner| partner.name.as_str()), Role::Server);
        net::refuse(stream, &self.offer, reason, &self.limits).await;
    }

    /// Opens a connection to a partner and reconciles with it.
    #[tracing::instrument(target = TARGET, name = "reconciliation", skip_all, fields(otel.kind = "client", peer = Empty, otel.status_code = Empty))]
    pub async fn outgoing(&self, partner: &Partner) -> Ended {
        let (Some(snapshot), Some(recon)) = (self.index.snapshot(), &partner.recon) else { return Ended::Failed };
        let Some(Choice { profile, filters }) = self.filters.announce(partner, self.directory.profile(&partner.name))
        else {
            return Ended::Failed;
        };
        let started = Instant::now();
        self.event(&partner.name, Role::Client, Event::Initiate);
        let _open = self.metrics.open_session(Role::Client);
        let mut met = Met { name: &partner.name, role: Role::Client, host: recon.host.clone(), profile: None };
        let stream = match connect(recon).await {
            Ok(stream) => stream,
            Err(cause) => {
                self.failed(&met, &format!("cannot connect: {cause}"), started.elapsed(), 0).await;
                return Ended::Failed;
            }
        };
        let chosen = Chosen { filters, tree: snapshot.tree(profile).clone() };
        let outcome = net::initiate(stream, &self.offer, chosen, &self.limits, self.random).await;
        let theirs = outcome.peer.as_ref().map(|peer| peer.filters.as_str());
        met.profile = theirs.and_then(|theirs| self.filters.recognise(Some(partner), theirs));
        self.finish(&met, &outcome, started.elapsed()).await;
        match (&outcome.result, met.profile) {
            (Ok(()), _) if outcome.capped => Ended::Capped,
            (Ok(()), _) => Ended::Whole,
            // It follows the other rules, as is known from now on.
            (Err(SessionError::Incompatible { .. }), Some(other)) if other != profile => Ended::Capped,
            (Err(_), _) => Ended::Failed,
        }
    }

    /// Queues what was learned, also by a session that failed, and notes how it went.
    async fn finish(&self, met: &Met<'_>, outcome: &Outcome, took: Duration) {
        Span::current().record("peer", self.directory.label(met.name));
        let http_port = outcome.peer.as_ref().map(|peer| peer.http_port).filter(|port| *port != 0);
        let http = http_port.map(|port| PeerAddress { host: met.host.clone(), port });
        self.directory.met(met.name, http, met.profile);
        if let (Some(profile), false) = (met.profile, outcome.learned.is_empty()) {
            self.queue(met.name, profile, outcome).await;
        }
        if http_port.is_some() {
            self.note_known(met).await;
        }
        let is_busy = outcome.result.as_ref().is_err_and(is_busy);
        if matches!(outcome.result, Err(SessionError::Incompatible { .. })) && !is_busy {
            self.note(met, PeerEvent::Incompatible, "").await;
        }
        match &outcome.result {
            Ok(()) => self.succeeded(met, outcome, took).await,
            Err(_) if is_busy => self.busy(met.name, met.role),
            Err(error) => self.failed(met, &error.to_string(), took, outcome.learned.len()).await,
        }
    }

    async fn queue(&self, name: &str, profile: Profile, outcome: &Outcome) {
        let digests: Vec<Digest> = outcome.learned.iter().map(|element| Digest(element.digest())).collect();
        match self.keyring.store().gossip().offer(name, profile, &digests, OFFERS_LIMIT).await {
            Ok(counts) => {
                tracing::info!(partner = self.directory.label(name), ?counts, "a partner offers certificates");
                self.metrics.offers_left_out.inc_by(counts.left_out);
                if counts.queued > 0 {
                    self.news.tell(name);
                }
            }
            // Nothing is lost: the next session finds the same.
            Err(error) => tracing::warn!(%error, "what a session found could not be queued"),
        }
    }

    async fn succeeded(&self, met: &Met<'_>, outcome: &Outcome, took: Duration) {
        let partner = self.directory.label(met.name);
        let (learned, given) = (outcome.learned.len(), outcome.work.given);
        tracing::info!(partner, role = success(met.role).code(), learned, given, capped = outcome.capped, "reconciled");
        self.event(met.name, met.role, Event::Success);
        self.metrics.session(partner, true, took, learned);
        self.note(met, success(met.role), "").await;
    }

    async fn failed(&self, met: &Met<'_>, error: &str, took: Duration, learned: usize) {
        let partner = self.directory.label(met.name);
        Span::current().record("peer", partner).record("otel.status_code", "ERROR");
        tracing::info!(partner, role = success(met.role).code(), error, learned, "a session failed");
        self.event(met.name, met.role, Event::Failure);
        self.metrics.session(partner, false, took, learned);
        self.note(met, failure(met.role), error).await;
    }

    /// One of the two had no place for a session. The next one comes as if this one had not been tried.
    pub fn busy(&self, name: &str, role: Role) {
        tracing::info!(partner = self.directory.label(name), role = success(role).code(), "no place for a session");
        self.event(name, role, Event::Busy);
    }

    fn event(&self, name: &str, role: Role, event: Event) {
        self.event_at((self.now)(), name, role, event);
    }

    fn event_at(&self, time: Timestamp, name: &str, role: Role, event: Event) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact for a long time to come")]
        let seconds = time.as_millisecond() as f64 / 1000.0;
        self.metrics.event(self.directory.label(name), role, event, seconds);
    }

    async fn note(&self, met: &Met<'_>, event: PeerEvent, error: &str) {
        if let Err(error) = self.keyring.note_peer(met.name, event, &self.unit, error).await {
            tracing::warn!(%error, "how a session went could not be noted");
        }
    }

    /// Tells the other units where the peer answers, and what it is.
    async fn note_known(&self, met: &Met<'_>) {
        let known = Known::new(met.profile, self.directory.address(met.name).as_ref()).to_json();
        let store = self.keyring.store().gossip();
        if let Err(error) = store.partner_event(met.name, known::KIND, &self.unit, &known).await {
            tracing::warn!(%error, "what a session told of a peer could not be noted");
        }
    }
}

/// Whether a peer would reconcile at another time.
fn is_busy(error: &SessionError) -> bool {
    let SessionError::Incompatible { by: Side::Peer, reason } = error else { return false };
    reason.as_str().starts_with(BUSY)
}

fn success(role: Role) -> PeerEvent {
    match role {
        Role::Client => PeerEvent::Outgoing,
        Role::Server => PeerEvent::Incoming,
    }
}

fn failure(role: Role) -> PeerEvent {
    match role {
        Role::Client => PeerEvent::OutgoingFailure,
        Role::Server => PeerEvent::IncomingFailure,
    }
}

/// Tries the addresses of the host as they are at the moment, one after another.
async fn connect(address: &PeerAddress) -> std::io::Result<TcpStream> {
    let limited = |work| tokio::time::timeout(CONNECT_LIMIT, work);
    let resolving = tokio::net::lookup_host((address.host.as_str(), address.port));
    let found = tokio::time::timeout(CONNECT_LIMIT, resolving).await??;
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in found.take(ADDRESSES_LIMIT) {
        match limited(TcpStream::connect(address)).await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(cause) => last = cause,
        }
    }
    Err(last)
}
