//! Who this server reconciles with.

use std::time::Duration;

use hockeypuck::config::{Partner, Recon};
use hockeypuck::domain::Profile;

use super::Settings;

/// A file in the manner of those that Hockeypuck's operators have.
const FILE: &str = r#"[hockeypuck]
reconStaleSecs = 3600
[hockeypuck.conflux.recon]
httpAddr = ":80"
reconAddr = ":11370"
allowCIDRs = ["127.0.0.1/8", "10.1.2.3"]
filters = ["b", "a"]
gossipIntervalSecs = 120
version = "1.1.6"
mBar = 5
bitQuantum = 2
[hockeypuck.conflux.recon.partner.Alpha]
httpAddr = "alpha.example.org:11371"
httpNet = "tcp"
reconAddr = "[2001:db8::1]:11370"
weight = 50
webAddr = "www.example.org"
statsPath = "stats"
mask = true
pksFailover = true
[hockeypuck.conflux.recon.partner."b.example.org"]
reconAddr = "b.example.org:11370"
weight = -1
"#;

fn recon(settings: &Settings) -> Recon {
    settings.good().recon
}

/// Name, HTTP address and recon address of each partner.
fn partners(recon: &Recon) -> Vec<[String; 3]> {
    let shown = |address: &Option<_>| address.as_ref().map(ToString::to_string).unwrap_or_default();
    let row = |partner: &Partner| [partner.name.clone(), shown(&partner.http), shown(&partner.recon)];
    recon.partners.iter().map(row).collect()
}

fn rows<const N: usize>(rows: [[&str; 3]; N]) -> Vec<[String; 3]> {
    rows.map(|row| row.map(str::to_owned)).to_vec()
}

/// Nobody is contacted and nobody can connect unless somebody was named.
#[test]
fn gossip_is_off_until_it_is_configured() {
    for settings in [Settings::none(), Settings::file("[hockeypuck]\n"), Settings::none().flag("recon-bind", "none")] {
        let recon = recon(&settings);
        assert!(!recon.is_on() && recon.bind.is_none(), "{recon:?}");
    }
    let listening = recon(&Settings::none().flag("recon-bind", "127.0.0.1:0"));
    assert!(listening.is_on());
    for settings in [
        Settings::none().variable("APP_EXTERNAL_PEERS", "10.1.39.11,11371,11370"),
        Settings::file("[hockeypuck.conflux.recon]\nallowCIDRs = [\"127.0.0.1/8\"]\n"),
        Settings::file("[hockeypuck.conflux.recon]\npartners = [\"a:11370\"]\n"),
    ] {
        assert_eq!(recon(&settings).bind.unwrap().to_string(), ":11370");
    }
    let gossip_only = Settings::file("[hockeypuck.conflux.recon]\nreconAddr = \"none\"\npartners = [\"a:11370\"]\n");
    assert!(recon(&gossip_only).is_on() && recon(&gossip_only).bind.is_none());
}

/// All keys of Hockeypuck mean the same here.
#[test]
fn files_of_hockeypuck_are_understood() {
    let recon = recon(&Settings::file(FILE));
    assert_eq!(recon.bind.as_ref().unwrap().to_string(), ":11370");
    assert_eq!(
        (recon.http_port, recon.gossip_interval, recon.stale),
        (80, Duration::from_secs(120), Duration::from_secs(3600))
    );
    assert_eq!(recon.filters, ["b", "a"]);
    let allowed: Vec<String> = recon.allow.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["127.0.0.1/8", "10.1.2.3/32"]);
    let expected = rows([
        ["Alpha", "alpha.example.org:11371", "[2001:db8::1]:11370"],
        ["b.example.org", "", "b.example.org:11370"],
    ]);
    assert_eq!(partners(&recon), expected);
    let [alpha, beta] = recon.partners.as_slice() else { panic!("{recon:?}") };
    assert_eq!((alpha.weight, alpha.mask, alpha.pks_failover), (Some(50), true, true));
    assert_eq!((alpha.web_address.as_str(), alpha.stats_path.as_str()), ("www.example.org", "/stats"));
    assert_eq!((beta.weight, beta.mask, beta.stats_path.as_str()), (None, false, "/pks/lookup?op=stats"));
}

