//! Arithmetic in the field.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ptree::field::Fp;

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("field");
    let one = Fp::from_number(0x1234_5678_9abc_def0_0fed_cba9_8765_4321);
    let two = -Fp::from_number(0xdead_beef_0000_0001_ffff_0000_1234_5678);
    group.bench_function("mul", |bencher| {
        let mut product = one;
        bencher.iter(|| {
            product = product * black_box(two);
            product
        });
    });
    group.bench_function("sub", |bencher| bencher.iter(|| black_box(one) - black_box(two)));
    group.bench_function("inverse", |bencher| bencher.iter(|| black_box(one).inverse()));
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
