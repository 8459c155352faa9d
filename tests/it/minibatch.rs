//! Mini-batches: plain, growing, and as a stream.

use std::ops::ControlFlow;

use crate::common::{
    assert_coherent, blobs, each_layout, each_stride, features, lattice, small_weights,
};
use centroid::{Error, FitOptions, Float, Init, KMeans, MiniBatchKMeans, OnlineKMeans, Stop};
use ndarray::{Array1, Array2, ArrayRef1, Axis, array, s};

fn models_are_coherent<F: Float>() {
    for (n, d, k) in [
        (1, 1, 1),
        (7, 2, 3),
        (20, 1, 20),
        (600, 3, 8),
        (3000, 17, 30),
    ] {
        let x = lattice::<F>(n, d, 3);
        let weights = small_weights::<F>(n);
        for estimator in [
            MiniBatchKMeans::new(k).batch_size(64),
            MiniBatchKMeans::new(k).batch_size(64).growing(),
            MiniBatchKMeans::new(k)
                .batch_size(1)
                .max_iter(2)
                .reassignment_ratio(0.0),
            MiniBatchKMeans::new(k)
                .init(Init::Random)
                .n_init(1)
                .max_no_improvement(None)
                .max_iter(3),
            MiniBatchKMeans::new(k).max_iter(1).growing().batch_size(5),
        ] {
            let story = format!("{n} x {d}, {estimator:?}");
            let model = estimator.fit(&x).unwrap();
            assert_coherent(&model, &x, None, &story);
            assert_eq!(model.n_clusters(), k, "{story}");
            if 4 * k <= 3 * (n - 1) {
                let options = FitOptions::new().weights(&weights);
                let model = estimator.fit_with(&x, options).unwrap();
                assert_coherent(&model, &x, Some(&weights), &story);
            }
        }
    }
}

fn layouts_and_orders_do_not_matter<F: Float>() {
    let x = blobs::<F>(500, 5, 6, 1);
    for estimator in [
        MiniBatchKMeans::new(6).batch_size(50),
        MiniBatchKMeans::new(6).batch_size(50).growing(),
    ] {
        let expected = estimator.fit(&x).unwrap();
        each_layout(&x, |view, layout| {
            let model = estimator.fit(&view).unwrap();
            assert_eq!(model.labels(), expected.labels(), "{layout}");
            assert_eq!(model.centroids(), expected.centroids(), "{layout}");
        });
    }
}

/// A step with all data as one batch equals plain loops in f64.
fn a_batch_moves_each_centroid_to_the_mean_of_all_its_rows<F: Float>() {
    let mut stream = MiniBatchKMeans::new(2).online::<F>();
    let f = F::from_f64;
    let row = |x: f64| array![[f(x)]];
    stream.partial_fit(&array![[f(0.0)], [f(16.0)]]).unwrap();
    for (x, expected) in [(2.0, [1.0, 16.0]), (4.0, [2.0, 16.0]), (10.0, [2.0, 13.0])] {
        stream.partial_fit(&row(x)).unwrap();
        let mut centroids: Vec<f64> = stream
            .model()
            .unwrap()
            .centroids()
            .iter()
            .map(|c| c.to_f64())
            .collect();
        centroids.sort_by(f64::total_cmp);
        assert_eq!(centroids, expected, "after {x}");
    }
    let mut weights = stream.cluster_weights().to_vec();
    weights.sort_by(f64::total_cmp);
    assert_eq!(weights, [2.0, 3.0]);
    assert_eq!((stream.n_rows(), stream.n_batches()), (5, 4));
}

fn weights_act_as_repeated_rows_in_a_stream<F: Float>() {
    let x = lattice::<F>(40, 3, 5);
    let weights = small_weights::<F>(40);
    let mut repeated = Vec::new();
    for (row, weight) in x.rows().into_iter().zip(&weights) {
        (0..weight.to_f64() as usize).for_each(|_| repeated.extend(row.iter().copied()));
    }
    let repeated = Array2::from_shape_vec((repeated.len() / 3, 3), repeated).unwrap();
    let start = lattice::<F>(10, 3, 6);
    let stream = || {
        MiniBatchKMeans::new(10)
            .reassignment_ratio(0.0)
            .online::<F>()
    };
    let (mut weighted, mut plain) = (stream(), stream());
    weighted.partial_fit(&start).unwrap();
    plain.partial_fit(&start).unwrap();
    weighted.partial_fit_weighted(&x, &weights).unwrap();
    plain.partial_fit(&repeated).unwrap();
    assert_eq!(weighted.cluster_weights(), plain.cluster_weights());
    let (a, b) = (weighted.model().unwrap(), plain.model().unwrap());
    for (a, b) in a.centroids().iter().zip(b.centroids()) {
        let (a, b) = (a.to_f64(), b.to_f64());
        assert!(
            (a - b).abs() <= 4.0 * F::UNIT_ROUNDOFF * b.abs().max(1.0),
            "{a} {b}"
        );
    }
}

