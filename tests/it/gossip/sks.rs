//! A real SKS server, the oldest program on the network, takes part in both roles.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hockeypuck::domain::{Digest, Profile};
use hockeypuck::storage::gossip::Verdict;
use tempfile::TempDir;

use super::world::{Place, Plan, certificates, converge};
use crate::support::backend::Backend;
use crate::support::certificates as support;
use crate::support::ports::free_port;
use crate::support::request;

/// How long each of its programs may take to start, and all of it to agree with us.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often SKS is asked how far it is.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Between the sessions that our server opens: time to fetch what one has found.
const INTERVAL_SECONDS: &str = "10";
/// What SKS says of its data after `cleandb`.
const FILTERS: &str = "yminsky.dedup,yminsky.merge";

/// Two programs over one directory.
struct Sks {
    directory: TempDir,
    place: Place,
    programs: Vec<Child>,
}

impl Sks {
    /// A server with these certificates that reconciles with the one at `partner`; `dials` says whether it opens
    /// sessions, every six seconds.
    fn start(certificates: &[Vec<u8>], place: Place, partner: Place, dials: bool) -> Self {
        let mut sks = Self { directory: tempfile::tempdir().unwrap(), place, programs: Vec::new() };
        sks.configure(partner, dials);
        let dump = sks.path("dump.pgp");
        std::fs::write(&dump, certificates.concat()).unwrap();
        sks.run(&["build", &dump]);
        sks.run(&["cleandb"]);
        sks.run(&["pbuild"]);
        sks.spawn("db");
        sks.wait_for("its database", |sks| UnixStream::connect(sks.path("var/run/sks/db_com_sock")).is_ok());
        sks.spawn("recon");
        sks.wait_for("its gossip", |sks| UnixStream::connect(sks.path("var/run/sks/recon_com_sock")).is_ok());
        sks
    }

    fn configure(&self, partner: Place, dials: bool) {
        for directory in ["etc/sks", "var/lib/sks", "var/log/sks", "var/run/sks", "var/spool/sks"] {
            std::fs::create_dir_all(self.path(directory)).unwrap();
        }
        let Place { hkp, recon } = self.place;
        let settings = format!(
            "hostname: localhost\nhkp_address: {}\nhkp_port: {}\nrecon_address: {}\nrecon_port: {}\n\
             gossip_interval: 0.1\ndisable_mailsync:\ndisable_log_diffs:\n",
            hkp.ip(),
            hkp.port(),
            recon.ip(),
            recon.port(),
        );
        let settings = if dials { settings } else { settings + "dontgossip:\n" };
        let membership = format!("{} {}\n", partner.recon.ip(), partner.recon.port());
        for (name, text) in [("sksconf", settings), ("membership", membership)] {
            std::fs::write(self.path(&format!("etc/sks/{name}")), text).unwrap();
        }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("sks");
        let log = std::fs::File::options().create(true).append(true).open(self.path("output")).unwrap();
        let (name, rest) = arguments.split_first().unwrap();
        command.arg(name).args(["-basedir", &self.path("")]).args(rest).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command
    }

    /// Runs a program to its end. Some end with a fault in their very last step, and then succeed.
    fn run(&self, arguments: &[&str]) {
        let succeeded = (0..3).any(|_| self.command(arguments).status().is_ok_and(|status| status.success()));
        assert!(succeeded, "sks {arguments:?} failed\n{}", self.log());
    }

    fn spawn(&mut self, program: &str) {
        self.programs.push(self.command(&[program]).spawn().unwrap());
    }

