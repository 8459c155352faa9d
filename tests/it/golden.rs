//! Results on real data equal those of scikit-learn and of the plain algorithm.

use crate::common::{Expected, assert_coherent, entries, features, naive_lloyd};
use centroid::{FitOptions, Float, KMeans, KMeansModel, Stop};
use ndarray::{Array1, Array2, Axis};

const SETS: [&str; 5] = ["iris", "wine", "breast_cancer", "digits", "blobs500"];

fn tolerance<F: Float>() -> f64 {
    if F::UNIT_ROUNDOFF > 1e-10 {
        1e-5
    } else {
        1e-10
    }
}

fn assert_close<F: Float>(found: f64, expected: f64, story: &str) {
    let error = (found - expected).abs() / expected;
    assert!(
        error <= tolerance::<F>(),
        "{story}: {found} is not {expected}"
    );
}

fn start<F: Float>(x: &Array2<F>, expected: &Expected) -> Array2<F> {
    x.select(Axis(0), &expected.counts("start_rows"))
}

fn fit<F: Float>(x: &Array2<F>, start: &Array2<F>, tol: f64) -> KMeansModel<F> {
    let options = FitOptions::new().initial_centroids(start);
    KMeans::new(start.nrows())
        .tol(tol)
        .fit_with(x, options)
        .unwrap()
}

fn the_same_start_ends_where_scikit_learn_ends<F: Float>() {
    for name in SETS {
        let (x, expected) = (features::<F>(name), Expected::of(name));
        let model = fit(&x, &start(&x, &expected), 0.0);
        assert_eq!(model.labels().to_vec(), expected.counts("labels"), "{name}");
        assert_eq!(model.n_iter(), expected.count("n_iter"), "{name}");
        assert_eq!(
            model.cluster_sizes().to_vec(),
            expected.counts("sizes"),
            "{name}"
        );
        assert_eq!(model.stop(), Stop::Converged, "{name}");
        assert_close::<F>(model.inertia(), expected.number("inertia"), name);
        assert_coherent(&model, &x, None, name);
    }
}

fn the_tolerance_stops_where_scikit_learn_stops<F: Float>() {
    for name in SETS {
        let (x, expected) = (features::<F>(name), Expected::of(name));
        for (tol, prefix) in [(1e-4, "tol"), (0.1, "coarse_tol")] {
            let model = fit(&x, &start(&x, &expected), tol);
            assert_eq!(
                model.n_iter(),
                expected.count(&format!("{prefix}_n_iter")),
                "{name} {tol}"
            );
            let inertia = expected.number(&format!("{prefix}_inertia"));
            assert_close::<F>(model.inertia(), inertia, name);
            assert_coherent(&model, &x, None, name);
        }
    }
}

fn weights_end_where_scikit_learn_ends<F: Float>() {
    for name in SETS {
        let (x, expected) = (features::<F>(name), Expected::of(name));
        let weights: Array1<F> = (0..x.nrows())
            .map(|row| F::from_f64(1.0 + (row % 3) as f64))
            .collect();
        let start = start(&x, &expected);
        let options = FitOptions::new()
            .initial_centroids(&start)
            .weights(&weights);
        let model = KMeans::new(start.nrows())
            .tol(0.0)
            .fit_with(&x, options)
            .unwrap();
        assert_eq!(model.n_iter(), expected.count("weighted_n_iter"), "{name}");
        assert_eq!(
            model.cluster_sizes().to_vec(),
            expected.counts("weighted_sizes"),
            "{name}"
        );
        assert_close::<F>(model.inertia(), expected.number("weighted_inertia"), name);
        assert_coherent(&model, &x, Some(&weights), name);
    }
}

fn the_best_of_many_restarts_is_as_good_as_that_of_scikit_learn<F: Float>() {
    for name in SETS {
        let (x, expected) = (features::<F>(name), Expected::of(name));
        let model = KMeans::new(expected.count("k"))
            .n_init(100)
            .tol(0.0)
            .fit(&x)
            .unwrap();
        let reference = expected.number("best_of_100_inertia");
        assert!(
            model.inertia() <= reference * (1.0 + 1e-6),
            "{name}: {}",
            model.inertia()
        );
        assert_coherent(&model, &x, None, name);
    }
}

fn the_plain_algorithm_gives_the_same_result<F: Float>() {
    for name in ["iris", "wine", "blobs500"] {
        let (x, expected) = (features::<F>(name), Expected::of(name));
        let start = start(&x, &expected);
        let model = fit(&x, &start, 0.0);
        let (centroids, labels, n_iter) = naive_lloyd(&x, &start, None);
        assert_eq!(
            (model.labels().to_vec(), model.n_iter()),
            (labels, n_iter),
            "{name}"
        );
        for (&found, &expected) in model.centroids().iter().zip(&centroids) {
            let error = (found.to_f64() - expected.to_f64()).abs();
            assert!(
                error <= 0.03 * tolerance::<F>() * expected.to_f64().abs(),
                "{name} {found}"
            );
        }
    }
}

fn empty_clusters_are_relocated_as_in_scikit_learn<F: Float>() {
    let of = |key: &str| -> Array2<F> {
        let lines = entries("relocation")
            .into_iter()
            .filter(|(name, _)| name == key);
        let values: Vec<F> = lines
            .flat_map(|(_, line)| line.split(',').map(str::to_owned).collect::<Vec<_>>())
            .map(|value| F::from_f64(value.parse().unwrap()))
            .collect();
        Array2::from_shape_vec((values.len() / 2, 2), values).unwrap()
    };
    let (x, start, expected) = (of("row"), of("start"), Expected::of("relocation"));
    let mut empty = Vec::new();
    let mut observer = |iteration: &centroid::Iteration| {
        empty.push(iteration.empty_clusters);
        std::ops::ControlFlow::Continue(())
    };
    let options = FitOptions::new()
        .initial_centroids(&start)
        .observer(&mut observer);
    let model = KMeans::new(expected.count("k"))
        .tol(0.0)
        .fit_with(&x, options)
        .unwrap();
    assert_eq!(model.labels().to_vec(), expected.counts("labels"));
    assert_eq!(model.n_iter(), expected.count("n_iter"));
    assert_close::<F>(model.inertia(), expected.number("inertia"), "relocation");
    for (found, expected) in model.centroids().iter().zip(&of("centroid")) {
        assert!(
            (found.to_f64() - expected.to_f64()).abs() < 1e-5,
            "{found} {expected}"
        );
    }
    assert!(empty[0] > 0, "{empty:?}");
    assert_coherent(&model, &x, None, "relocation");
}

for_both_types!(
    the_same_start_ends_where_scikit_learn_ends,
    the_tolerance_stops_where_scikit_learn_stops,
    weights_end_where_scikit_learn_ends,
    the_best_of_many_restarts_is_as_good_as_that_of_scikit_learn,
    the_plain_algorithm_gives_the_same_result,
    empty_clusters_are_relocated_as_in_scikit_learn,
);
