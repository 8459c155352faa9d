//! The nearest-centroid kernel and the product kernel on one core, with every table of kernels that the
//! processor supports.
//!
//! The throughput is in pairs: (point, centroid), or (row, column). Multiply by `2 d` for floating-point
//! operations.

use std::hint::black_box;
use std::time::Duration;

use centroid::Float;
use centroid::benchmarking::{Nearest, Products, tables};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// `(d, k, n)`, such that points and centroids fit in the caches of one core.
const SHAPES: [(usize, usize, usize); 7] = [
    (2, 50, 16_384),
    (3, 8, 16_384),
    (3, 64, 16_384),
    (3, 256, 16_384),
    (16, 100, 8_192),
    (64, 256, 4_096),
    (384, 256, 1_024),
];

/// Sums of four uniform values, which are close enough to a normal distribution.
fn data<F: Float>(len: usize, mut state: u64) -> Vec<F> {
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    (0..len)
        .map(|_| F::from_f64((0..4).map(|_| uniform()).sum::<f64>() - 2.0))
        .collect()
}

fn sq_dist<F: Float>(a: &[F], b: &[F]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2))
        .sum()
}

/// Checks the result once: for the first points, no centroid is nearer than the one found.
fn check<F: Float>(x: &[F], centroids: &[F], d: usize, labels: &[u32]) {
    for (row, &label) in x.chunks(d).zip(labels).take(100) {
        let found = sq_dist(row, &centroids[label as usize * d..][..d]);
        let least = centroids
            .chunks(d)
            .map(|c| sq_dist(row, c))
            .fold(f64::INFINITY, f64::min);
        assert!(found <= least * (1.0 + 1e-12), "{found} is not {least}");
    }
}

fn nearest<F: Float>(criterion: &mut Criterion, type_name: &str) {
    for (d, k, n) in SHAPES {
        let mut group = criterion.benchmark_group(format!("nearest/{type_name}/d={d}/k={k}"));
        group.throughput(Throughput::Elements((n * k) as u64));
        let (x, centroids) = (data::<F>(n * d, 1), data::<F>(k * d, 2));
        for table in tables::<F>() {
            let kernel = Nearest::new(table, &centroids, d).expect("the table is listed");
            let mut labels = vec![0; n];
            kernel.run(&x, &mut labels);
            check(&x, &centroids, d, &labels);
            group.bench_function(BenchmarkId::from_parameter(table), |bencher| {
                bencher.iter(|| kernel.run(black_box(&x), &mut labels));
            });
        }
    }
}

/// Plain products of the same shapes, which should run at the rate of the nearest kernel.
fn products<F: Float>(criterion: &mut Criterion, type_name: &str) {
    for (d, k, n) in SHAPES {
        let mut group = criterion.benchmark_group(format!("products/{type_name}/d={d}/k={k}"));
        group.throughput(Throughput::Elements((n * k) as u64));
        let (x, matrix) = (data::<F>(n * d, 1), data::<F>(k * d, 2));
        for table in tables::<F>() {
            let kernel = Products::new(table, &matrix, k).expect("the table is listed");
            let mut out = vec![F::ZERO; n * k];
            kernel.run(&x, &mut out);
            for (c, found) in out[..k].iter().enumerate() {
                let terms = (0..d).map(|j| x[j].to_f64() * matrix[j * k + c].to_f64());
                let error = (found.to_f64() - terms.sum::<f64>()).abs();
                assert!(error <= 1e-5 * d as f64, "{error}");
            }
            group.bench_function(BenchmarkId::from_parameter(table), |bencher| {
                bencher.iter(|| kernel.run(black_box(&x), &mut out));
            });
        }
    }
}

fn both_types(criterion: &mut Criterion) {
    nearest::<f32>(criterion, "f32");
    nearest::<f64>(criterion, "f64");
    products::<f32>(criterion, "f32");
    products::<f64>(criterion, "f64");
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(300));
    targets = both_types
}
criterion_main!(benches);
