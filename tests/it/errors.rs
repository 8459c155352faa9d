//! Bad input gives the right error variant and text, and has no other effect.

use std::ops::ControlFlow;

use crate::common::lattice;
use centroid::selection::Folds;
use centroid::semi_supervised::{Propagation, label_requests, propagate};
use centroid::{Error, FitOptions, Init, KMeans, KMeansModel, init};
use ndarray::{Array1, Array2, Axis, array};

fn assert_text(error: Error, expected: Error, text: &str) {
    assert_eq!(error, expected);
    assert_eq!(error.to_string(), text);
}

fn fit_error(kmeans: &KMeans, x: &Array2<f64>) -> Error {
    kmeans.fit(x).unwrap_err()
}

#[test]
fn errors_can_be_passed_on_and_compared() {
    fn is_useful<E: std::error::Error + Clone + PartialEq + Send + Sync + 'static>() {}
    is_useful::<Error>();
}

#[test]
fn empty_data_is_rejected() {
    for shape in [(0, 3), (3, 0), (0, 0)] {
        let x = Array2::<f64>::zeros(shape);
        let text = "x: there are no values";
        assert_text(
            fit_error(&KMeans::new(1), &x),
            Error::EmptyData { argument: "x" },
            text,
        );
        assert_text(
            init::kmeans_plusplus(&x, 1, 0).unwrap_err(),
            Error::EmptyData { argument: "x" },
            text,
        );
        assert_text(
            KMeansModel::from_centroids(x).unwrap_err(),
            Error::EmptyData {
                argument: "centroids",
            },
            "centroids: there are no values",
        );
    }
    let model = KMeansModel::from_centroids(array![[0.0]]).unwrap();
    assert_eq!(
        model.representatives(&Array2::zeros((0, 1))),
        Err(Error::EmptyData { argument: "x" })
    );
}

#[test]
fn more_clusters_than_rows_are_rejected() {
    let x = lattice::<f64>(4, 2, 1);
    let expected = Error::TooFewRows {
        rows: 4,
        n_clusters: 5,
    };
    let text = "n_clusters is 5, but there are only 4 rows to cluster";
    assert_text(fit_error(&KMeans::new(5), &x), expected, text);
    assert_text(init::kmeans_plusplus(&x, 5, 0).unwrap_err(), expected, text);
    let weights = array![1.0, 0.0, 2.0, 0.0];
    let error = KMeans::new(3)
        .fit_with(&x, FitOptions::new().weights(&weights))
        .unwrap_err();
    assert_eq!(
        error,
        Error::TooFewRows {
            rows: 2,
            n_clusters: 3
        }
    );
}

#[test]
fn nonfinite_values_are_reported_by_row_and_column() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (row, column) in [(0, 0), (2, 1), (299, 2)] {
            let mut x = lattice::<f64>(300, 3, 1);
            x[[row, column]] = bad;
            x[[299, 2]] = bad;
            let expected = Error::NotFinite {
                argument: "x",
                row,
                column,
            };
            let text = format!("x: row {row}, column {column} is NaN or infinite");
            assert_text(fit_error(&KMeans::new(2), &x), expected, &text);
            let columns = x.t().as_standard_layout().into_owned();
            assert_eq!(KMeans::new(2).fit(&columns.t()).unwrap_err(), expected);
            assert_eq!(init::kmeans_plusplus(&x, 2, 0).unwrap_err(), expected);
            let model = KMeansModel::from_centroids(lattice::<f64>(2, 3, 1)).unwrap();
            assert_eq!(model.predict(&x).unwrap_err(), expected);
            assert_eq!(model.transform(&x).unwrap_err(), expected);
            assert_eq!(model.affinities(&x, 1.0).unwrap_err(), expected);
            assert_eq!(model.score(&x).unwrap_err(), expected);
            assert_eq!(model.representatives(&x).unwrap_err(), expected);
            let centroids = KMeansModel::from_centroids(&x).unwrap_err().to_string();
            assert_eq!(centroids, text.replace("x:", "centroids:"));
            let one = model.predict_one(&x.row(row)).unwrap_err().to_string();
            let text = format!("row: row 0, column {column} is NaN or infinite");
            assert_eq!(one, text);
        }
    }
    let mut start = lattice::<f32>(2, 3, 1);
    start[[1, 2]] = f32::NAN;
    let options = FitOptions::new().initial_centroids(&start);
    let error = KMeans::new(2)
        .fit_with(&lattice::<f32>(9, 3, 1), options)
        .unwrap_err();
    let text = "initial centroids: row 1, column 2 is NaN or infinite";
    assert_eq!(error.to_string(), text);
}