/// The old form, ports and a list of recon addresses, replaces the tables, and the operator hears of it.
#[test]
fn the_old_form_is_understood() {
    let text = r#"[hockeypuck.conflux.recon]
httpPort = 80
reconPort = 11380
partners = ["a.example.org:11370", "[2001:db8::1]:11380"]
[hockeypuck.conflux.recon.partner.b]
reconAddr = "b:11370"
"#;
    let settings = Settings::file(text);
    let recon = settings.load().config.recon;
    assert_eq!((recon.http_port, recon.bind.as_ref().unwrap().to_string().as_str()), (80, ":11380"));
    let expected = rows([
        ["2001:db8::1", "[2001:db8::1]:11371", "[2001:db8::1]:11380"],
        ["a.example.org", "a.example.org:11371", "a.example.org:11370"],
    ]);
    assert_eq!(partners(&recon), expected);
    let told = "warning: hockeypuck.conf:6: conflux.recon.partner.b.reconAddr has no effect: \
                the list conflux.recon.partners replaces it";
    assert_eq!(settings.problems(), told);
}

/// The charm's list of peers needs no file, and names nobody twice whom a file made of it names, too.
#[test]
fn the_charm_names_peers() {
    let lines = "10.1.39.11,11371,11370\n\n 2001:db8::1 , 80 , 11380 \n";
    let expected =
        rows([["peer0", "10.1.39.11:11371", "10.1.39.11:11370"], ["peer1", "[2001:db8::1]:80", "[2001:db8::1]:11380"]]);
    assert_eq!(partners(&recon(&Settings::none().variable("APP_EXTERNAL_PEERS", lines))), expected);
    let file = "[hockeypuck.conflux.recon.partner.first]\nreconAddr = \"10.1.39.11:11370\"\n";
    let both = recon(&Settings::file(file).variable("APP_EXTERNAL_PEERS", lines));
    let names: Vec<&str> = both.partners.iter().map(|partner| partner.name.as_str()).collect();
    assert_eq!(names, ["first", "peer1"]);
    for line in ["10.1.39.11", "10.1.39.11,11371", "a,b,c", "a,0,1", "a,1,2,3"] {
        let told = Settings::none().variable("APP_EXTERNAL_PEERS", line).problems();
        let start = format!("error: APP_EXTERNAL_PEERS: \"{line}\": expected an address");
        assert!(told.starts_with(&start), "{told}");
    }
}

/// A partner can be described in the environment alone, and a file's partner changed there.
#[test]
fn partners_can_come_from_the_environment() {
    let settings = Settings::file(FILE)
        .variable("HOCKEYPUCK_CONFLUX_RECON_PARTNER_ALPHA_WEIGHT", "7")
        .variable("HOCKEYPUCK_CONFLUX_RECON_PARTNER_B_EXAMPLE_ORG_PROFILE", "2.3")
        .variable("HOCKEYPUCK_CONFLUX_RECON_PARTNER_C_RECONADDR", "c:11370");
    let recon = recon(&settings);
    let shown: Vec<_> = recon.partners.iter().map(|p| (p.name.as_str(), p.weight, p.profile)).collect();
    let expected = [("Alpha", Some(7), None), ("b.example.org", None, Some(Profile::V23)), ("c", Some(100), None)];
    assert_eq!(shown, expected);
}

/// What is printed of partners is a configuration that means the same.
#[test]
fn partners_are_shown_as_they_are_read() {
    let settings = Settings::file(FILE).variable("APP_EXTERNAL_PEERS", "10.1.39.11,11371,11370");
    let first = settings.load();
    let again = Settings::file(&first.report.to_string());
    assert_eq!(again.good().recon, first.config.recon);
    let origin = settings.shown("conflux.recon.partner.peer0.reconAddr");
    assert_eq!(origin, "conflux.recon.partner.peer0.reconAddr = \"10.1.39.11:11370\" # APP_EXTERNAL_PEERS");
}