fn weights_are_read_at_any_stride<F: Float>() {
    let x = lattice::<F>(200, 2, 5);
    let weights = small_weights::<F>(200);
    let batches = MiniBatchKMeans::new(3).n_clusters(4).batch_size(50);
    let fit = |weights: &ArrayRef1<F>| {
        let options = FitOptions::new().weights(weights);
        batches.fit_with(&x, options).unwrap()
    };
    let stream = |weights: &ArrayRef1<F>| {
        let mut stream: OnlineKMeans<F> = batches.clone().online();
        stream.partial_fit_weighted(&x, weights).unwrap();
        stream.model().unwrap()
    };
    let (of_fit, of_stream) = (fit(&weights), stream(&weights));
    assert_eq!(of_fit.n_clusters(), 4);
    each_stride(&weights, |weights, stride| {
        assert_eq!(fit(&weights).centroids(), of_fit.centroids(), "{stride}");
        assert_eq!(
            stream(&weights).centroids(),
            of_stream.centroids(),
            "{stride}"
        );
    });
}

fn a_failed_batch_changes_nothing<F: Float>() {
    let good = lattice::<F>(30, 2, 1);
    let bad: [(Array2<F>, Option<Array1<F>>, Error); 6] = [
        (
            lattice(3, 3, 1),
            None,
            Error::DimensionMismatch {
                argument: "batch",
                expected: 2,
                found: 3,
            },
        ),
        (
            array![[F::ONE, F::ONE], [F::ONE, F::INFINITY]],
            None,
            Error::NotFinite {
                argument: "batch",
                row: 1,
                column: 1,
            },
        ),
        (
            array![[F::MAX_MAGNITUDE * F::from_f64(2.0), F::ONE]],
            None,
            Error::TooLarge {
                argument: "batch",
                row: 0,
                column: 0,
            },
        ),
        (
            lattice(3, 2, 1),
            Some(array![F::ONE]),
            Error::LengthMismatch {
                argument: "weights",
                expected: 3,
                found: 1,
            },
        ),
        (
            lattice(2, 2, 1),
            Some(array![F::ONE, -F::ONE]),
            Error::InvalidWeight { index: 1 },
        ),
        (
            lattice(2, 2, 1),
            Some(array![F::ZERO, F::ZERO]),
            Error::ZeroWeights,
        ),
    ];
    // Bad batches arrive both before and after the stream has centroids.
    for first in [2, 30] {
        let mut stream = MiniBatchKMeans::new(5).online();
        let mut untroubled = stream.clone();
        let parts = [good.slice(s![..first, ..]), good.slice(s![first.., ..])];
        for part in parts {
            stream.partial_fit(&part).unwrap();
            untroubled.partial_fit(&part).unwrap();
            for (batch, weights, error) in &bad {
                let result = match weights {
                    Some(weights) => stream.partial_fit_weighted(batch, weights),
                    None => stream.partial_fit(batch),
                };
                assert_eq!(result, Err(*error));
            }
        }
        let (a, b) = (stream.model().unwrap(), untroubled.model().unwrap());
        assert_eq!(a.centroids(), b.centroids());
        assert_eq!(stream.n_rows(), 30);
        assert_eq!(stream.n_batches(), untroubled.n_batches());
        assert_eq!(stream.cluster_weights(), untroubled.cluster_weights());
    }
}

