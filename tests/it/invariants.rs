//! Results are coherent, exact, and independent of offsets and scales, whatever the data.

use std::ops::ControlFlow;

use crate::common::{
    Numbers, assert_coherent, blobs, each_layout, lattice, naive_lloyd, small_weights, spread_rows,
};
use centroid::{
    ArrayBlocks, ClusterSums, FitOptions, Float, Init, KMeans, KMeansModel, MiniBatchKMeans, Stop,
};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};

fn the_parts_of_a_model_agree_on_every_path<F: Float>() {
    for (n, d, k) in [
        (1, 1, 1),
        (7, 1, 3),
        (40, 2, 40),
        (300, 3, 1),
        (257, 5, 9),
        (600, 20, 30),
    ] {
        for x in [lattice::<F>(n, d, n as u64), blobs::<F>(n, d, k, 5)] {
            let weights = small_weights::<F>(n).mapv(|weight| weight + F::from_f64(0.5));
            for init in [Init::PlusPlus, Init::Random, Init::Parallel] {
                for (max_iter, tol) in [(1, 0.0), (2, 0.0), (300, 0.0), (300, 1e-2)] {
                    let story = format!("{n} {d} {k} {init:?} {max_iter} {tol}");
                    let kmeans = KMeans::new(k)
                        .n_init(3)
                        .init(init)
                        .max_iter(max_iter)
                        .tol(tol);
                    let model = kmeans.fit(&x).unwrap();
                    assert_coherent(&model, &x, None, &story);
                    let options = FitOptions::new().weights(&weights);
                    let model = kmeans.fit_with(&x, options).unwrap();
                    assert_coherent(&model, &x, Some(&weights), &story);
                    let mut stop_at_once = |_: &centroid::Iteration| ControlFlow::Break(());
                    let options = FitOptions::new().observer(&mut stop_at_once);
                    let model = kmeans.fit_with(&x, options).unwrap();
                    assert_eq!(model.stop(), Stop::Interrupted);
                    assert_coherent(&model, &x, None, &story);
                }
            }
        }
    }
}

fn the_plain_algorithm_gives_the_same_result_on_lattices<F: Float>() {
    for (n, d, k) in [
        (50, 1, 4),
        (200, 2, 5),
        (300, 3, 8),
        (300, 17, 6),
        (513, 8, 3),
    ] {
        let x = lattice::<F>(n, d, d as u64);
        let start = spread_rows(&x, k);
        let options = FitOptions::new().initial_centroids(&start);
        let model = KMeans::new(k).tol(0.0).fit_with(&x, options).unwrap();
        let (centroids, labels, n_iter) = naive_lloyd(&x, &start, None);
        assert_eq!(
            (model.labels().to_vec(), model.n_iter()),
            (labels, n_iter),
            "{n} {d} {k}"
        );
        for (found, expected) in model.centroids().iter().zip(&centroids) {
            let error = (found.to_f64() - expected.to_f64()).abs();
            assert!(error <= 16.0 * F::UNIT_ROUNDOFF, "{n} {d} {k}");
        }
    }
}

fn every_layout_gives_the_same_bits<F: Float>() {
    for (n, d, k) in [(100, 3, 4), (300, 6, 5), (40, 1, 3)] {
        let x = blobs::<F>(n, d, k, 3);
        let expected = KMeans::new(k).fit(&x).unwrap();
        each_layout(&x, |x, layout| {
            let model = KMeans::new(k).fit(&x).unwrap();
            assert_eq!(model.labels(), expected.labels(), "{layout}");
            assert_eq!(model.centroids(), expected.centroids(), "{layout}");
            assert_eq!(
                model.inertia().to_bits(),
                expected.inertia().to_bits(),
                "{layout}"
            );
        });
    }
}

/// Far from the origin, f32 keeps only a few digits of the data. What is left is clustered as in f64.
#[test]
fn far_from_the_origin_only_the_rounding_of_the_data_loses_digits() {
    for offset in [0.0, 1e2, 1e4, 1e6] {
        for d in [1, 2, 3, 8, 30] {
            let near = blobs::<f64>(400, d, 6, 9);
            let single = near.mapv(|x| (x + offset) as f32);
            let double = single.mapv(f64::from);
            // The first rows come from different blobs.
            let start_single = single.slice(s![..6, ..]).to_owned();
            let start_double = start_single.mapv(f64::from);
            let kmeans = KMeans::new(6).max_iter(1);
            let options = FitOptions::new().initial_centroids(&start_single);
            let first_single = kmeans.fit_with(&single, options).unwrap();
            let model = KMeansModel::from_centroids(&start_single).unwrap();
            let double_model = KMeansModel::from_centroids(&start_double).unwrap();
            let labels = model.predict(&single).unwrap();
            assert_eq!(
                labels,
                double_model.predict(&double).unwrap(),
                "{offset} {d}"
            );
            assert_coherent(&first_single, &single, None, "offset");
            let options = FitOptions::new().initial_centroids(&start_double);
            let whole = KMeans::new(6).tol(0.0).fit_with(&double, options).unwrap();
            let (_, labels, _) = naive_lloyd(&double, &start_double, None);
            assert_eq!(whole.labels().to_vec(), labels, "{offset} {d}");
        }
    }
}

