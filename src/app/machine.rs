//! What the machine knows: its name and the time.

use std::os::unix::fs::MetadataExt;

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
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The name of who runs the program, or their number where they have no name.
pub fn user() -> String {
    let Ok(process) = std::fs::metadata("/proc/self") else { return "unknown".to_owned() };
    let id = process.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let entry = fields.find(|fields| fields.get(2) == Some(&id.as_str()));
    entry.and_then(|fields| fields.first().map(|name| (*name).to_owned())).unwrap_or(id)
}

/// Any number; not for secrets.
pub(super) fn random() -> u64 {
    rand::random()
}

/// A name for this run of the program that no other one has: what others see of it.
pub(super) fn unit() -> String {
    format!("{}-{}-{:08x}", name(), std::process::id(), random() >> 32)
}
