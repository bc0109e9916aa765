//! The server and its database in containers, which cannot be started where the tests run.

use std::net::SocketAddr;
use std::process::Command;

use yaml_rust2::Yaml;

use super::yaml::{document, keys, texts};
use crate::support::backend::Backend;
use crate::support::server::{Server, command};
use crate::support::staging::{repository, text};
use crate::support::tools::run;

const FILE: &str = "deploy/compose/compose.yaml";
const DOCKERFILE: &str = "deploy/compose/Dockerfile";

/// Everything that the file refers to is there, and the server waits for its database.
#[test]
fn the_file_is_consistent() {
    let compose = document(FILE);
    assert_eq!(keys(&compose["services"]), ["hockeypuck", "database"]);
    let server = &compose["services"]["hockeypuck"];
    let context = repository("deploy/compose").join(server["build"]["context"].as_str().unwrap());
    assert_eq!(context.canonicalize().unwrap(), repository("").canonicalize().unwrap());
    assert!(context.join(server["build"]["dockerfile"].as_str().unwrap()).exists());
    assert_eq!(server["depends_on"]["database"]["condition"].as_str(), Some("service_healthy"));
    let database = &compose["services"]["database"];
    assert!(!texts(&database["healthcheck"]["test"]).is_empty());
    for volume in texts(&database["volumes"]) {
        let name = volume.split(':').next().unwrap();
        assert!(keys(&compose["volumes"]).contains(&name), "{volume}");
    }
    for port in texts(&server["ports"]) {
        let inside = port.rsplit(':').next().unwrap();
        let exposed = text(DOCKERFILE).lines().any(|l| l.starts_with("EXPOSE ") && l.split(' ').any(|p| p == inside));
        assert!(exposed, "{port}");
    }
}

/// The server understands its environment, with the sample of what the operator sets.
#[test]
fn the_environment_is_a_configuration() {
    let compose = document(FILE);
    let server = &compose["services"]["hockeypuck"];
    assert_eq!(server["env_file"].as_str(), Some(".env"));
    let mut check = command();
    check.arg("check-config");
    for line in text("deploy/compose/env.example").lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once('=').unwrap();
        check.env(name, value);
    }
    let environment = server["environment"].as_hash().unwrap().iter();
    let text = |yaml: &Yaml| yaml.as_str().unwrap().to_owned();
    for (name, value) in environment.map(|(name, value)| (text(name), text(value))) {
        let asked = "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}";
        check.env(name, value.replace(asked, "secret"));
    }
    let checked = run(&mut check);
    let shown = checked.shown();
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{shown}");
    for line in ["hkp.bind = \":11371\"", "hostname = \"keys.example.org\"", "@database:5432/hockeypuck"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

/// The health check, which only needs bash, tells a server that is ready from one that is not there.
#[test]
fn the_health_check_tells_health() {
    let compose = document(FILE);
    let test = &compose["services"]["hockeypuck"]["healthcheck"]["test"];
    let [kind, program, flag, script] = texts(test)[..] else { panic!("{test:?}") };
    assert_eq!((kind, script.contains("/dev/tcp/127.0.0.1/11371")), ("CMD", true));
    let asked = |address: SocketAddr| {
        let script = script.replace("11371", &address.port().to_string());
        run(Command::new(program).args([flag, &script]))
    };
    let mut server = Server::start(Backend::sqlite());
    asked(server.address()).expect_success();
    server.stop();
    asked(server.address()).expect_failure();
}

/// The image runs as nobody in particular, can verify certificates, and is not built from what lies around.
#[test]
fn the_image_is_unprivileged() {
    let dockerfile = text(DOCKERFILE);
    let (_, last) = dockerfile.rsplit_once("\nFROM ").unwrap();
    assert!(last.lines().any(|line| line.starts_with("USER ") && line != "USER root" && line != "USER 0"));
    assert!(last.contains("ca-certificates"), "{last}");
    assert!(dockerfile.contains(concat!("\nFROM rust:", env!("CARGO_PKG_RUST_VERSION"), "-")), "{dockerfile}");
    let ignored = text("deploy/compose/Dockerfile.dockerignore");
    assert!(ignored.lines().any(|line| line == "**/target"), "{ignored}");
}