#[test]
fn values_whose_distances_overflow_are_rejected() {
    let mut x = lattice::<f32>(9, 2, 1);
    x[[7, 1]] = -2e35;
    let text = "x: row 7, column 1 is too large in magnitude for distances to be computed";
    let error = KMeans::new(2).fit(&x).unwrap_err();
    assert_text(
        error,
        Error::TooLarge {
            argument: "x",
            row: 7,
            column: 1,
        },
        text,
    );
    let mut x = lattice::<f64>(9, 2, 1);
    x[[7, 1]] = 2e90;
    assert_eq!(
        fit_error(&KMeans::new(2), &x),
        Error::TooLarge {
            argument: "x",
            row: 7,
            column: 1
        }
    );
}

#[test]
fn other_numbers_of_features_are_rejected() {
    let model = KMeansModel::from_centroids(lattice::<f64>(2, 3, 1)).unwrap();
    let (x, expected) = (
        lattice(5, 4, 2),
        Error::DimensionMismatch {
            argument: "x",
            expected: 3,
            found: 4,
        },
    );
    assert_text(
        model.predict(&x).unwrap_err(),
        expected,
        "x: expected 3 columns, found 4",
    );
    assert_eq!(model.transform(&x).unwrap_err(), expected);
    assert_eq!(model.affinities(&x, 1.0).unwrap_err(), expected);
    assert_eq!(model.score(&x).unwrap_err(), expected);
    assert_eq!(model.representatives(&x).unwrap_err(), expected);
    let one = model.predict_one(&x.row(0)).unwrap_err();
    assert_eq!(one.to_string(), "row: expected 3 columns, found 4");
    let start = lattice::<f64>(2, 3, 1);
    let options = FitOptions::new().initial_centroids(&start);
    let error = KMeans::new(2).fit_with(&x, options).unwrap_err();
    let text = "initial centroids: expected 4 columns, found 3";
    assert_eq!(error.to_string(), text);
}

#[test]
fn mismatched_lengths_are_rejected_and_outputs_left_unchanged() {
    let (x, model) = (
        lattice(5, 3, 2),
        KMeansModel::from_centroids(lattice(2, 3, 1)).unwrap(),
    );
    let mut labels = Array1::from_elem(4, 77);
    let error = model.predict_into(&x, &mut labels).unwrap_err();
    let expected = Error::LengthMismatch {
        argument: "labels",
        expected: 5,
        found: 4,
    };
    assert_text(error, expected, "labels: expected 5 entries, found 4");
    assert_eq!(labels, Array1::from_elem(4, 77));
    let mut distances = Array2::<f64>::from_elem((4, 2), 77.0);
    let error = model.transform_into(&x, &mut distances).unwrap_err();
    let text = "distances: expected 5 entries, found 4";
    assert_eq!(error.to_string(), text);
    let mut distances = Array2::<f64>::from_elem((5, 3), 77.0);
    let error = model.transform_into(&x, &mut distances).unwrap_err();
    let text = "distances: expected 2 columns, found 3";
    assert_eq!(error.to_string(), text);
    assert_eq!(distances, Array2::from_elem((5, 3), 77.0));
    let weights = array![1.0, 1.0];
    let error = KMeans::new(2)
        .fit_with(&x, FitOptions::new().weights(&weights))
        .unwrap_err();
    let text = "weights: expected 5 entries, found 2";
    assert_eq!(error.to_string(), text);
    let start = lattice::<f64>(3, 3, 1);
    let options = FitOptions::new().initial_centroids(&start);
    let error = KMeans::new(2).fit_with(&x, options).unwrap_err();
    let text = "initial centroids: expected 2 entries, found 3";
    assert_eq!(error.to_string(), text);
}

#[test]
fn invalid_weights_are_reported_by_index() {
    let x = lattice::<f64>(4, 2, 1);
    let error = |weights: Array1<f64>| {
        let options = FitOptions::new().weights(&weights);
        KMeans::new(1).fit_with(&x, options).unwrap_err()
    };
    for (weights, index) in [
        (array![1.0, -1.0, 1.0, -2.0], 1),
        (array![1.0, 1.0, f64::NAN, 1.0], 2),
        (array![1.0, 1.0, 1.0, f64::INFINITY], 3),
    ] {
        let text = format!("weights: entry {index} is negative, too large or not a number");
        assert_text(error(weights), Error::InvalidWeight { index }, &text);
    }
    let zeros = error(Array1::zeros(4));
    assert_text(zeros, Error::ZeroWeights, "weights: all are zero");
}

