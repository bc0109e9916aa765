//! Published sample certificates, whose digests in both networks are known.

use std::path::PathBuf;

use crate::support::certificates::normalise;

const EXPECTED: &str = include_str!("../../data/vectors/digests.tsv");

/// Algorithms that the keyring of Debian lacks, most of all the post-quantum ones.
#[test]
fn sample_certificates_have_the_digests_of_the_network() {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors");
    let mut count = 0;
    for line in EXPECTED.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, fingerprint, v23, v24] = columns[..] else { panic!("four columns: {line}") };
        let record = normalise(&std::fs::read(directory.join(file)).unwrap()).unwrap();
        let shown = |digest: Option<hockeypuck::domain::Digest>| digest.map_or("-".to_owned(), |d| d.to_string());
        assert_eq!(record.fingerprint.to_string(), fingerprint, "{file}");
        assert_eq!((shown(record.digests.v23).as_str(), shown(record.digests.v24).as_str()), (v23, v24), "{file}");
        count += 1;
    }
    let files = std::fs::read_dir(&directory).unwrap().filter(|entry| {
        entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "pgp"))
    });
    assert_eq!(files.count(), count, "every sample has a line");
}
