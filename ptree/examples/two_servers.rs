//! Two servers find out over a stream what each of them lacks.
//!
//!     cargo run -p ptree --features net --example two_servers
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use ptree::net::{self, Chosen, Limits, Offer};
use ptree::{Element, Tree};

const FILTERS: &str = "yminsky.dedup,yminsky.merge";

/// A set of digests; real ones look random.
fn server(numbers: std::ops::Range<u128>) -> Chosen {
    let digest = |number: u128| number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
    let tree: Tree = numbers.filter_map(|number| Element::new(digest(number))).collect();
    Chosen { filters: FILTERS.to_owned(), tree }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (accepted, connected) = tokio::io::duplex(64 << 10);
    let (offer, limits) = (Offer { http_port: 11371 }, Limits::default());
    let choose = |peer: &net::PeerConfig| match peer.filters.as_str() {
        FILTERS => Ok(server(1..1_000)),
        other => Err(format!("no certificates are filtered by {other} here")),
    };
    let mut state = 1_u64;
    let random = move || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        state
    };
    let (asking, answering) = tokio::join!(
        net::accept(accepted, &offer, choose, &limits),
        net::initiate(connected, &offer, server(4..1_003), &limits, random),
    );
    for (name, outcome) in [("who accepted", asking), ("who connected", answering)] {
        println!("{name} lacks {:?}: {:?}", outcome.learned, outcome.work);
    }
}
