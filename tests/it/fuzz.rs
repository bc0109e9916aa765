//! Replays the corpora of the fuzz targets, so that what fuzzing found stays found.

use std::path::PathBuf;

#[path = "../../fuzz/src/lib.rs"]
mod checks;

/// Every target holds on everything in its corpus, which is not empty.
#[test]
fn corpora_hold() {
    for (name, check) in checks::TARGETS {
        let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let entries = std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut count = 0;
        for entry in entries {
            let path = entry.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            let held = std::panic::catch_unwind(|| check(&data));
            assert!(held.is_ok(), "{}", path.display());
            count += 1;
        }
        assert!(count > 0, "{name}: its corpus is empty");
    }
}
