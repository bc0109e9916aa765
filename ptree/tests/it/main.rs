//! The protocol against vectors of other implementations, against itself and against peers that break its rules.

mod atlas;
mod converge;
mod cost;
mod faults;
mod hostile;
mod messages;
mod replies;
mod streams;
mod support;
mod transcripts;
