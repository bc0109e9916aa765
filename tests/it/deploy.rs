//! The files with which the server is installed, against the program and against each other.

mod compose;
mod debian;
mod rock;
mod shells;
mod systemd;
mod yaml;

use crate::support::staging::{layout, repository, text};

/// What the layouts copy is there.
#[test]
fn layouts_name_files_of_the_repository() {
    for path in ["deploy/rock/layout", "deploy/debian/layout"] {
        let copied: Vec<_> = layout(path).into_iter().filter(|line| line.kind == "file").collect();
        assert!(!copied.is_empty());
        for line in copied {
            let from = line.from.unwrap();
            assert!(repository(&from).is_file(), "{path}: {from}");
        }
    }
}

/// Every file of `deploy/` that a document tells people to use is there.
#[test]
fn documents_name_files_of_the_repository() {
    let mut named = Vec::new();
    for document in ["docs/install.md", "docs/charm.md", "docs/operate.md", "deploy/README.md", "README.md"] {
        let text = text(document);
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '`' | '(' | ')' | '[' | ']'));
        let paths = words.map(|word| word.trim_end_matches(['.', ',', ':'])).filter(|word| word.starts_with("deploy/"));
        named.extend(paths.map(|path| (document, path.to_owned())));
    }
    assert!(named.len() > 5, "{named:?}");
    for (document, path) in named {
        assert!(repository(&path).exists(), "{document}: {path}");
    }
}