#[test]
fn centroids_far_from_the_origin_are_accurate_means() {
    let near = blobs::<f64>(1000, 2, 4, 4);
    let far = near.mapv(|x| x + 1e8);
    let model = KMeans::new(4).fit(&far).unwrap();
    for c in 0..4 {
        let rows: Vec<usize> = (0..1000).filter(|&row| model.labels()[row] == c).collect();
        let exact = far
            .select(Axis(0), &rows)
            .mapv(|x| x - 1e8)
            .mean_axis(Axis(0))
            .unwrap();
        for j in 0..2 {
            assert!((model.centroids()[[c, j]] - 1e8 - exact[j]).abs() <= 1.5e-8);
        }
    }
}

fn scaling_by_powers_of_two_scales_all_results<F: Float>() {
    let x = blobs::<F>(300, 4, 5, 2);
    let model = KMeans::new(5).fit(&x).unwrap();
    for exponent in [-90, -30, -3, 7, 40, 90] {
        let scale = F::from_f64(2.0_f64.powi(exponent));
        let scaled = KMeans::new(5).fit(&x.mapv(|x| x * scale)).unwrap();
        assert_eq!(scaled.labels(), model.labels(), "2^{exponent}");
        assert_eq!(
            scaled.centroids(),
            model.centroids().mapv(|c| c * scale),
            "2^{exponent}"
        );
        assert_eq!(scaled.n_iter(), model.n_iter(), "2^{exponent}");
    }
}

fn extreme_magnitudes_give_finite_coherent_models<F: Float>() {
    let max = F::MAX_MAGNITUDE;
    let tiny = F::SMALLEST_NORMAL * F::from_f64(0.125);
    for scale in [
        F::from_f64(1e-30),
        F::from_f64(1e30),
        max * F::from_f64(0.1),
    ] {
        let x = lattice::<F>(60, 3, 8).mapv(|x| x * scale);
        let model = KMeans::new(4).fit(&x).unwrap();
        assert!(model.inertia().is_finite() && model.inertia() > 0.0);
        assert_coherent(&model, &x, None, &format!("{scale}"));
        assert!(
            model
                .transform(&x)
                .unwrap()
                .iter()
                .all(|distance| distance.is_finite())
        );
    }
    let x = array![
        [tiny, max],
        [-max, F::ZERO],
        [F::ZERO, tiny],
        [max, -max],
        [tiny, -tiny]
    ];
    for k in 1..=5 {
        let model = KMeans::new(k).fit(&x).unwrap();
        assert!(model.inertia().is_finite());
        assert!(model.centroids().iter().all(|c| c.is_finite()));
        assert_eq!(model.predict(&x).unwrap(), model.labels());
    }
}

fn fewer_distinct_rows_than_clusters_leave_clusters_empty<F: Float>() {
    let distinct = lattice::<F>(3, 2, 4);
    let x = concatenate![Axis(0), distinct, distinct, distinct, distinct];
    for k in [4, 6, 11, 12] {
        for init in [Init::PlusPlus, Init::Random, Init::Parallel] {
            let model = KMeans::new(k).init(init).fit(&x).unwrap();
            assert_eq!(model.inertia(), 0.0, "{k} {init:?}");
            assert_coherent(&model, &x, None, "duplicates");
            let filled = model
                .cluster_sizes()
                .iter()
                .filter(|&&size| size > 0)
                .count();
            assert_eq!(filled, 3, "{k} {init:?}: {model:?}");
            for (c, &size) in model.cluster_sizes().iter().enumerate() {
                let centroid = model.centroids().row(c).to_owned();
                let centroids = model.centroids();
                let copies = centroids
                    .rows()
                    .into_iter()
                    .filter(|row| *row == centroid)
                    .count();
                assert!(size > 0 || copies > 1, "{k} {init:?}: {model:?}");
            }
            assert!(model.n_iter() < 10, "{k} {init:?}: {}", model.n_iter());
        }
    }
}