fn huge_offsets_and_scales_are_handled<F: Float>() {
    let x = lattice::<F>(400, 2, 9);
    let fit = |x: &Array2<F>, estimator: &MiniBatchKMeans| estimator.fit(x).unwrap();
    for estimator in [
        MiniBatchKMeans::new(4).batch_size(50),
        MiniBatchKMeans::new(4).batch_size(50).growing(),
    ] {
        let expected = fit(&x, &estimator);
        for scale in [2.0_f64.powi(-60), 2.0_f64.powi(60)] {
            let scaled = x.mapv(|x| x * F::from_f64(scale));
            assert_eq!(
                fit(&scaled, &estimator).labels(),
                expected.labels(),
                "{scale}"
            );
        }
        let shifted = x.mapv(|x| x + F::from_f64(65536.0));
        let model = fit(&shifted, &estimator);
        assert_coherent(&model, &shifted, None, "shifted");
        assert!(model.inertia() < 1.3 * expected.inertia());
    }
}

for_both_types!(
    models_are_coherent,
    layouts_and_orders_do_not_matter,
    a_batch_moves_each_centroid_to_the_mean_of_all_its_rows,
    weights_act_as_repeated_rows_in_a_stream,
    weights_are_read_at_any_stride,
    a_failed_batch_changes_nothing,
    huge_offsets_and_scales_are_handled,
);

#[test]
fn growing_batches_end_at_a_fixed_point_of_lloyd() {
    let x = blobs::<f32>(8000, 4, 12, 2);
    let model = MiniBatchKMeans::new(12).growing().tol(0.0).fit(&x).unwrap();
    assert_eq!(model.stop(), Stop::Converged);
    let centroids = model.centroids().to_owned();
    let options = FitOptions::new().initial_centroids(&centroids);
    let again = KMeans::new(12).fit_with(&x, options).unwrap();
    assert_eq!(again.centroids(), model.centroids());
    assert_eq!(again.labels(), model.labels());
}

/// There are no more passes than `max_iter`, whatever the number of restarts, and no panics.
#[test]
fn growing_batches_respect_max_iter() {
    let x = blobs::<f32>(3000, 2, 3, 2);
    for (max_iter, n_init) in [(1, 1000), (1, usize::MAX), (3, 2)] {
        let estimator = MiniBatchKMeans::new(3).batch_size(100).growing();
        let model = estimator.max_iter(max_iter).n_init(n_init).fit(&x).unwrap();
        assert!(
            model.n_iter() <= max_iter,
            "{} of {max_iter}",
            model.n_iter()
        );
        assert_coherent(&model, &x, None, "few passes");
    }
}

#[test]
fn batches_come_close_to_the_full_fit() {
    let x = features::<f64>("digits");
    let mean = |fit: &dyn Fn(u64) -> f64| (0..10).map(fit).sum::<f64>() / 10.0;
    let full = mean(&|seed| {
        KMeans::new(10)
            .n_init(3)
            .seed(seed)
            .fit(&x)
            .unwrap()
            .inertia()
    });
    let batches = mean(&|seed| {
        MiniBatchKMeans::new(10)
            .seed(seed)
            .fit(&x)
            .unwrap()
            .inertia()
    });
    let growing = mean(&|seed| {
        let estimator = MiniBatchKMeans::new(10).batch_size(200).growing();
        estimator.seed(seed).fit(&x).unwrap().inertia()
    });
    assert!(batches < 1.05 * full, "{batches} {full}");
    assert!(growing < 1.02 * full, "{growing} {full}");
}

/// scikit-learn#23141: the result had fewer clusters than requested.
#[test]
fn centroids_without_rows_are_moved() {
    // All starting centroids except the first are far from all rows.
    let x = blobs::<f64>(300, 2, 4, 8);
    let start = array![[0.0, 0.0], [1e6, 1e6], [-1e6, 1e6], [1e6, -1e6]];
    let fit = |ratio| {
        let options = FitOptions::new().initial_centroids(&start);
        let estimator = MiniBatchKMeans::new(4)
            .batch_size(30)
            .reassignment_ratio(ratio);
        estimator.fit_with(&x, options).unwrap()
    };
    let (moved, left) = (fit(0.01), fit(0.0));
    assert!(moved.cluster_sizes().iter().all(|&size| size > 0));
    assert_eq!(
        left.cluster_sizes()
            .iter()
            .filter(|&&size| size > 0)
            .count(),
        1
    );
    // At most half of the rows of a batch are used at a time, also for data of three rows.
    let tiny = array![[0.0], [1.0], [5.0]];
    let model = MiniBatchKMeans::new(3).fit(&tiny).unwrap();
    assert_eq!(model.inertia(), 0.0);
    assert_eq!(model.cluster_sizes(), array![1, 1, 1]);
}

