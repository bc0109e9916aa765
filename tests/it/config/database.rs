//! The database: both ways to name it, and the password that nobody else may see.

use hockeypuck::config::DatabaseUrl;

use super::Settings;

const SECRET: &str = "hunter2";

fn translated(dsn: &str) -> String {
    match dsn.parse::<DatabaseUrl>() {
        Ok(url) => url.expose().to_owned(),
        Err(error) => format!("error: {error}"),
    }
}

/// The connection strings of Hockeypuck's driver mean the same here.
#[test]
fn connection_strings_become_urls() {
    for (dsn, url) in [
        (
            "database=hockeypuck host=/var/run/postgresql port=5432 sslmode=disable",
            "postgres:///?dbname=hockeypuck&host=%2Fvar%2Frun%2Fpostgresql&port=5432&sslmode=disable",
        ),
        (
            "user=hkp password=pa$$&word dbname=hkp host=db.example.org",
            "postgres:///?user=hkp&password=pa%24%24%26word&dbname=hkp&host=db.example.org&sslmode=require",
        ),
        (
            r"user = 'a b' password = 'it\'s \\ = fine' host=localhost sslmode=verify-full",
            "postgres:///?user=a+b&password=it%27s+%5C+%3D+fine&host=localhost&sslmode=verify-full",
        ),
        (
            "dbname=a host=/tmp search_path=keys connect_timeout=5 binary_parameters=yes",
            "postgres:///?dbname=a&host=%2Ftmp&options%5Bsearch_path%5D=keys&sslmode=disable",
        ),
    ] {
        assert_eq!(translated(dsn), url, "{dsn}");
    }
}

/// URLs stay as they are.
#[test]
fn urls_stay() {
    for url in ["postgres://a:b@h/d?sslmode=require", "postgresql://h:1,i:2/d", "sqlite::memory:", "sqlite:///a/b"] {
        assert_eq!(translated(url), url);
    }
}

/// What is neither is refused without repeating it.
#[test]
fn nonsense_is_refused() {
    for nonsense in
        ["", "hunter2", "mysql://a", "password='hunter2", "=hunter2", "pass word=hunter2", "sslmode=hunter2"]
    {
        let told = translated(nonsense);
        assert!(told.starts_with("error: ") && !told.contains(SECRET), "{nonsense}: {told}");
    }
}

/// A password appears in no report, no error and no debug output, wherever it was given.
#[test]
fn passwords_are_hidden() {
    for dsn in [
        "postgres://hkp:hunter2@db:5432/keys?sslmode=disable",
        "postgres://hkp:hun%74er2hunter2@db/keys",
        "postgres:///keys?user=hkp&password=hunter2&host=db",
        "postgres://db/keys?PASSWORD=hunter2",
        "user=hkp password=hunter2 host=db",
        "user=hkp password='hunter2' host=db sslmode=sometimes",
        "user=hkp password='hunter2",
        "mysql://hkp:hunter2@db/keys",
    ] {
        for settings in [
            Settings::file(&format!("[hockeypuck.openpgp.db]\ndsn = {dsn:?}\n")),
            Settings::none().variable("HOCKEYPUCK_DATABASE_URL", dsn),
            Settings::none().flag("database-url", dsn),
        ] {
            let loaded = settings.load();
            let told = format!("{} {:?} {:?}", loaded.report, loaded.report, loaded.config);
            assert!(!told.contains(SECRET), "{dsn}: {told}");
            assert!(told.contains("postgres:") || told.contains("sqlite:"), "{told}");
        }
    }
    let shown = "postgres://hkp:hunter2@db:5432/keys?sslmode=disable".parse::<DatabaseUrl>().unwrap().to_string();
    assert_eq!(shown, "postgres://hkp:***@db:5432/keys?sslmode=disable");
    // Nor one that is not encoded as it should be.
    for url in
        ["postgres://hkp:hun/ter2@db/keys", "postgres://hkp:hun?ter2@db", "postgres://hkp:h#u@nter2@db:1/keys?a=b"]
    {
        let shown = url.parse::<DatabaseUrl>().unwrap().to_string();
        assert!(shown.starts_with("postgres://hkp:***@db"), "{shown}");
    }
    for url in ["postgres://db:5432/keys?user=a@b", "postgres://hkp@db:5432/keys", "postgres://[::1]:5432/keys"] {
        assert_eq!(url.parse::<DatabaseUrl>().unwrap().to_string(), url);
    }
}

/// Characters that end a path in a URL can be in the name of the data directory.
#[test]
fn data_directories_have_any_name() {
    let url = DatabaseUrl::sqlite_in("/srv/100% keys?#1".as_ref());
    assert_eq!(url.expose(), "sqlite:///srv/100%25 keys%3F%231/hockeypuck.sqlite");
}
