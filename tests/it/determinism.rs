//! Results have the same bits with any number of threads, and a seed gives the same rows in every version.

use crate::common::{blobs, small_weights};
use centroid::{
    ArrayBlocks, ClusterSums, FitOptions, Float, Init, KMeans, MiniBatchKMeans, init, metrics,
};
use ndarray::{Array1, Array2, Axis, array, s};

fn bits<F: Float>(values: impl IntoIterator<Item = F>) -> Vec<u64> {
    values
        .into_iter()
        .map(|value| value.to_f64().to_bits())
        .collect()
}

/// The bits of everything that can be computed from the data.
fn everything<F: Float>(x: &Array2<F>, k: usize) -> Vec<Vec<u64>> {
    let indices = |values: Vec<usize>| values.into_iter().map(|value| value as u64).collect();
    let weights = small_weights(x.nrows());
    let mut all = vec![indices(init::kmeans_plusplus(x, k, 3).unwrap().1.to_vec())];
    for init in [Init::PlusPlus, Init::Random, Init::Parallel] {
        for options in [FitOptions::new(), FitOptions::new().weights(&weights)] {
            let kmeans = KMeans::new(k).init(init).n_init(3).max_iter(20);
            let model = kmeans.fit_with(x, options).unwrap();
            all.push(indices(model.labels().to_vec()));
            all.push(bits(model.centroids().iter().copied()));
            all.push(vec![model.inertia().to_bits(), model.n_iter() as u64]);
            all.push(indices(model.predict(x).unwrap().to_vec()));
            all.push(bits(model.transform(x).unwrap()));
            all.push(vec![model.score(x).unwrap().to_bits()]);
            all.push(indices(model.representatives(x).unwrap().to_vec()));
        }
    }
    all.extend(scores(x, k));
    all.extend(batches_and_blocks(x, k));
    all
}

/// The bits of mini-batches, a stream, and passes over blocks.
fn batches_and_blocks<F: Float>(x: &Array2<F>, k: usize) -> Vec<Vec<u64>> {
    let batches = MiniBatchKMeans::new(k).batch_size(500).max_iter(5);
    let mut stream = batches.clone().online();
    let mut sums = ClusterSums::new(k, x.ncols()).unwrap();
    let start = x.slice(s![..k, ..]).to_owned();
    for batch in x.axis_chunks_iter(Axis(0), 3000) {
        stream.partial_fit(&batch).unwrap();
        sums.add(&batch, &start).unwrap();
    }
    let models = [
        batches.fit(x).unwrap(),
        batches.growing().fit(x).unwrap(),
        stream.model().unwrap(),
        KMeans::new(k)
            .n_init(1)
            .max_iter(5)
            .fit_blocks(&mut ArrayBlocks::new(x, 1000))
            .unwrap(),
    ];
    let mut all = vec![
        bits(sums.centroids(&start).unwrap()),
        bits([sums.inertia()]),
    ];
    for model in models {
        all.push(bits(model.centroids().iter().copied()));
        all.push(vec![model.inertia().to_bits(), model.n_iter() as u64]);
    }
    all
}

/// The bits of scores of a few thousand rows, with cyclic labels.
fn scores<F: Float>(x: &Array2<F>, k: usize) -> Vec<Vec<u64>> {
    let x = x.slice(s![..x.nrows().min(5_000), ..]);
    let labels: Array1<usize> = (0..x.nrows()).map(|row| row % k).collect();
    let sampled = metrics::silhouette_score_sampled(&x, &labels, 500, 1).unwrap();
    vec![
        bits(metrics::silhouette_samples(&x, &labels).unwrap()),
        bits(metrics::simplified_silhouette_samples(&x, &labels).unwrap()),
        bits(metrics::sq_euclidean_silhouette_samples(&x, &labels).unwrap()),
        bits([sampled.score, sampled.standard_error]),
        bits([metrics::calinski_harabasz_score(&x, &labels).unwrap()]),
        bits([metrics::davies_bouldin_score(&x, &labels).unwrap()]),
    ]
}

fn results_do_not_depend_on_the_number_of_threads<F: Float>() {
    // Small work on one thread, parallel restarts, and parallel passes.
    for (n, d, k) in [
        (200, 3, 4),
        (2_000, 10, 12),
        (20_000, 3, 20),
        (2_000, 60, 50),
    ] {
        let x = blobs::<F>(n, d, k, 1);
        let expected = everything(&x, k);
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let found = pool.install(|| everything(&x, k));
            assert!(found == expected, "{n} x {d}, k = {k} on {threads} threads");
        }
    }
}

fn equal_seeds_give_equal_results_and_different_seeds_do_not<F: Float>() {
    let x = blobs::<F>(300, 2, 10, 1);
    let fit = |seed| {
        KMeans::new(10)
            .init(Init::Random)
            .n_init(1)
            .seed(seed)
            .fit(&x)
            .unwrap()
    };
    assert_eq!(fit(5).labels(), fit(5).labels());
    assert_ne!(fit(5).labels(), fit(6).labels());
}

/// Literal results, which a change of a random stream would change.
#[test]
fn the_rows_chosen_for_a_seed_are_stable() {
    let x = Array2::from_shape_fn((40, 2), |(i, j)| ((i * 37 + j * 11) % 41) as f64);
    let rows = |seed| init::kmeans_plusplus(&x, 5, seed).unwrap().1;
    assert_eq!(rows(0), array![20, 25, 23, 37, 21]);
    assert_eq!(rows(42), array![26, 32, 0, 8, 3]);
    let random = |seed| {
        let kmeans = KMeans::new(3)
            .init(Init::Random)
            .n_init(1)
            .max_iter(1)
            .seed(seed);
        kmeans.fit(&x).unwrap().inertia()
    };
    assert_eq!([random(0), random(42)], [1661.187074829932, 7462.681640625]);
}

#[test]
fn concurrent_fits_do_not_affect_each_other() {
    let x = blobs::<f32>(20_000, 3, 8, 2);
    let expected = KMeans::new(8).fit(&x).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let model = KMeans::new(8).fit(&x).unwrap();
                assert_eq!(model.labels(), expected.labels());
                assert_eq!(model.inertia().to_bits(), expected.inertia().to_bits());
            });
        }
    });
}

for_both_types!(
    results_do_not_depend_on_the_number_of_threads,
    equal_seeds_give_equal_results_and_different_seeds_do_not,
);
