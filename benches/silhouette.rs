//! Silhouettes and other scores of labelled rows, on all cores, and a sweep over the number of clusters.
//!
//! The throughput of exact silhouettes is in pairs of rows, and each pair counts once.

use std::hint::black_box;
use std::time::Duration;

use centroid::datasets::{make_blobs, uniform_centers};
use centroid::selection::{SweepOptions, sweep};
use centroid::{Float, KMeans, metrics};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Ten normal clusters.
fn blobs<F: Float>(n: usize, d: usize) -> (Array2<F>, Array1<usize>) {
    let centers = uniform_centers(10, d, 1).expect("centres");
    let (x, labels) = make_blobs(n, &centers, &[1.0], 0).expect("blobs");
    (x.mapv(F::from_f64), labels)
}

fn mean_dist<F: Float>(x: &ArrayView2<'_, F>, row: usize, others: &[usize]) -> f64 {
    let dist = |&other: &usize| {
        let pairs = x.row(row).into_iter().zip(x.row(other));
        let squares = pairs.map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2));
        squares.sum::<f64>().sqrt()
    };
    others.iter().map(dist).sum::<f64>() / others.len() as f64
}

/// Checks the result once: the silhouette of one row against its definition.
fn check<F: Float>(x: &Array2<F>, labels: &Array1<usize>) {
    let row = x.nrows() / 2;
    let mut dists = Vec::new();
    for cluster in 0..10 {
        let members = (0..x.nrows()).filter(|&other| other != row && labels[other] == cluster);
        dists.push(mean_dist(&x.view(), row, &members.collect::<Vec<_>>()));
    }
    let within = dists.remove(labels[row]);
    let between = dists.into_iter().fold(f64::INFINITY, f64::min);
    let expected = (between - within) / between.max(within);
    let found = metrics::silhouette_samples(x, labels).expect("silhouettes")[row].to_f64();
    assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
}

fn exact<F: Float>(criterion: &mut Criterion, type_name: &str, n: usize, d: usize) {
    let (x, labels) = blobs::<F>(n, d);
    check(&x, &labels);
    let mut group = criterion.benchmark_group("silhouette_score");
    group.throughput(Throughput::Elements((n * n / 2) as u64));
    let id = BenchmarkId::from_parameter(format!("{n} x {d} {type_name}"));
    group.bench_function(id, |bencher| {
        bencher.iter(|| metrics::silhouette_score(black_box(&x), &labels).expect("a score"));
    });
}

fn all_rows(criterion: &mut Criterion) {
    exact::<f32>(criterion, "f32", 20_000, 3);
    exact::<f32>(criterion, "f32", 20_000, 16);
    exact::<f64>(criterion, "f64", 10_000, 16);
    exact::<f64>(criterion, "f64", 1_797, 64);
}

fn other_forms(criterion: &mut Criterion) {
    let (x, labels) = blobs::<f32>(200_000, 16);
    let mut group = criterion.benchmark_group("200,000 x 16 f32");
    group.bench_function("silhouette_score_sampled, 1,000 rows", |bencher| {
        bencher.iter(|| {
            metrics::silhouette_score_sampled(black_box(&x), &labels, 1_000, 0).expect("a score")
        });
    });
    group.bench_function("simplified_silhouette_score", |bencher| {
        bencher.iter(|| metrics::simplified_silhouette_score(&x, &labels).expect("a score"));
    });
    group.bench_function("sq_euclidean_silhouette_score", |bencher| {
        bencher.iter(|| metrics::sq_euclidean_silhouette_score(&x, &labels).expect("a score"));
    });
    group.bench_function("calinski_harabasz_score", |bencher| {
        bencher.iter(|| metrics::calinski_harabasz_score(&x, &labels).expect("a score"));
    });
}

fn sweeps(criterion: &mut Criterion) {
    let (x, _) = blobs::<f64>(5_000, 2);
    let x = x.select(Axis(0), &(0..500).collect::<Vec<_>>());
    let run = || sweep(&KMeans::new(2), &x, 2..=10, SweepOptions::new()).expect("a sweep");
    assert_eq!(run().entries().len(), 9);
    criterion.bench_function("sweep/500 x 2 f64/k=2..=10/n_init=10", |bencher| {
        bencher.iter(run);
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = all_rows, other_forms, sweeps
}
criterion_main!(benches);
