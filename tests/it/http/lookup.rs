//! The parameters of `/pks/lookup`.

use hockeypuck::domain::search::TextSearch;
use hockeypuck::http::HttpSettings;

use super::records::record;
use super::world::{World, settings, text};

/// Each mistake has its own status and sentence; none is answered with a server error.
#[tokio::test]
async fn parameters_have_their_statuses() {
    let world = World::holding([record(1, "Jürgen Müller <jm@example.org>")]).await;
    let long = format!("op=get&search={}", "a".repeat(2049));
    let many = format!("op=get&search={}", (0..65).map(|n| format!("word{n}+")).collect::<String>());
    for (query, status, words) in [
        ("", 400, "op must be"),
        ("op=", 400, "op must be"),
        ("op=GET&search=a@b", 400, "op must be"),
        ("op=hfp&search=a@b", 400, "op must be"),
        ("op=photo&search=a@b", 501, "not supported"),
        ("op=x-mine", 501, "not supported"),
        ("op=get", 400, "search is missing"),
        ("op=index&search=", 400, "search is missing"),
        ("op=get&search=+", 400, "empty"),
        ("op=get&search=a%00b", 400, "no text may have"),
        ("op=get&search=0x01234567", 404, "short key IDs"),
        ("op=get&search=0x0123456789abcdeg", 404, "hexadecimal"),
        ("op=get&search=0x________________", 404, "hexadecimal"),
        ("op=get&search=0x%25%25%25%25%25%25%25%25%25%25%25%25%25%25%25%25", 404, "hexadecimal"),
        ("op=get&search=0x0123456789abcdef", 404, "No keys found"),
        ("op=get&search=nobody@example.org", 404, "No keys found"),
        ("op=get&search=Alice&exact=on", 404, "whole e-mail"),
        ("op=get&search=%21", 404, "no word"),
        ("op=get&search=%zz", 404, "No keys found"),
        ("op=get&search=%FF%FE", 404, "No keys found"),
        ("op=hget&search=junk", 404, "No keys found"),
        ("op=hget&search=0123456789abcdef0123456789abcdef", 404, "No keys found"),
        ("op=get&search=M%FCller", 200, "BEGIN PGP"),
        ("op=get&search=M%C3%BCller", 200, "BEGIN PGP"),
        ("op=index&options=mr&search=m%C3%9CLLER", 200, "info:1:1"),
        (&long, 414, "longer than"),
        (&many, 400, "more than 64 words"),
    ] {
        let response = world.get(&format!("/pks/lookup?{query}")).await;
        assert_eq!(response.status(), status, "{query}: {}", text(&response));
        assert!(text(&response).contains(words), "{query}: {}", text(&response));
    }
}

/// Error bodies are one plain sentence that no client takes for a line of an index.
#[tokio::test]
async fn errors_are_one_sentence() {
    let world = World::new().await;
    for address in ["/pks/lookup", "/pks/lookup?op=get&search=a@b", "/nothing", "/pks/add"] {
        let response = world.get(address).await;
        assert!(response.status().is_client_error());
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        let body = text(&response);
        assert!(body.ends_with(".\n") && body.lines().count() == 1, "{address}: {body}");
        assert!(!["info", "pub", "uid", "<"].iter().any(|start| body.starts_with(start)), "{address}: {body}");
    }
}

/// Where only whole addresses are searched for, words find nothing; where no text is, it is said so.
#[tokio::test]
async fn the_search_mode_is_the_operators() {
    for (mode, word, address) in
        [(Some(TextSearch::Keywords), 200, 200), (Some(TextSearch::Exact), 404, 200), (None, 501, 501)]
    {
        let world = World::with_settings(HttpSettings { text_search: mode, ..settings() }).await;
        world.put([record(1, "Alice <alice@example.org>")]).await;
        let status = async |search: &str| world.get(&format!("/pks/lookup?op=get&search={search}")).await.status();
        assert_eq!(status("alice").await, word, "{mode:?}");
        assert_eq!(status("alice@example.org").await, address, "{mode:?}");
        assert_eq!(status("0x0101010101010101").await, 200, "{mode:?}");
    }
}

/// More matches than one answer holds are an error with the words that OpenKeychain looks for, never a cut list.
#[tokio::test]
async fn too_many_matches_are_an_error() {
    let world = World::holding((1..=101).map(|seed| record(seed, &format!("n{seed} <n{seed}@example.org>")))).await;
    for operation in ["get", "index&options=mr"] {
        let response = world.get(&format!("/pks/lookup?search=example.org&op={operation}")).await;
        assert_eq!(response.status(), 413);
        assert!(text(&response).to_lowercase().contains("too many") && text(&response).contains("insufficient"));
    }
    let response = world.get("/pks/lookup?search=n7@example.org&op=index&options=mr").await;
    assert!(text(&response).starts_with("info:1:1\n"));
}
