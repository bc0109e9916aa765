//! A keyserver that answers submissions as the test wants, and tells what it was sent.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::Listener;
use hockeypuck::config::PushTarget;
use sequoia_openpgp::Cert;
use sequoia_openpgp::parse::Parse;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One submission: what came, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// In hexadecimal digits.
    pub(super) fingerprint: String,
    pub(super) user_ids: usize,
    pub(super) sender: String,
    pub(super) agent: String,
    pub(super) status: u16,
}

/// The status for a submission of this fingerprint.
type Answers = dyn Fn(&str) -> u16 + Send;

/// Ends with the test.
pub(super) struct Keyserver {
    pub(super) target: PushTarget,
    received: UnboundedReceiver<Received>,
    answers: Arc<Mutex<Box<Answers>>>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    sent: UnboundedSender<Received>,
    answers: Arc<Mutex<Box<Answers>>>,
}

impl Keyserver {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = format!("hkp://{}", listener.local_addr().unwrap()).parse().unwrap();
        Self::serve(listener, target)
    }

    /// Takes submissions to `target` on a socket of its own.
    pub(super) fn serve<L>(listener: L, target: PushTarget) -> Self
    where
        L: Listener,
        L::Addr: Debug,
    {
        let (sent, received) = unbounded_channel();
        let answers: Arc<Mutex<Box<Answers>>> = Arc::new(Mutex::new(Box::new(|_| 200)));
        let shared = Shared { sent, answers: Arc::clone(&answers) };
        let router = Router::new().route("/pks/add", post(add)).route("/vks/v1/upload", post(upload));
        let router = router.with_state(shared);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { target, received, answers, serving }
    }

    /// What is answered from then on.
    pub(super) fn answer(&self, answers: impl Fn(&str) -> u16 + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(answers);
    }

    /// The next submission.
    pub(super) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.received.recv()).await;
        next.expect("a certificate is sent").expect("the keyserver runs")
    }

    /// What came until now and was not asked for.
    pub(super) fn rest(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

impl Drop for Keyserver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The interface of HKP: a form with the one field `keytext`.
async fn add(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let fields: Vec<_> = form_urlencoded::parse(&body).collect();
    let [(name, text)] = fields.as_slice() else { panic!("{fields:?}") };
    assert_eq!(name, "keytext");
    shared.take(&headers, text)
}

/// The interface of VKS: an object with the one member `keytext`.
async fn upload(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    shared.take(&headers, body["keytext"].as_str().unwrap())
}

impl Shared {
    fn take(&self, headers: &HeaderMap, text: &str) -> StatusCode {
        assert!(text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
        let cert = Cert::from_bytes(text.as_bytes()).unwrap();
        let fingerprint = cert.fingerprint().to_hex();
        let status = self.answers.lock().unwrap()(&fingerprint);
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let (sender, agent) = (header("pks-sender"), header("user-agent"));
        self.sent.send(Received { fingerprint, user_ids: cert.userids().count(), sender, agent, status }).unwrap();
        StatusCode::from_u16(status).unwrap()
    }
}