/// The rounded mean of equal numbers is not always that number. The points must not appear to be away from
/// their centroid.
fn duplicates_of_long_numbers_converge_quickly<F: Float>() {
    let mut numbers = Numbers::new(5);
    let distinct = Array2::from_shape_simple_fn((4, 3), || F::from_f64(numbers.normal()));
    let rows: Vec<usize> = (0..401).map(|row| row % 4).collect();
    let x = distinct.select(Axis(0), &rows);
    for k in [4, 5, 9, 100] {
        for init in [Init::PlusPlus, Init::Random, Init::Parallel] {
            let model = KMeans::new(k).init(init).fit(&x).unwrap();
            let filled = model
                .cluster_sizes()
                .iter()
                .filter(|&&size| size > 0)
                .count();
            assert_eq!(filled, 4, "{k} {init:?}");
            assert!(model.n_iter() <= 10, "{k} {init:?}: {}", model.n_iter());
            assert!(
                model.inertia() < 1e-12 * 401.0,
                "{k} {init:?}: {}",
                model.inertia()
            );
            assert_coherent(&model, &x, None, "duplicates");
        }
    }
}

/// The start, or rows of weight zero, may be far from the data.
fn distant_starts_and_weightless_rows_do_not_affect_the_result<F: Float>() {
    let x = blobs::<F>(200, 2, 2, 8);
    let expected = KMeans::new(1).fit(&x).unwrap();
    for far in [1e3, 1e6, 1e12, 1e17] {
        let start = Array2::from_elem((1, 2), F::from_f64(far));
        let options = FitOptions::new().initial_centroids(&start);
        let model = KMeans::new(1).fit_with(&x, options).unwrap();
        for (found, expected) in model.centroids().iter().zip(&expected.centroids()) {
            let error = (found.to_f64() - expected.to_f64()).abs();
            assert!(
                error <= 8.0 * F::UNIT_ROUNDOFF,
                "{far}: {found} is not {expected}"
            );
        }
        assert_coherent(&model, &x, None, "far start");
        let outlier = Array2::from_elem((1, 2), F::from_f64(far));
        let with_outlier = concatenate![Axis(0), outlier, x];
        let mut weights = Array1::from_elem(201, F::ONE);
        weights[0] = F::ZERO;
        let options = FitOptions::new().weights(&weights);
        let model = KMeans::new(1).fit_with(&with_outlier, options).unwrap();
        for (found, expected) in model.centroids().iter().zip(&expected.centroids()) {
            let error = (found.to_f64() - expected.to_f64()).abs();
            assert!(
                error <= 8.0 * F::UNIT_ROUNDOFF,
                "{far}: {found} is not {expected}"
            );
        }
        let options = FitOptions::new().weights(&weights);
        let model = KMeans::new(2).fit_with(&with_outlier, options).unwrap();
        let inertia = KMeans::new(2).fit(&x).unwrap().inertia();
        assert!((model.inertia() / inertia - 1.0).abs() < 1e-6, "{far}");
    }
}

/// The mean of one cluster does not lose digits because another cluster is far away.
fn a_distant_row_does_not_affect_the_means_of_other_clusters<F: Float>() {
    for far in [1e8, 1e10, 1e20] {
        let values = [far, 1.0, 2.0, 6.0, 7.0];
        let x = Array2::from_shape_fn((5, 1), |(i, _)| F::from_f64(values[i]));
        let model = KMeans::new(2).fit(&x).unwrap();
        let near = model.centroids()[[model.labels()[1], 0]];
        assert_eq!(near, F::from_f64(4.0), "{far}");
    }
}

fn edge_cases_give_valid_models<F: Float>() {
    let one = array![[F::from_f64(3.0), F::from_f64(4.0)]];
    let model = KMeans::new(1).fit(&one).unwrap();
    assert_eq!((model.labels(), model.inertia()), (array![0].view(), 0.0));
    assert_eq!(model.centroids(), one);

    let x = lattice::<F>(50, 1, 6);
    let model = KMeans::new(1).fit(&x).unwrap();
    let mean: f64 = x.iter().map(|x| x.to_f64()).sum::<f64>() / 50.0;
    assert!((model.centroids()[[0, 0]].to_f64() - mean).abs() <= 8.0 * F::UNIT_ROUNDOFF);
    assert_coherent(&model, &x, None, "one cluster");

    let equal = Array2::from_elem((23, 3), F::from_f64(0.1));
    for k in [1, 2, 3, 23] {
        let model = KMeans::new(k).fit(&equal).unwrap();
        assert_eq!(model.labels(), Array1::<usize>::zeros(23));
        assert_eq!(
            (model.cluster_sizes()[0], model.cluster_sizes().sum()),
            (23, 23)
        );
        assert_eq!((model.inertia(), model.stop()), (0.0, Stop::Converged));
        assert!(model.centroids().iter().all(|&c| c == F::from_f64(0.1)));
    }

    let x = blobs::<F>(30, 2, 3, 7);
    let model = KMeans::new(30).fit(&x).unwrap();
    assert_eq!(model.inertia(), 0.0);
    assert!(model.cluster_sizes().iter().all(|&size| size == 1));
}

