//! Each signed request is carried out once.

use http::Request;
use sequoia_openpgp::packet::signature::subpacket::{NotationData, NotationDataFlags, Subpacket, SubpacketValue};

use super::super::world::{send, text};
use super::{DAY, FORM, delete, deletion, fingerprint, form, is_stored, long_ago, submit, today, world_of};
use crate::support::administrator::{Administrator, armored, armored_with};
use crate::support::certs;
use crate::support::store::execute;

/// A request that comes again is refused, in whatever form: other armor, other unhashed subpackets. Signed again, it is
/// another one.
#[tokio::test]
async fn replays_are_refused() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let cert = certs::small("<cert@example.org>");
    let request = deletion(&cert.packets());
    let signature = admin.signature(&request, today());
    let mut marked = signature.clone();
    let notation = NotationData::new("mark@example.org", b"again", NotationDataFlags::empty().set_human_readable());
    marked.unhashed_area_mut().add(Subpacket::new(SubpacketValue::NotationData(notation), false).unwrap()).unwrap();
    let first = armored(std::slice::from_ref(&signature));
    let forms = [
        first.clone(),
        first.replace('\n', "\r\n"),
        armored_with(&[signature], &[("Comment", "again")]),
        armored(&[marked]),
    ];
    submit(&world, &cert.packets()).await;
    assert_eq!(delete(&world, &request, &first).await.status(), 200);
    submit(&world, &cert.packets()).await;
    for form in &forms {
        let response = delete(&world, &request, form).await;
        assert_eq!(response.status(), 409, "{}", text(&response));
        assert!(text(&response).contains("sign it again"), "{}", text(&response));
        assert!(is_stored(&world, &fingerprint(&cert)).await);
    }
    assert_eq!(delete(&world, &request, &admin.sign(&request, today() - DAY)).await.status(), 200);
}

/// A request for what is not there is used up too: nobody can keep it for the day on which it is.
#[tokio::test]
async fn requests_in_vain_are_used_up() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let cert = certs::small("<cert@example.org>");
    let request = deletion(&cert.packets());
    let signature = admin.sign(&request, today());
    assert_eq!(delete(&world, &request, &signature).await.status(), 404);
    submit(&world, &cert.packets()).await;
    assert_eq!(delete(&world, &request, &signature).await.status(), 409);
}

/// A request that failed for a reason of the server's own can be made again.
#[tokio::test]
async fn failures_use_nothing_up() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let cert = certs::small("<cert@example.org>");
    submit(&world, &cert.packets()).await;
    let request = deletion(&cert.packets());
    let signature = admin.sign(&request, today());
    let url = world.url();
    execute(&url, "ALTER TABLE changes RENAME TO elsewhere").await;
    assert_eq!(delete(&world, &request, &signature).await.status(), 500);
    execute(&url, "ALTER TABLE elsewhere RENAME TO changes").await;
    assert!(is_stored(&world, &fingerprint(&cert)).await);
    assert_eq!(delete(&world, &request, &signature).await.status(), 200);
}

/// Of many equal requests at once exactly one is carried out.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_at_once_wins() {
    let admin = Administrator::new(long_ago());
    let world = world_of(&admin).await;
    let cert = certs::small("<cert@example.org>");
    submit(&world, &cert.packets()).await;
    let request = deletion(&cert.packets());
    let signature = admin.sign(&request, today());
    let answers: Vec<_> = (0..8)
        .map(|_| {
            let (router, body) = (world.router.clone(), form(&request, &signature));
            let request = Request::post("/pks/delete").header("content-type", FORM).body(body.into()).unwrap();
            tokio::spawn(async move { send(&router, request).await.status().as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for answer in answers {
        statuses.push(answer.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
}