#[test]
fn parameters_out_of_range_are_named() {
    let x = lattice::<f64>(4, 2, 1);
    let text = |kmeans: &KMeans| fit_error(kmeans, &x).to_string();
    assert_eq!(text(&KMeans::new(0)), "n_clusters must be at least 1");
    assert_eq!(text(&KMeans::new(1).n_init(0)), "n_init must be at least 1");
    assert_eq!(
        text(&KMeans::new(1).max_iter(0)),
        "max_iter must be at least 1"
    );
    for tol in [-1e-9, f64::NAN] {
        assert_eq!(text(&KMeans::new(1).tol(tol)), "tol must be 0 or greater");
    }
    let error = init::kmeans_plusplus(&x, 0, 0).unwrap_err();
    let name = "n_clusters";
    assert_eq!(
        error,
        Error::InvalidParameter {
            name,
            requirement: "at least 1"
        }
    );
    let model = KMeansModel::from_centroids(array![[0.0, 0.0]]).unwrap();
    for gamma in [-1.0, f64::NAN, f64::INFINITY] {
        let error = model.affinities(&x, gamma).unwrap_err();
        assert_eq!(error.to_string(), "gamma must be finite and 0 or greater");
    }
    if let Some(many) = 1_usize.checked_shl(33) {
        assert_eq!(
            text(&KMeans::new(many)),
            "n_clusters must be at most 4294967295"
        );
    }
}

/// A view that repeats one value with a stride of 0 may have more rows than fit in memory.
#[test]
fn arrays_that_do_not_fit_in_memory_are_rejected() {
    let model = KMeansModel::from_centroids(array![[0.0]]).unwrap();
    let one = array![0.0];
    let rows = 1_usize << (usize::BITS - 4);
    let x = one.broadcast(rows).unwrap().insert_axis(Axis(1));
    let expected = Error::ResultTooLarge { rows, columns: 1 };
    let text = format!("an array of {rows} x 1 values does not fit in memory");
    assert_text(KMeans::new(1).fit(&x).unwrap_err(), expected, &text);
    assert_eq!(model.predict(&x).unwrap_err(), expected);
    assert_eq!(model.transform(&x).unwrap_err(), expected);
    assert_eq!(init::kmeans_plusplus(&x, 1, 0).unwrap_err(), expected);
}

#[test]
fn a_start_without_rounds_or_rows_is_an_error() {
    let x = lattice::<f64>(50, 2, 1);
    for (rounds, oversampling, name) in [(0, 2, "rounds"), (5, 0, "oversampling")] {
        let init = Init::ParallelWith {
            rounds,
            oversampling,
        };
        let requirement = "at least 1";
        let expected = Error::InvalidParameter { name, requirement };
        assert_eq!(KMeans::new(2).init(init).fit(&x).unwrap_err(), expected);
    }
}

