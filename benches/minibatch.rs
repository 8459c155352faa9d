//! K-means with batches, on all cores: epochs, whole fits compared with `KMeans`, a batch of a stream, and a
//! pass over blocks.
//!
//! The throughput is in rows. In an epoch and in a pass, each row counts once. An epoch is measured as a fit
//! of one epoch, from the initialization to the labels of all rows.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use centroid::datasets::{make_blobs, uniform_centers};
use centroid::{ArrayBlocks, FitOptions, Float, KMeans, KMeansModel, MiniBatchKMeans};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, Axis, s};

/// The pixels as rows of red, green and blue, each between 0 and 1.
fn photo() -> Array2<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/flower.jpg");
    let pixels = image::open(path).expect("the photograph").to_rgb32f();
    let n = (pixels.width() * pixels.height()) as usize;
    Array2::from_shape_vec((n, 3), pixels.into_raw()).expect("three values for each pixel")
}

/// `k` normal clusters of standard deviation 1, with centres uniform in a box of side 20.
fn blobs<F: Float>(n: usize, d: usize, k: usize) -> Array2<F> {
    let centers = uniform_centers(k, d, 1).expect("centres");
    make_blobs(n, &centers, &[1.0], 0).expect("blobs").0
}

/// Every `n / k`-th row.
fn spread_rows<F: Float>(x: &Array2<F>, k: usize) -> Array2<F> {
    let rows: Vec<usize> = (0..k).map(|row| row * (x.nrows() / k)).collect();
    x.select(Axis(0), &rows)
}

/// Checks that the parts of the model agree with each other and with `x`.
fn check<F: Float>(model: &KMeansModel<F>, x: &Array2<F>) {
    assert_eq!(model.predict(x).expect("labels"), model.labels());
    let score = model.score(x).expect("a score");
    assert!((score + model.inertia()).abs() <= 1e-12 * model.inertia());
}

/// An epoch and whole fits. Growing batches must reach about the same inertia as Lloyd's iterations.
fn fits<F: Float>(criterion: &mut Criterion, name: &str, x: &Array2<F>, k: usize) {
    let mut group = criterion.benchmark_group(format!("{name}, k = {k}"));
    group.throughput(Throughput::Elements(x.nrows() as u64));
    let batches = MiniBatchKMeans::new(k).n_init(1);
    let epoch = batches.clone().max_iter(1).max_no_improvement(None);
    let growing = batches.growing();
    let lloyd = KMeans::new(k).n_init(1);

    let exact = lloyd.fit(x).expect("a fit");
    for (estimator, most) in [(&epoch, 1.3), (&growing, 1.1)] {
        let model = estimator.fit(x).expect("a fit");
        check(&model, x);
        assert!(
            model.inertia() < most * exact.inertia(),
            "{name}: {model:?}, {exact:?}"
        );
    }
    group.bench_function("one epoch", |bencher| {
        bencher.iter(|| epoch.fit(black_box(x)).expect("a fit"));
    });
    group.bench_function("growing", |bencher| {
        bencher.iter(|| growing.fit(black_box(x)).expect("a fit"));
    });
    group.bench_function("KMeans, n_init = 1", |bencher| {
        bencher.iter(|| lloyd.fit(black_box(x)).expect("a fit"));
    });
}

fn photograph(criterion: &mut Criterion) {
    let photo = photo();
    for k in [8, 64] {
        fits(criterion, "photo", &photo, k);
    }
}

fn clusters(criterion: &mut Criterion) {
    let x = blobs::<f32>(200_000, 16, 100);
    fits(criterion, "blobs 200,000 x 16 f32", &x, 100);
    let x = blobs::<f64>(1_000_000, 2, 50);
    fits(criterion, "blobs 1,000,000 x 2 f64", &x, 50);
}

/// One batch of a stream, after eight others. By then the centroids are close to those of Lloyd's
/// iterations.
fn batch<F: Float>(criterion: &mut Criterion, name: &str, x: &Array2<F>, k: usize) {
    // Rows from all over the data, because neighbouring rows are similar.
    let step = x.nrows() / 8 / 1024;
    let rows = |batch: usize| (0..1024).map(move |i| (8 * i + batch) * step);
    let x = x.select(Axis(0), &(0..8).flat_map(rows).collect::<Vec<_>>());
    let mut stream = MiniBatchKMeans::new(k).online();
    let batches = x.axis_chunks_iter(Axis(0), 1024);
    batches.for_each(|batch| stream.partial_fit(&batch).expect("a batch"));
    assert_eq!((stream.n_rows(), stream.n_batches()), (8 * 1024, 8));
    let found = stream.model().expect("centroids");
    let found = -found.score(&x).expect("a score");
    let exact = KMeans::new(k).n_init(3).fit(&x).expect("a fit").inertia();
    assert!(found < 1.3 * exact, "{name}, k = {k}: {found}, {exact}");
    let batch = x.slice(s![..1024, ..]);
    let mut group = criterion.benchmark_group("partial_fit");
    group.throughput(Throughput::Elements(1024));
    group.bench_function(format!("1,024 rows of {name}, k = {k}"), |bencher| {
        bencher.iter(|| stream.partial_fit(black_box(&batch)).expect("a batch"));
    });
}

fn batches(criterion: &mut Criterion) {
    let photo = photo();
    batch(criterion, "photo", &photo, 8);
    batch(criterion, "photo", &photo, 64);
    batch(
        criterion,
        "blobs x 16 f32",
        &blobs::<f32>(20_000, 16, 100),
        100,
    );
    batch(criterion, "blobs x 2 f64", &blobs::<f64>(20_000, 2, 50), 50);
}

/// One of Lloyd's iterations over blocks: a pass that surveys the rows, one that moves the centroids, and one
/// that labels the rows. The result must be that of the array itself.
fn blocks<F: Float>(criterion: &mut Criterion, name: &str, x: &Array2<F>, k: usize) {
    let start = spread_rows(x, k);
    let kmeans = KMeans::new(k).max_iter(1);
    let options = || FitOptions::new().initial_centroids(&start);
    let fit = || {
        let mut source = ArrayBlocks::new(x, 1 << 15);
        kmeans
            .fit_blocks_with(&mut source, options())
            .expect("a fit")
    };
    let (model, expected) = (fit(), kmeans.fit_with(x, options()).expect("a fit"));
    assert_eq!(model.centroids(), expected.centroids());
    assert_eq!(model.labels(), expected.labels());
    let mut group = criterion.benchmark_group("fit_blocks, one iteration");
    group.throughput(Throughput::Elements(x.nrows() as u64));
    group.bench_function(format!("{name}, k = {k}"), |bencher| bencher.iter(fit));
}

fn passes(criterion: &mut Criterion) {
    blocks(criterion, "photo", &photo(), 8);
    let x = blobs::<f32>(200_000, 16, 100);
    blocks(criterion, "blobs 200,000 x 16 f32", &x, 8);
    blocks(criterion, "blobs 200,000 x 16 f32", &x, 100);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = photograph, clusters, batches, passes
}
criterion_main!(benches);
