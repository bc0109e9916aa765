//! GnuPG with its dirmngr.

use super::gpg_home::GpgHome;
use super::on_each_server;

const USER_ID: &str = "Zoë Example <zoe@example.org>";

/// What gpg sends, another gpg receives by every name that the key has: the fingerprint and the
/// key ID of its primary key and of its subkey.
#[test]
fn keys_are_received_by_every_name() {
    on_each_server(|server| {
        let owner = GpgHome::new(server);
        let key = owner.generate(USER_ID);
        owner.gpg(&["--send-keys", &key.fingerprint]).expect_success();
        for name in [&key.fingerprint, &key.encryption_subkey].into_iter().flat_map(|f| [f.as_str(), &f[24..]]) {
            let other = GpgHome::new(server);
            other.gpg(&["--receive-keys", name]).expect_success();
            assert_eq!(other.fingerprints(), owner.fingerprints(), "asked for {name}");
        }
    });
}

/// A search by e-mail address shows the key with its user ID, whatever letters that has.
#[test]
fn keys_are_found_by_address() {
    on_each_server(|server| {
        let owner = GpgHome::new(server);
        let key = owner.generate(USER_ID);
        owner.gpg(&["--send-keys", &key.fingerprint]).expect_success();
        let other = GpgHome::new(server);
        let found = other.gpg(&["--with-colons", "--search-keys", "zoe@example.org"]).expect_success();
        assert!(found.starts_with("info:1:1"), "{found}");
        assert!(found.contains(&key.fingerprint), "{found}");
        // In batch mode gpg shows what it found and then fails, because it cannot ask which key to fetch.
        let shown = other.gpg(&["--search-keys", "Zoe@Example.org"]).expect_failure();
        assert!(shown.contains(USER_ID) && shown.contains(&key.fingerprint[24..]), "{shown}");
    });
}

/// Who has a key and refreshes it learns that it has been revoked, for whatever reason.
#[test]
fn revocations_arrive() {
    on_each_server(|server| {
        for revoke in [GpgHome::revoke_without_reason, GpgHome::revoke_as_superseded] {
            let owner = GpgHome::new(server);
            let key = owner.generate(USER_ID);
            owner.gpg(&["--send-keys", &key.fingerprint]).expect_success();
            let other = GpgHome::new(server);
            other.gpg(&["--receive-keys", &key.fingerprint]).expect_success();
            assert_eq!(other.validity(&key.fingerprint).as_deref(), Some("-"));

            revoke(&owner, &key);
            owner.gpg(&["--send-keys", &key.fingerprint]).expect_success();
            other.gpg(&["--refresh-keys"]).expect_success();
            assert_eq!(other.validity(&key.fingerprint).as_deref(), Some("r"));
        }
    });
}

/// A superseded key is received as revoked by those who never had it.
#[test]
fn superseded_keys_are_received_as_revoked() {
    on_each_server(|server| {
        let owner = GpgHome::new(server);
        let key = owner.generate(USER_ID);
        owner.revoke_as_superseded(&key);
        owner.gpg(&["--send-keys", &key.fingerprint]).expect_success();
        let other = GpgHome::new(server);
        other.gpg(&["--receive-keys", &key.fingerprint]).expect_success();
        assert_eq!(other.validity(&key.fingerprint).as_deref(), Some("r"));
    });
}

/// A user ID that was added later reaches those who refresh, and nothing is lost by it.
#[test]
fn later_user_ids_arrive() {
    on_each_server(|server| {
        let owner = GpgHome::new(server);
        let key = owner.generate(USER_ID);
        owner.gpg(&["--send-keys", &key.fingerprint]).expect_success();
        let other = GpgHome::new(server);
        other.gpg(&["--receive-keys", &key.fingerprint]).expect_success();
        owner.gpg(&["--passphrase", "", "--quick-add-uid", &key.fingerprint, "<later@example.org>"]).expect_success();
        owner.gpg(&["--send-keys", &key.fingerprint]).expect_success();
        other.gpg(&["--refresh-keys"]).expect_success();
        let listing = other.gpg(&["--with-colons", "--list-keys"]).expect_success();
        assert!(listing.contains("later@example.org") && listing.contains("zoe@example.org"), "{listing}");
    });
}

/// gpg tells its user that there is no such key, and not that the server has a fault.
#[test]
fn unknown_keys_are_not_found() {
    on_each_server(|server| {
        let home = GpgHome::new(server);
        let said = home.gpg(&["--receive-keys", "0123456789ABCDEF0123456789ABCDEF01234567"]).expect_failure();
        assert!(said.contains("No data"), "{said}");
        let said = home.gpg(&["--search-keys", "nobody@example.org"]).expect_failure();
        assert!(said.contains("not found on keyserver"), "{said}");
    });
}
