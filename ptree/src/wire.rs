//! The messages as octets. Nothing here knows trees or sessions.

pub mod error;
pub mod frame;
pub mod hello;
pub mod limits;
pub mod message;
mod reader;
mod text;
mod writer;

pub use error::WireError;
pub use frame::Inbox;
pub use hello::{PeerConfig, Status};
pub use message::{Kind, Message};
pub use text::Text;