/// Counts and sums in f32 would stop growing at 2^24.
#[test]
#[ignore = "17 million rows take long: scripts/deep-checks long"]
fn more_rows_than_f32_can_count_are_counted() {
    let n = (1 << 24) + 1000;
    let x = Array2::from_shape_fn((n, 1), |(i, _)| if i % 2 == 0 { 1.0_f32 } else { 3.0 });
    let start = array![[0.0], [100.0]];
    let options = FitOptions::new().initial_centroids(&start);
    let model = KMeans::new(2).max_iter(1).fit_with(&x, options).unwrap();
    // One row moves to the empty cluster. The mean of the others is 2 to within 1e-7.
    assert!((model.centroids()[[0, 0]] - 2.0).abs() < 1e-6, "{model:?}");
    let one = KMeans::new(1).fit(&x).unwrap();
    assert_eq!(one.centroids()[[0, 0]], 2.0);
    assert_eq!((one.inertia(), one.cluster_sizes()[0]), (n as f64, n));
    let weights = array![3e8_f32, 1.0];
    let pair = array![[0.0_f32], [1.0]];
    let model = KMeans::new(1)
        .fit_with(&pair, FitOptions::new().weights(&weights))
        .unwrap();
    assert_eq!(model.centroids()[[0, 0]], (1.0 / 300_000_001.0_f64) as f32);
}

/// The mean of many equal values of the largest magnitude may be rounded beyond it.
fn means_of_the_largest_values_can_be_clustered_again<F: Float>() {
    for (value, n, d) in [(1.0, 17, 1), (-1.0, 17, 2), (1.0, 3, 2), (-1.0, 1000, 3)] {
        let x = Array2::from_elem((n, d), F::from_f64(value * F::MAX_MAGNITUDE.to_f64()));
        let weights: Array1<F> = (0..n)
            .map(|row| F::from_f64(1.0 / (3 + row) as f64))
            .collect();
        let weighted = FitOptions::new().weights(&weights);
        let batches = MiniBatchKMeans::new(1).batch_size(5);
        for model in [
            KMeans::new(1).fit(&x).unwrap(),
            KMeans::new(1).fit_with(&x, weighted).unwrap(),
            KMeans::new(1)
                .fit_blocks(&mut ArrayBlocks::new(&x, 5))
                .unwrap(),
            batches.fit(&x).unwrap(),
            batches.growing().fit(&x).unwrap(),
        ] {
            KMeansModel::from_centroids(model.centroids()).unwrap();
            assert_coherent(&model, &x, None, &format!("{value} {n} {d}"));
        }
        let start = x.slice(s![..1, ..]);
        let mut sums = ClusterSums::new(1, d).unwrap();
        sums.add_weighted(&x, &weights, &start).unwrap();
        sums.centroids(&start).unwrap();
    }
}

/// Random small problems of every kind. Nothing panics, and all models are coherent.
fn random_problems_give_valid_models<F: Float>() {
    let mut numbers = Numbers::new(99);
    for round in 0..300 {
        let (n, d) = (
            1 + numbers.below(60) as usize,
            1 + numbers.below(20) as usize,
        );
        let k = 1 + numbers.below(n as u64) as usize;
        let spread = 1 + numbers.below(4);
        let scale = 10.0_f64.powi(numbers.below(40) as i32 - 20);
        let offset = [0.0, 0.0, 1.0, 1e5][numbers.below(4) as usize] * scale;
        let x = Array2::from_shape_simple_fn((n, d), || {
            F::from_f64((numbers.below(2 * spread + 1) as f64 - spread as f64) * scale + offset)
        });
        let kmeans = KMeans::new(k).n_init(2).seed(round).tol(0.0);
        let model = kmeans.fit(&x).unwrap();
        assert_coherent(&model, &x, None, &format!("round {round}: {n} {d} {k}"));
        assert_ne!(model.stop(), Stop::Interrupted);
    }
}

for_both_types!(
    the_parts_of_a_model_agree_on_every_path,
    the_plain_algorithm_gives_the_same_result_on_lattices,
    every_layout_gives_the_same_bits,
    scaling_by_powers_of_two_scales_all_results,
    extreme_magnitudes_give_finite_coherent_models,
    fewer_distinct_rows_than_clusters_leave_clusters_empty,
    duplicates_of_long_numbers_converge_quickly,
    distant_starts_and_weightless_rows_do_not_affect_the_result,
    a_distant_row_does_not_affect_the_means_of_other_clusters,
    edge_cases_give_valid_models,
    means_of_the_largest_values_can_be_clustered_again,
    random_problems_give_valid_models,
);
