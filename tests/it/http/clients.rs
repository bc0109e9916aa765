//! Real clients against a real listener.
#![expect(clippy::disallowed_methods, reason = "each test stops what it starts")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use hockeypuck::http::{ServeLimits, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::add::{ALICE, ALICE_FINGERPRINT};
use super::world::World;

struct Listening {
    address: SocketAddr,
    world: World,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    async fn start() -> Self {
        let world = World::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone().cancelled_owned();
        let limits = ServeLimits::default();
        let task = tokio::spawn(serve(listener, world.router.clone(), limits, world.metrics.clone(), stop));
        Self { address, world, shutdown, task }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

/// A GnuPG home directory; its daemons end with it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        Self(directory)
    }

    async fn gpg(&self, server: SocketAddr, arguments: &[&str]) -> Output {
        let keyserver = format!("hkp://{server}");
        let common = ["--batch", "--no-tty", "--status-fd", "1", "--keyserver", &keyserver];
        run(self.0.path(), "gpg", &[&common, arguments].concat()).await
    }

    async fn gpg_ok(&self, server: SocketAddr, arguments: &[&str]) -> String {
        let output = self.gpg(server, arguments).await;
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {shown}");
        shown
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let mut gpgconf = Command::new("gpgconf");
        gpgconf.args(["--kill", "all"]).env("GNUPGHOME", self.0.path()).status().unwrap();
    }
}

async fn run(home: &Path, program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).env("GNUPGHOME", home).env("HOME", home);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// GnuPG sends, searches, and receives by fingerprint, subkey and address; what is unknown is "no data".
#[tokio::test(flavor = "multi_thread")]
async fn gnupg() {
    let server = Listening::start().await;
    let sender = Home::new();
    let file = sender.0.path().join("alice.asc");
    std::fs::write(&file, ALICE).unwrap();
    sender.gpg_ok(server.address, &["--import", file.to_str().unwrap()]).await;
    sender.gpg_ok(server.address, &["--send-keys", ALICE_FINGERPRINT]).await;
    assert_eq!(server.world.keyring.total().await.unwrap(), 1);

    for search in [&["--recv-keys", ALICE_FINGERPRINT][..], &["--locate-external-keys", "alice@example.org"]] {
        let receiver = Home::new();
        let trust = ["--auto-key-locate", "clear,keyserver"];
        let shown = receiver.gpg_ok(server.address, &[&trust, search].concat()).await;
        let list = receiver.gpg_ok(server.address, &["--with-colons", "--list-keys"]).await;
        assert!(list.contains(&ALICE_FINGERPRINT.to_uppercase()), "{search:?}: {shown}{list}");
    }
    let receiver = Home::new();
    let found = receiver.gpg(server.address, &["--with-colons", "--search-keys", "alice@example.org"]).await;
    let found = text(&found.stdout);
    assert!(found.contains(&format!("pub:{}:22:263:", ALICE_FINGERPRINT.to_uppercase())), "{found}");
    assert!(found.contains("uid:Alice <alice@example.org>:"), "{found}");
    let missing = receiver.gpg(server.address, &["--recv-keys", &"0".repeat(40)]).await;
    assert!(!missing.status.success() && text(&missing.stderr).contains("No data"), "{}", text(&missing.stderr));
    drop((sender, receiver));
    server.stop().await;
}

/// Sequoia's command sends and gets.
#[tokio::test(flavor = "multi_thread")]
async fn sequoia() {
    let server = Listening::start().await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("alice.asc");
    std::fs::write(&file, ALICE).unwrap();
    let url = format!("hkp://{}", server.address);
    let send = ["keyserver", "--policy", "insecure", "--server", &url, "send", file.to_str().unwrap()];
    let sent = run(home.path(), "sq", &send).await;
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    for search in [ALICE_FINGERPRINT, "alice@example.org"] {
        let got = run(home.path(), "sq", &["keyserver", "--policy", "insecure", "--server", &url, "get", search]).await;
        assert!(got.status.success() && text(&got.stdout).contains("BEGIN PGP"), "{}", text(&got.stderr));
    }
    server.stop().await;
}

/// Scripts: curl with a file, over HTTP/1.1 and HTTP/2, piped on.
#[tokio::test(flavor = "multi_thread")]
async fn curl() {
    let server = Listening::start().await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("alice.asc");
    std::fs::write(&file, ALICE).unwrap();
    let add = format!("http://{}/pks/add", server.address);
    let keytext = format!("keytext@{}", file.display());
    for form in [["--data-urlencode", &keytext], ["--form", &format!("keytext=@{}", file.display())]] {
        let sent = run(home.path(), "curl", &[&["-sSf"], &form[..], &[&add]].concat()).await;
        assert!(sent.status.success(), "{form:?}: {}", text(&sent.stderr));
    }
    let large = home.path().join("large");
    std::fs::write(&large, vec![b'x'; 12 << 20]).unwrap();
    let data = format!("@{}", large.display());
    for expect in ["Expect: 100-continue", "Expect:"] {
        // With "Expect", curl sends the body unasked if the answer takes longer than this.
        let arguments = ["-sS", "--expect100-timeout", "60", "-H", expect, "--data-binary", &data, &add];
        let refused = run(home.path(), "curl", &arguments).await;
        assert!(text(&refused.stdout).contains("the limit is 10485760 octets"), "{expect} {}", text(&refused.stderr));
    }
    let get = format!("http://{}/pks/lookup?op=get&search=0x{ALICE_FINGERPRINT}", server.address);
    for version in ["--http1.0", "--http1.1", "--http2-prior-knowledge"] {
        let got = run(home.path(), "curl", &["-sSf", version, &get]).await;
        assert_eq!(text(&got.stdout), ALICE, "{version}: {}", text(&got.stderr));
    }
    server.stop().await;
}