#[test]
fn equal_rows_leave_clusters_empty() {
    let x = Array2::from_elem((50, 3), 1e8_f32);
    for estimator in [
        MiniBatchKMeans::new(4).batch_size(8),
        MiniBatchKMeans::new(4).batch_size(8).growing(),
        MiniBatchKMeans::new(4).init(Init::Random),
        MiniBatchKMeans::new(4).init(Init::Parallel).growing(),
    ] {
        let model = estimator.fit(&x).unwrap();
        assert_coherent(&model, &x, None, "equal rows");
        assert_eq!(model.inertia(), 0.0);
        assert_eq!(model.cluster_sizes(), array![50, 0, 0, 0]);
        let mut stream = estimator.online();
        stream.partial_fit(&x).unwrap();
        let error = Error::TooFewDistinctRows {
            rows: 1,
            n_clusters: 4,
        };
        assert_eq!(stream.model().unwrap_err(), error);
    }
}

#[test]
fn fits_stop_for_the_reported_reason() {
    let x = blobs::<f32>(2000, 3, 5, 1);
    let estimator = MiniBatchKMeans::new(5).batch_size(100);
    let stop = |estimator: &MiniBatchKMeans| {
        let model = estimator.fit(&x).unwrap();
        (model.stop(), model.n_iter())
    };
    assert_eq!(stop(&estimator).0, Stop::NoImprovement);
    let endless = estimator.clone().max_no_improvement(None).max_iter(3);
    assert_eq!(stop(&endless), (Stop::MaxIterations, 3));
    assert_eq!(stop(&endless.tol(10.0)), (Stop::Tolerance, 1));
}

