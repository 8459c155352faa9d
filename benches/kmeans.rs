//! Whole runs on all cores: Lloyd's iterations from given centroids, seeding, fits, prediction.
//!
//! The data sets are the pixels of the photograph of the examples, the handwritten digits of the tests,
//! and normal clusters of several shapes.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use centroid::{FitOptions, Float, KMeans, KMeansModel, init};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::{Array2, Axis};

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The pixels as rows of red, green and blue, each between 0 and 1.
fn photo() -> Array2<f32> {
    let image = image::open(in_repository("examples/data/flower.jpg")).expect("the photograph");
    let pixels = image.to_rgb32f();
    let n = (pixels.width() * pixels.height()) as usize;
    Array2::from_shape_vec((n, 3), pixels.into_raw()).expect("three values for each pixel")
}

fn digits() -> Array2<f64> {
    let text = std::fs::read_to_string(in_repository("tests/data/digits.csv")).expect("the digits");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let values: Vec<f64> = rows
        .flat_map(|row| row.split(',').take(64))
        .map(|value| value.parse().expect("a number"))
        .collect();
    Array2::from_shape_vec((values.len() / 64, 64), values).expect("64 pixels for each digit")
}

/// `k` normal clusters of standard deviation 1, with centres uniform in a box of side 20.
fn blobs<F: Float>(n: usize, d: usize, k: usize) -> Array2<F> {
    let mut state = 1_u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let centres: Vec<f64> = (0..k * d).map(|_| 20.0 * uniform() - 10.0).collect();
    Array2::from_shape_fn((n, d), |(i, j)| {
        let noise = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        F::from_f64(centres[i % k * d + j] + noise)
    })
}

/// Every `n / k`-th row.
fn spread_rows<F: Float>(x: &Array2<F>, k: usize) -> Array2<F> {
    let rows: Vec<usize> = (0..k).map(|row| row * (x.nrows() / k)).collect();
    x.select(Axis(0), &rows)
}

/// Twenty iterations from the same rows, after one check that the parts of the model agree.
fn lloyd<F: Float>(criterion: &mut Criterion, name: &str, x: &Array2<F>, k: usize) {
    let start = spread_rows(x, k);
    let kmeans = KMeans::new(k).max_iter(20).tol(0.0);
    let fit = || {
        kmeans
            .fit_with(x, FitOptions::new().initial_centroids(&start))
            .expect("a fit")
    };
    let model = fit();
    assert_eq!(model.predict(x).expect("labels"), model.labels());
    let score = model.score(x).expect("a score");
    assert!((score + model.inertia()).abs() <= 1e-12 * model.inertia());
    criterion.bench_function(&format!("lloyd/{name}/k={k}"), |bencher| bencher.iter(fit));
}

fn iterations(criterion: &mut Criterion) {
    let photo = photo();
    for k in [8, 64, 256] {
        lloyd(criterion, "photo", &photo, k);
    }
    lloyd(criterion, "digits", &digits(), 50);
    lloyd(criterion, "blobs 500 x 2 f64", &blobs::<f64>(500, 2, 5), 5);
    lloyd(
        criterion,
        "blobs 1,000,000 x 2 f64",
        &blobs::<f64>(1_000_000, 2, 50),
        50,
    );
    lloyd(
        criterion,
        "blobs 200,000 x 16 f32",
        &blobs::<f32>(200_000, 16, 100),
        100,
    );
    lloyd(
        criterion,
        "blobs 100,000 x 64 f32",
        &blobs::<f32>(100_000, 64, 256),
        256,
    );
}

fn whole_fits(criterion: &mut Criterion) {
    let (photo, digits, five) = (photo(), digits(), blobs::<f64>(500, 2, 5));
    let mut group = criterion.benchmark_group("fit");
    group.bench_function("blobs 500 x 2 f64/k=5/n_init=10", |bencher| {
        bencher.iter(|| KMeans::new(5).fit(black_box(&five)).expect("a fit"));
    });
    group.bench_function("digits/k=50/n_init=10", |bencher| {
        bencher.iter(|| KMeans::new(50).fit(black_box(&digits)).expect("a fit"));
    });
    group.bench_function("photo/k=8/n_init=10", |bencher| {
        bencher.iter(|| KMeans::new(8).fit(black_box(&photo)).expect("a fit"));
    });
    group.bench_function("photo/k=64/n_init=1", |bencher| {
        bencher.iter(|| {
            KMeans::new(64)
                .n_init(1)
                .fit(black_box(&photo))
                .expect("a fit")
        });
    });
}

fn seeding(criterion: &mut Criterion) {
    let photo = photo();
    let (centroids, rows) = init::kmeans_plusplus(&photo, 64, 0).expect("a start");
    assert!(
        rows.iter()
            .zip(centroids.rows())
            .all(|(&row, c)| photo.row(row) == c)
    );
    criterion.bench_function("kmeans_plusplus/photo/k=64", |bencher| {
        bencher.iter(|| init::kmeans_plusplus(black_box(&photo), 64, 0).expect("a start"));
    });
}

fn new_rows(criterion: &mut Criterion) {
    let photo = photo();
    for k in [8, 64] {
        let model = KMeansModel::from_centroids(spread_rows(&photo, k)).expect("a model");
        let mut group = criterion.benchmark_group("photo");
        group.bench_function(BenchmarkId::new("predict", k), |bencher| {
            bencher.iter(|| model.predict(black_box(&photo)).expect("labels"));
        });
        group.bench_function(BenchmarkId::new("transform", k), |bencher| {
            bencher.iter(|| model.transform(black_box(&photo)).expect("distances"));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = iterations, whole_fits, seeding, new_rows
}
criterion_main!(benches);
