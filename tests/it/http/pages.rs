//! Pages for people.

use super::world::{World, shown, text};

/// The start page as a whole: its title is what monitoring looks for, its forms lead to the interface.
#[tokio::test]
async fn the_start_page() {
    let world = World::new().await;
    let response = world.get("/").await;
    assert!(text(&response).contains("<title>OpenPGP Keyserver</title>"));
    insta::assert_snapshot!(shown(&response));
}

/// Pages neither run scripts nor load anything from elsewhere, and every file they name is there.
#[tokio::test]
async fn pages_are_self_contained() {
    let world = World::new().await;
    for page in ["/", "/pks/stats"] {
        let response = world.get(page).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
        let html = text(&response);
        assert!(!html.contains("<script") && !html.contains("style=") && !html.contains("=\"http"), "{page}");
        for link in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let status = world.get(&link.replace("&amp;", "&")).await.status();
            assert!(status == 200 || link.contains("search="), "{page}: {link}: {status}");
        }
    }
}

/// The icon is one that browsers read, and crawlers are kept from searching.
#[tokio::test]
async fn files_are_what_they_say() {
    let world = World::new().await;
    let icon = world.get("/favicon.ico").await;
    assert_eq!(icon.headers()["content-type"], "image/vnd.microsoft.icon");
    assert_eq!(icon.body()[..4], [0, 0, 1, 0]);
    let robots = world.get("/robots.txt").await;
    assert_eq!(text(&robots), "User-agent: *\nDisallow: /pks/\n");
}
