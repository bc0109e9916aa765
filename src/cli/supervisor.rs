//! What systemd is told of the server's life, where it started the server and wants to know.

use sd_notify::{NotifyState, notify};

/// It answers.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// It takes nothing new.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = notify(state) {
        tracing::warn!(%error, "systemd cannot be told how the server is");
    }
}