/// A closed network is declared with the rules that its names stand for.
#[test]
fn a_closed_network_needs_a_profile() {
    let text = |rest: &str| format!("[hockeypuck.conflux.recon.partner.sks]\nreconAddr = \"sks:11370\"\n{rest}");
    let declared = text("profile = \"2.3\"\nfilters = [\"yminsky.merge\", \"yminsky.dedup\"]\n");
    let recon = recon(&Settings::file(&declared));
    assert_eq!(recon.partners[0].profile, Some(Profile::V23));
    assert_eq!(recon.partners[0].filters.as_deref().unwrap(), ["yminsky.dedup", "yminsky.merge"]);
    let told = Settings::file(&text("filters = [\"yminsky.dedup\"]\n")).problems();
    let expected =
        "error: conflux.recon.partner.sks: expected a profile beside filters, which tells what those names stand for";
    assert_eq!(told, expected);
    let told =
        Settings::file(&text("profile = \"2.4\"\n[hockeypuck.conflux.recon]\nprofiles = [\"2.3\"]\n")).problems();
    assert_eq!(told, "error: conflux.recon.partner.sks: expected a profile that is among conflux.recon.profiles");
}

/// What the protocol leaves no choice of is refused when it is chosen, and what tuned Hockeypuck is not needed.
#[test]
fn what_the_protocol_fixes() {
    let settings = Settings::file(
        r#"[hockeypuck.conflux.recon]
version = "1.1.7"
mBar = 7
bitQuantum = 3
httpNet = "unix"
threshMult = 10
seenCacheSize = 1
maxOutstandingReconRequests = 5
logname = "x"
leveldb.path = "/p"
allowCIDRs = ["10.0.0.0/33"]
maxSessions = 0
partner.a.weight = 7
partner.b.reconAddr = "b"
"#,
    );
    insta::assert_snapshot!(settings.problems(), @r#"
    error: conflux.recon.partner.a: expected a reconAddr, an httpAddr or both
    error: conflux.recon.partner.b: expected a reconAddr, an httpAddr or both
    error: hockeypuck.conf:2: conflux.recon.version = "1.1.7": expected "1.1.6", on which all keyservers agree
    error: hockeypuck.conf:3: conflux.recon.mBar = 7: expected 5, on which all keyservers agree
    error: hockeypuck.conf:4: conflux.recon.bitQuantum = 3: expected 2, on which all keyservers agree
    error: hockeypuck.conf:5: conflux.recon.httpNet = "unix": expected "tcp"
    note: hockeypuck.conf:6: conflux.recon.threshMult is not needed and has no effect
    note: hockeypuck.conf:7: conflux.recon.seenCacheSize is not needed and has no effect
    note: hockeypuck.conf:8: conflux.recon.maxOutstandingReconRequests is not needed and has no effect
    note: hockeypuck.conf:9: conflux.recon.logname is not needed and has no effect
    note: hockeypuck.conf:10: conflux.recon.leveldb.path is not needed and has no effect
    error: hockeypuck.conf:11: conflux.recon.allowCIDRs = ["10.0.0.0/33"]: expected networks such as "192.0.2.0/24" or "2001:db8::/32"
    error: hockeypuck.conf:12: conflux.recon.maxSessions = 0: expected a whole number from 1 to 1000
    error: hockeypuck.conf:14: conflux.recon.partner.b.reconAddr = "b": expected a host and port such as "keys.example.org:11371"
    "#);
}

/// Peers are told the port that is listened on, unless a file of Hockeypuck stands for another.
#[test]
fn peers_hear_the_port_of_hkp() {
    assert_eq!(recon(&Settings::none()).http_port, 11371);
    assert_eq!(recon(&Settings::none().flag("bind", ":8080")).http_port, 8080);
    assert_eq!(recon(&Settings::file("[hockeypuck.hkp]\nbind = \":8080\"\n")).http_port, 11371);
}