#[test]
fn observers_see_and_can_stop_a_fit() {
    let x = blobs::<f32>(4000, 3, 5, 1);
    for estimator in [
        MiniBatchKMeans::new(5)
            .batch_size(100)
            .max_no_improvement(None),
        MiniBatchKMeans::new(5).batch_size(100).growing().tol(0.0),
    ] {
        let plain = estimator.fit(&x).unwrap();
        let (mut indices, mut inertias) = (Vec::new(), Vec::new());
        let mut observer = |iteration: &centroid::Iteration| {
            indices.push(iteration.index);
            inertias.push(iteration.inertia);
            ControlFlow::Continue(())
        };
        let options = FitOptions::new().observer(&mut observer);
        let watched = estimator.fit_with(&x, options).unwrap();
        assert_eq!(watched.labels(), plain.labels());
        assert_eq!(watched.inertia().to_bits(), plain.inertia().to_bits());
        assert!(indices.iter().copied().eq(1..=indices.len()));
        // The inertia of a batch is scaled to all rows.
        let last = inertias.last().unwrap() / plain.inertia();
        assert!((0.7..1.3).contains(&last), "{last}");
        let mut left = 2;
        let mut observer = |_: &centroid::Iteration| {
            left -= 1;
            match left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        let options = FitOptions::new().observer(&mut observer);
        let model = estimator.fit_with(&x, options).unwrap();
        assert_eq!(model.stop(), Stop::Interrupted);
        assert_coherent(&model, &x, None, "interrupted");
    }
}

#[test]
fn parameters_are_checked_before_any_work() {
    let x = array![[0.0_f64], [1.0], [2.0]];
    let base = || MiniBatchKMeans::new(2);
    for (estimator, text) in [
        (MiniBatchKMeans::new(0), "n_clusters must be at least 1"),
        (base().batch_size(0), "batch_size must be at least 1"),
        (base().n_init(0), "n_init must be at least 1"),
        (base().max_iter(0), "max_iter must be at least 1"),
        (base().init_size(1), "init_size must be at least n_clusters"),
        (base().tol(f64::NAN), "tol must be 0 or greater"),
        (
            base().reassignment_ratio(-0.1),
            "reassignment_ratio must be between 0 and 1",
        ),
        (
            base().reassignment_ratio(1.1),
            "reassignment_ratio must be between 0 and 1",
        ),
        (
            base().reassignment_ratio(f64::NAN),
            "reassignment_ratio must be between 0 and 1",
        ),
        (
            MiniBatchKMeans::new(4),
            "n_clusters is 4, but there are only 3 rows to cluster",
        ),
    ] {
        assert_eq!(estimator.fit(&x).unwrap_err().to_string(), text);
        assert_eq!(
            estimator.clone().growing().fit(&x).unwrap_err().to_string(),
            text
        );
        if !text.contains("rows to cluster") {
            let mut stream = estimator.online();
            assert_eq!(stream.partial_fit(&x).unwrap_err().to_string(), text);
            assert_eq!(stream.model().unwrap_err().to_string(), text);
        }
    }
    let empty = Array2::<f64>::zeros((0, 2));
    assert_eq!(
        base().fit(&empty).unwrap_err(),
        Error::EmptyData { argument: "x" }
    );
    let nan = array![[0.0], [f64::NAN], [1.0]];
    let error = Error::NotFinite {
        argument: "x",
        row: 1,
        column: 0,
    };
    assert_eq!(base().fit(&nan).unwrap_err(), error);
}

#[test]
fn a_stream_waits_for_as_many_distinct_rows_as_clusters() {
    let mut stream = MiniBatchKMeans::new(3).online::<f32>();
    let missing = |stream: &OnlineKMeans<f32>| stream.model().unwrap_err().to_string();
    let text = |rows| format!("n_clusters is 3, but there were only {rows} distinct rows so far");
    assert_eq!(missing(&stream), text(0));
    assert_eq!(
        stream.partial_fit(&Array2::zeros((1, 0))),
        Err(Error::EmptyData { argument: "batch" })
    );
    stream.partial_fit(&Array2::zeros((0, 2))).unwrap();
    let (no_rows, none) = (Array2::zeros((0, 2)), Array1::zeros(0));
    stream.partial_fit_weighted(&no_rows, &none).unwrap();
    stream
        .partial_fit(&array![[0.0, 0.0], [1.0, 1.0], [0.0, -0.0]])
        .unwrap();
    assert_eq!(missing(&stream), text(2));
    let weights = array![1.0, 0.0];
    stream
        .partial_fit_weighted(&array![[1.0, 1.0], [7.0, 7.0]], &weights)
        .unwrap();
    assert_eq!(missing(&stream), text(2));
    assert_eq!(stream.cluster_weights().len(), 0);
    stream.partial_fit(&array![[9.0, 9.0]]).unwrap();
    let model = stream.model().unwrap();
    let mut first: Vec<f32> = model.centroids().column(0).to_vec();
    first.sort_by(f32::total_cmp);
    assert_eq!(first, [0.0, 1.0, 9.0]);
    let mut weights = stream.cluster_weights().to_vec();
    weights.sort_by(f64::total_cmp);
    assert_eq!(weights, [1.0, 2.0, 2.0]);
    assert_eq!((stream.n_rows(), model.labels().len()), (6, 0));
}

/// Counts in f32 would stop at 2^24 (faiss#1196), and so would a mean in f32.
#[test]
fn long_streams_keep_counting() {
    let mut stream = MiniBatchKMeans::new(1).online::<f32>();
    let many = array![16_777_216.0_f32];
    stream.partial_fit_weighted(&array![[0.0]], &many).unwrap();
    for _ in 0..8 {
        stream
            .partial_fit(&Array2::from_elem((1_000_000, 1), 1.0))
            .unwrap();
    }
    assert_eq!(stream.cluster_weights()[0], 24_777_216.0);
    let mean = stream.model().unwrap().centroids()[[0, 0]];
    assert!((mean - 8_000_000.0 / 24_777_216.0).abs() < 1e-6, "{mean}");
    // Each row moves the mean by less than one unit in the last place of f32.
    let mut stream = MiniBatchKMeans::new(1).online::<f32>();
    stream
        .partial_fit_weighted(&array![[1024.0]], &many)
        .unwrap();
    for _ in 0..4096 {
        stream
            .partial_fit(&Array2::from_elem((256, 1), 1025.0))
            .unwrap();
    }
    let mean = f64::from(stream.model().unwrap().centroids()[[0, 0]]);
    let expected = 1024.0 + 1_048_576.0 / (16_777_216.0 + 1_048_576.0);
    assert!((mean - expected).abs() < 1e-4, "{mean} {expected}");
}

#[test]
fn streams_are_as_good_as_batches() {
    let x = blobs::<f64>(20_000, 2, 5, 4);
    let mut stream = MiniBatchKMeans::new(5).seed(2).online();
    for batch in x.axis_chunks_iter(Axis(0), 200) {
        stream.partial_fit(&batch).unwrap();
    }
    let model = stream.model().unwrap();
    let full = KMeans::new(5).fit(&x).unwrap();
    assert!(-model.score(&x).unwrap() < 1.01 * full.inertia());
}

#[cfg(feature = "serde")]
mod saving {
    use super::*;

    /// A stream that was saved and loaded continues like one that was not, to the bit.
    #[test]
    fn saving_and_loading_a_stream_changes_nothing() {
        fn check<F>(seed: u64)
        where
            F: Float + serde::Serialize + serde::de::DeserializeOwned,
        {
            let mut numbers = crate::common::Numbers::new(seed + 1);
            let mut stream = MiniBatchKMeans::new(7).seed(seed).online::<F>();
            let (mut by_json, mut by_postcard) = (stream.clone(), stream.clone());
            for _ in 0..60 {
                let n = 1 + numbers.below(12) as usize;
                let batch = Array2::from_shape_simple_fn((n, 3), || F::from_f64(numbers.normal()));
                stream.partial_fit(&batch).unwrap();
                by_json.partial_fit(&batch).unwrap();
                by_postcard.partial_fit(&batch).unwrap();
                let text = serde_json::to_string(&by_json).unwrap();
                by_json = serde_json::from_str(&text).unwrap();
                let bytes = postcard::to_allocvec(&by_postcard).unwrap();
                by_postcard = postcard::from_bytes(&bytes).unwrap();
            }
            let expected = stream.model().unwrap();
            for other in [by_json, by_postcard] {
                assert_eq!(other.model().unwrap().centroids(), expected.centroids());
                assert_eq!(other.cluster_weights(), stream.cluster_weights());
                assert_eq!(other.n_rows(), stream.n_rows());
            }
        }
        (0..3).for_each(check::<f32>);
        (0..3).for_each(check::<f64>);
    }

    #[test]
    fn inconsistent_streams_are_rejected() {
        let mut stream = MiniBatchKMeans::new(2).online::<f64>();
        let waiting = serde_json::to_value(&stream).unwrap();
        stream.partial_fit(&array![[0.0, 1.0], [4.0, 2.0]]).unwrap();
        let moving = serde_json::to_value(&stream).unwrap();
        let read =
            |value: &serde_json::Value| serde_json::from_value::<OnlineKMeans<f64>>(value.clone());
        assert!(read(&waiting).is_ok() && read(&moving).is_ok());
        for (key, value) in [
            ("means", serde_json::json!([0.0, 1.0, 2.0])),
            ("means", serde_json::json!([0.0, 1e300, 2.0, 3.0])),
            ("weights", serde_json::json!([1.0])),
            ("weights", serde_json::json!([1.0, -1.0])),
            ("n_features", serde_json::json!(0)),
            ("n_features", serde_json::json!(4)),
            ("rows_since", serde_json::json!(-1.0)),
            ("waiting", serde_json::json!([1.0, 2.0])),
        ] {
            let mut broken = moving.clone();
            broken[key] = value;
            assert!(read(&broken).is_err(), "{key}");
        }
        let mut two = MiniBatchKMeans::new(3).online::<f64>();
        two.partial_fit(&array![[0.0, 1.0], [4.0, 2.0]]).unwrap();
        let two = serde_json::to_value(&two).unwrap();
        assert!(read(&two).is_ok());
        for (key, value) in [
            ("weights", serde_json::json!([1.0, 0.0])),
            ("waiting", serde_json::json!([0.0, 1.0, -0.0, 1.0])),
            ("waiting", serde_json::json!([0.0, 1.0])),
        ] {
            let mut broken = two.clone();
            broken[key] = value;
            assert!(read(&broken).is_err(), "{key}");
        }
        let bytes = postcard::to_allocvec(&stream).unwrap();
        for len in 0..bytes.len() {
            assert!(postcard::from_bytes::<OnlineKMeans<f64>>(&bytes[..len]).is_err());
        }
    }
}
