//! Many clients write the same certificates at once.

use std::sync::Barrier;
use std::thread;

use super::audit::assert_log_matches_table;
use crate::support::backend::{Backend, on_each_backend};
use crate::support::certs::{self, Owned};
use crate::support::request::{self, submit};
use crate::support::server::Server;

const WRITERS: usize = 16;
const CERTIFICATES: usize = 4;
const USER_IDS: usize = 16;

/// Sixteen clients that each submit other parts of the same certificates all succeed, and the
/// result is what one client gets that submits them one after the other. When all submit
/// everything once more, each in another order, nothing changes.
#[test]
fn writers_of_the_same_certificates_agree() {
    let owned: Vec<Owned> = (0..CERTIFICATES).map(|n| certs::small(&format!("<first{n}@example.org>"))).collect();
    let parts: Vec<Vec<u8>> = owned.iter().flat_map(|owned| owned.with_each_user_id("part", USER_IDS)).collect();
    let expected = one_after_the_other(&owned, &parts);
    on_each_backend(|store| {
        let mut server = Server::start(store.clone());
        // Neighbours are parts of one certificate, so that all write to it at the same time.
        submit_at_once(&server, |writer| parts.iter().skip(writer).step_by(WRITERS).collect());
        assert_eq!(served(&server, &owned), expected);
        submit_at_once(&server, |writer| in_own_order(&parts, writer));
        assert_eq!(served(&server, &owned), expected);
        server.kill();
        assert_log_matches_table(&store);
    });
}

fn one_after_the_other(owned: &[Owned], parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let server = Server::start(Backend::sqlite());
    for part in parts {
        assert_eq!(submit(server.address(), part).unwrap().status, 200);
    }
    served(&server, owned)
}

fn in_own_order(parts: &[Vec<u8>], writer: usize) -> Vec<&Vec<u8>> {
    let mut order: Vec<&Vec<u8>> = parts.iter().collect();
    order.rotate_left(writer * parts.len() / WRITERS);
    if writer % 2 == 1 {
        order.reverse();
    }
    order
}

/// Starts all writers at the same moment; `of` says what each submits.
fn submit_at_once<'a>(server: &Server, of: impl Fn(usize) -> Vec<&'a Vec<u8>>) {
    let start = Barrier::new(WRITERS);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (start, parts) = (&start, of(writer));
            scope.spawn(move || {
                start.wait();
                for part in parts {
                    let answer = submit(server.address(), part).unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
}

fn served(server: &Server, owned: &[Owned]) -> Vec<Vec<u8>> {
    let get = |owned: &Owned| {
        let target = format!("/pks/lookup?op=get&options=bin&search=0x{}", owned.fingerprint());
        let answer = request::get(server.address(), &target).unwrap();
        assert_eq!(answer.status, 200);
        answer.body
    };
    owned.iter().map(get).collect()
}
