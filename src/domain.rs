//! Plain types that every layer shares: no SQL, no HTTP, no cryptography.

mod algorithm;
pub mod change;
pub mod digest;
pub mod fingerprint;
pub mod peer;
pub mod profile;
pub mod record;
pub mod search;
pub mod summary;
pub mod time;

pub use change::{Change, Sign};
pub use digest::Digest;
pub use fingerprint::{Fingerprint, KeyId, ParseHexError};
pub use peer::{PeerEvent, PeerStatus, PushStatus};
pub use profile::{Digests, Profile};
pub use record::{LegacyForm, Record, SearchableUserId};
pub use search::Search;
pub use summary::Summary;