    fn wait_for(&mut self, what: &str, is_there: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_there(self) {
            let ended = self.programs.iter_mut().find_map(|program| program.try_wait().unwrap());
            assert!(ended.is_none(), "SKS ended at its start: {ended:?}\n{}", self.log());
            assert!(Instant::now() < deadline, "SKS does not start {what}\n{}", self.log());
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// How many of the certificates with these digests it has.
    fn count(&self, digests: &BTreeSet<Digest>) -> usize {
        let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        let entries = digests.iter().flat_map(|digest| [number(16).as_slice(), &digest.0].concat());
        let query: Vec<u8> = number(digests.len()).into_iter().chain(entries).collect();
        let answer = request::send(self.place.hkp, "POST", "/pks/hashquery", "", &query);
        // While it stores what it has fetched, it does not answer.
        let body = answer.map(|answer| answer.body).unwrap_or_default();
        body.first_chunk().map_or(0, |count| u32::from_be_bytes(*count) as usize)
    }

    /// What all its programs said.
    fn log(&self) -> String {
        let names =
            ["output", "var/log/sks/db.log", "var/log/sks/recon.log", "var/lib/sks/db.log", "var/lib/sks/recon.log"];
        let texts = names.map(|name| std::fs::read(Path::new(&self.path(name))).unwrap_or_default());
        texts.map(|text| String::from_utf8_lossy(&text).into_owned()).join("\n---\n")
    }
}

impl Drop for Sks {
    fn drop(&mut self) {
        for program in &mut self.programs {
            program.kill().ok();
            program.wait().ok();
        }
        if std::thread::panicking() {
            eprintln!("--- SKS said\n{}", self.log());
        }
    }
}

/// How many sessions with SKS succeeded, as the server at `metrics` counts them.
fn sessions(metrics: SocketAddr) -> u32 {
    let text = request::get(metrics, "/metrics").unwrap().text();
    let count = text.lines().find_map(|line| line.strip_prefix("conflux_reconciliation_success{peer=\"sks\"} "));
    count.map_or(0, |count| count.parse().unwrap())
}

/// 1,000 certificates on each side, 300 of them on both: both end with all 1,700, after three sessions at most.
async fn both_hold_the_union(sks_dials: bool) {
    let common = certificates("common", 300);
    // Each side opens connections from the first address, by which the other one must know it. SKS ignores
    // partners that have its own address, so one side has the second.
    let [first, second] = [1, 2].map(|last| Place::at([127, 0, 0, last]));
    let (theirs, place) = if sks_dials { (first, second) } else { (second, first) };
    let (sks, ours) =
        ([common.clone(), certificates("sks", 700)].concat(), [common, certificates("ours", 700)].concat());
    let sks = tokio::task::spawn_blocking(move || Sks::start(&sks, theirs, place, sks_dials)).await.unwrap();
    let plan = Plan::new(place, Backend::postgres_async().await);
    let plan = if sks_dials { plan.awaited_partner("SKS", sks.place) } else { plan.partner("SKS", sks.place) };
    let metrics = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let plan = plan
        .set("CONFLUX_RECON_PARTNER_SKS_PROFILE", "2.3")
        .set("CONFLUX_RECON_PARTNER_SKS_FILTERS", FILTERS)
        .set("CONFLUX_RECON_GOSSIPINTERVALSECS", INTERVAL_SECONDS)
        .set("METRICS_BIND", &metrics.to_string());
    let unit = plan.filled_with(&ours).await.start().await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let held = unit.digests(Profile::V23).await;
        // It does one thing at a time, so that it is not asked before it matters, and then not often.
        let theirs = if held.len() == 1700 { sks.count(&held) } else { 0 };
        let sessions = sessions(metrics);
        if held.len() == 1700 && theirs == 1700 {
            assert!((1..=3).contains(&sessions), "{sessions} sessions");
            break;
        }
        assert!(Instant::now() < deadline, "we hold {} of 1700, and SKS {theirs} of these", held.len());
        tokio::time::sleep(ASK_EVERY).await;
    }
    unit.assert_index_is_true().await;
    unit.stop().await;
}

/// Our server opens the sessions.
#[tokio::test(flavor = "multi_thread")]
async fn our_server_dials() {
    both_hold_the_union(false).await;
}

/// SKS opens the sessions.
#[tokio::test(flavor = "multi_thread")]
async fn sks_dials() {
    both_hold_the_union(true).await;
}

/// SKS keeps packets that our rules drop, so that some of its certificates have digests of their own. Here they are
/// stored in our form, and their digests settle: nothing stays in the queue to be asked for again and again.
#[tokio::test(flavor = "multi_thread")]
async fn other_digests_settle() {
    let keyring = std::fs::read("/usr/share/keyrings/debian-maintainers.gpg").unwrap();
    let all = support::certificates(&keyring);
    let ours: BTreeSet<Digest> =
        all.iter().filter_map(|packets| support::normalise(packets).ok()?.digests.of(Profile::V23)).collect();
    let [first, second] = [1, 2].map(|last| Place::at([127, 0, 0, last]));
    let sks = tokio::task::spawn_blocking(move || Sks::start(&all, second, first, false)).await.unwrap();
    let unit = Plan::new(first, Backend::sqlite()).partner("SKS", second);
    let unit = unit.set("CONFLUX_RECON_PARTNER_SKS_PROFILE", "2.3");
    let unit = unit.set("CONFLUX_RECON_PARTNER_SKS_FILTERS", FILTERS).start().await;
    converge(&[&unit], Profile::V23, &ours).await;
    let differing = ours.len() - sks.count(&ours);
    assert!(differing > 0, "some certificates of the keyring have packets that are dropped");
    let deadline = Instant::now() + PATIENCE;
    let ledger = loop {
        let ledger = unit.keyring.store().gossip().ledger(10).await.unwrap();
        if ledger.digests == 0 && !ledger.settled.is_empty() {
            break ledger;
        }
        assert!(Instant::now() < deadline, "{ledger:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    };
    assert_eq!(ledger.settled, [(Verdict::Differs, differing as u64)]);
    unit.stop().await;
}
