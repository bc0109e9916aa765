//! What the machine knows: its name and the time.

use jiff::Timestamp;

/// The name of the machine, or `localhost` where it cannot be told.
pub(super) fn name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
