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

/// Any number; not for secrets.
pub(super) fn random() -> u64 {
    rand::random()
}

/// A name for this run of the program that no other one has: what others see of it.
pub fn unit() -> String {
    format!("{}-{}-{:08x}", name(), std::process::id(), random() >> 32)
}
