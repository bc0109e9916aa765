//! Reading, verifying, digesting and armoring certificates, without a store.
#![allow(clippy::panic, reason = "a benchmark that cannot run fails by panicking")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hockeypuck::cert::armor::encode::encode;
use hockeypuck::cert::{Incoming, Item, Limits, Merged, read};

/// From Debian's package debian-keyring: a quarter of a thousand certificates that people use.
const KEYRING: &str = "/usr/share/keyrings/debian-maintainers.gpg";

fn keyring() -> Bytes {
    match std::fs::read(KEYRING) {
        Ok(octets) => octets.into(),
        Err(error) => panic!("{KEYRING} of the package debian-keyring is needed: {error}"),
    }
}

fn certificates(keyring: &Bytes) -> Vec<Incoming> {
    let certificate = |item| match item {
        Item::Certificate(incoming) => Some(*incoming),
        Item::BareSignature(_) | Item::Rejected(_) => None,
    };
    read(keyring.clone(), Limits::default()).filter_map(certificate).collect()
}

fn stored(keyring: &Bytes) -> Vec<Bytes> {
    let packets = |mut incoming: Incoming| match incoming.merge(None) {
        Ok(Merged::Changed(record)) => Some(record.packets),
        Ok(Merged::Unchanged) | Err(_) => None,
    };
    certificates(keyring).into_iter().filter_map(packets).collect()
}

fn benchmark(criterion: &mut Criterion) {
    let keyring = keyring();
    let stored = stored(&keyring);
    let mut group = criterion.benchmark_group("certificates");
    group.sample_size(10).throughput(Throughput::Elements(stored.len() as u64));
    group.bench_function("read", |bencher| bencher.iter(|| certificates(black_box(&keyring)).len()));
    group.bench_function("read, verify and digest new ones", |bencher| {
        bencher.iter(|| self::stored(black_box(&keyring)).len());
    });
    group.bench_function("merge with equal stored ones", |bencher| {
        bencher.iter(|| {
            let merge = |(mut incoming, stored): (Incoming, &Bytes)| incoming.merge(Some(stored)).is_ok();
            let all: Bytes = stored.concat().into();
            certificates(&all).into_iter().zip(&stored).map(merge).filter(|merged| *merged).count()
        });
    });
    group.finish();
    let mut group = criterion.benchmark_group("armor");
    group.throughput(Throughput::Bytes(stored.iter().map(|packets| packets.len() as u64).sum()));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| stored.iter().map(|packets| encode(&[], &[black_box(packets)]).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
