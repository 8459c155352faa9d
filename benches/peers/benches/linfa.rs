//! Lloyd's iterations of centroid and of linfa-clustering from the same rows.

use std::hint::black_box;

use centroid::{FitOptions, KMeans, datasets};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::KMeansInit;
use ndarray::{Array2, s};

const ITERATIONS: usize = 10;

fn for_linfa(x: &Array2<f64>) -> ndarray_for_linfa::Array2<f64> {
    let values = x.iter().copied().collect();
    ndarray_for_linfa::Array2::from_shape_vec(x.dim(), values).expect("the shape is the same")
}

fn lloyd(c: &mut Criterion) {
    let mut group = c.benchmark_group("lloyd");
    group.sample_size(10);
    for (n, d, k) in [
        (500, 2, 5),
        (100_000, 3, 8),
        (50_000, 16, 64),
        (10_000, 64, 50),
    ] {
        let centers = datasets::uniform_centers::<f64>(k, d, 0).expect("these are few");
        let (x, _) = datasets::make_blobs(n, &centers, &[1.0], 0).expect("these fit in memory");
        // The rows are in random order, so the first ones come from many blobs.
        let start = x.slice(s![..k, ..]).to_owned();
        let name = format!("{n}x{d}_k{k}");
        group.bench_function(BenchmarkId::new("centroid", &name), |b| {
            let kmeans = KMeans::new(k).max_iter(ITERATIONS).tol(0.0);
            b.iter(|| {
                let options = FitOptions::new().initial_centroids(&start);
                kmeans
                    .fit_with(black_box(&x), options)
                    .map(|model| model.inertia())
            });
        });
        let (data, start) = (DatasetBase::from(for_linfa(&x)), for_linfa(&start));
        group.bench_function(BenchmarkId::new("linfa", &name), |b| {
            b.iter(|| {
                let params = linfa_clustering::KMeans::params(k)
                    .init_method(KMeansInit::Precomputed(start.clone()))
                    .n_runs(1)
                    .max_n_iterations(ITERATIONS as u64)
                    .tolerance(f64::MIN_POSITIVE);
                // linfa returns an error if a fit did not converge, after doing the same work.
                params.fit(black_box(&data)).map(|model| model.inertia())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, lloyd);
criterion_main!(benches);