/// Every initialization gives the same errors, and fits unusual input that is valid.
#[test]
fn every_init_handles_unusual_input() {
    let few = Init::ParallelWith {
        rounds: 1,
        oversampling: 1,
    };
    for init in [Init::PlusPlus, Init::Random, Init::Parallel, few] {
        let kmeans = |k| KMeans::new(k).init(init).n_init(2);
        let x = lattice::<f64>(60, 3, 1);
        let mut broken = x.clone();
        broken[[7, 1]] = f64::NAN;
        let at = Error::NotFinite {
            argument: "x",
            row: 7,
            column: 1,
        };
        assert_eq!(kmeans(2).fit(&broken).unwrap_err(), at);
        let empty = ndarray::Array2::<f64>::zeros((0, 3));
        assert_eq!(
            kmeans(2).fit(&empty).unwrap_err(),
            Error::EmptyData { argument: "x" }
        );
        assert!(matches!(
            kmeans(0).fit(&x),
            Err(Error::InvalidParameter { .. })
        ));
        let (rows, n_clusters) = (60, 61);
        let expected = Error::TooFewRows { rows, n_clusters };
        assert_eq!(kmeans(61).fit(&x).unwrap_err(), expected);
        let one = x.slice(ndarray::s![..1, ..]);
        assert_eq!(kmeans(1).fit(&one).unwrap().inertia(), 0.0);
        assert_eq!(kmeans(60).fit(&x).unwrap().labels().len(), 60);
        let equal = ndarray::Array2::from_elem((5000, 3), 0.1_f64);
        assert_eq!(kmeans(4).fit(&equal).unwrap().inertia(), 0.0);
        let strided = x.slice(ndarray::s![..;-2, ..]);
        let whole = strided.to_owned();
        let same = kmeans(5).fit(&whole).unwrap();
        assert_eq!(kmeans(5).fit(&strided).unwrap().labels(), same.labels());
        // Integers stay exact at this offset, so only their position changes.
        let far = kmeans(5).fit(&(&whole + (1_u64 << 40) as f64)).unwrap();
        assert_eq!(far.labels(), same.labels());
        // A row of weight zero does not count, so it may be anywhere.
        let mut weights = Array1::<f64>::ones(60);
        weights[3] = 0.0;
        let mut other = x.clone();
        other[[3, 0]] = 1e6;
        let weighted = |x| {
            let options = FitOptions::new().weights(&weights);
            kmeans(5).fit_with(x, options).unwrap().inertia()
        };
        assert_eq!(weighted(&x), weighted(&other), "{init:?}");
    }
}

#[test]
fn invalid_labels_and_percentiles_are_rejected() {
    let model = KMeansModel::from_centroids(array![[0.0], [1.0], [2.0]]).unwrap();
    let x = array![[0.5], [f64::NAN]];
    let of = |labels: &[char], propagation| propagate(&model, &x, labels, propagation).unwrap_err();
    for labels in [&['a', 'b'][..], &[], &['a'; 4]] {
        let n = labels.len();
        let text = format!("cluster labels: expected 3 entries, found {n}");
        assert_eq!(of(labels, Propagation::All).to_string(), text);
    }
    let text = "percentile must be between 0 and 100";
    for percentile in [-0.1, 100.1, f64::NAN, f64::INFINITY] {
        let error = of(&['a'; 3], Propagation::Closest { percentile });
        assert_eq!(error.to_string(), text);
    }
    let at = Error::NotFinite {
        argument: "x",
        row: 1,
        column: 0,
    };
    assert_eq!(of(&['a'; 3], Propagation::All), at);
    assert_eq!(label_requests(&model, &x).unwrap_err(), at);
    assert_eq!(model.outlier_scores(&x).unwrap_err(), at);
    assert_eq!(model.cluster_spreads(&x).unwrap_err(), at);
    let (expected, found) = (1, 2);
    let wide = Error::DimensionMismatch {
        argument: "x",
        expected,
        found,
    };
    let x = array![[0.5, 1.0]];
    let error = propagate(&model, &x, &['a'; 3], Propagation::All).unwrap_err();
    assert_eq!(error, wide);
    assert_eq!(label_requests(&model, &x).unwrap_err(), wide);
    assert_eq!(model.outlier_scores(&x).unwrap_err(), wide);
}

#[test]
fn invalid_folds_are_rejected() {
    for (rows, n_folds) in [(5, 0), (5, 1), (5, 6), (1, 2), (0, 2), (0, 0)] {
        let expected = Error::InvalidFoldCount { n_folds, rows };
        let text = format!(
            "n_folds is {n_folds}, but must be at least 2 and at most {rows}, the number of rows"
        );
        assert_text(Folds::plain(rows, n_folds).unwrap_err(), expected, &text);
        let error = Folds::stratified(vec!['a'; rows], n_folds).unwrap_err();
        assert_eq!(error, expected);
    }
}

#[test]
fn errors_come_before_any_work() {
    let mut x = lattice::<f64>(50, 2, 1);
    x[[49, 1]] = f64::NAN;
    let mut calls = 0;
    let mut observer = |_: &centroid::Iteration| {
        calls += 1;
        ControlFlow::Continue(())
    };
    let options = FitOptions::new().observer(&mut observer);
    assert!(
        KMeans::new(2)
            .init(Init::Random)
            .fit_with(&x, options)
            .is_err()
    );
    assert_eq!(calls, 0);
    let model = KMeansModel::from_centroids(lattice(2, 2, 1)).unwrap();
    let mut labels = Array1::from_elem(50, 77);
    assert!(model.predict_into(&x, &mut labels).is_err());
    assert_eq!(labels, Array1::from_elem(50, 77));
}
