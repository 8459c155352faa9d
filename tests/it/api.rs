//! Each part of the public interface does what its documentation says.

use std::fmt::Debug;
use std::ops::ControlFlow;

use crate::common::{
    assert_coherent, blobs, each_layout, each_stride, lattice, naive_labels, small_weights,
    spread_rows, sq_dist,
};
use centroid::selection::{Folds, GapStatistic, GridSearch, Sweep};
use centroid::semi_supervised::{LabelRequest, Propagated};
use centroid::{
    Algorithm, BlocksError, ClusterSums, FitOptions, Float, Init, Iteration, KMeans, KMeansModel,
    MiniBatchKMeans, OnlineKMeans, Stop, init,
};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, array, concatenate, s};

#[test]
fn types_can_be_copied_compared_shared_and_printed() {
    fn is_useful<T: Clone + Debug + PartialEq + Send + Sync>() {}
    fn can_be_sent<T: Debug + Send>() {}
    is_useful::<KMeans>();
    is_useful::<KMeansModel<f32>>();
    is_useful::<MiniBatchKMeans>();
    is_useful::<OnlineKMeans<f32>>();
    is_useful::<ClusterSums<f32>>();
    is_useful::<Sweep<f32>>();
    is_useful::<GapStatistic>();
    is_useful::<GridSearch<usize>>();
    is_useful::<Folds>();
    is_useful::<Propagated<char, f32>>();
    is_useful::<LabelRequest>();
    can_be_sent::<BlocksError<f32>>();
    can_be_sent::<FitOptions<'_, f32>>();
    is_useful::<Init>();
    is_useful::<Algorithm>();
    is_useful::<Iteration>();
    is_useful::<Stop>();
    is_useful::<centroid::Error>();
    assert!(format!("{:?}", FitOptions::<f64>::new()).starts_with("FitOptions"));
    let model = KMeansModel::from_centroids(array![[1.5]]).unwrap();
    assert!(format!("{model:?}").contains("1.5"));
}

#[test]
fn models_are_equal_if_all_that_they_say_is() {
    let x = lattice::<f64>(60, 2, 1);
    let fit = |k| KMeans::new(k).fit(&x).unwrap();
    let model = fit(3);
    assert_eq!(model, fit(3));
    assert_ne!(model, fit(4));
    let centroids = KMeansModel::from_centroids(model.centroids()).unwrap();
    assert_ne!(model, centroids);
    let options = FitOptions::new().keep_labels(false);
    let unlabelled = KMeans::new(3).fit_with(&x, options).unwrap();
    assert_ne!(model, unlabelled);
    let (of_model, labels) = model.clone().into_parts();
    assert_eq!(
        (of_model.view(), labels.view()),
        (model.centroids(), model.labels())
    );
    assert_eq!(centroids.into_centroids(), of_model);
    assert_eq!(model.into_labels(), labels);
    assert!(unlabelled.into_labels().is_empty());
}

#[test]
fn arrays_views_slices_and_transposes_give_equal_results() {
    let x = lattice::<f64>(30, 2, 1);
    let reference: &ArrayRef2<f64> = &x;
    let shared = x.to_shared();
    for labels in [
        KMeans::new(3).fit(&x).unwrap(),
        KMeans::new(3).fit(&x.view()).unwrap(),
        KMeans::new(3).fit(&x.slice(s![.., ..])).unwrap(),
        KMeans::new(3).fit(&x.t().t()).unwrap(),
        KMeans::new(3).fit(&shared).unwrap(),
        KMeans::new(3).fit(reference).unwrap(),
    ] {
        assert_eq!(labels.labels(), KMeans::new(3).fit(&x).unwrap().labels());
    }
}

fn all_forms_of_prediction_agree<F: Float>() {
    let model = KMeans::new(7).fit(&blobs::<F>(300, 5, 7, 1)).unwrap();
    let new = blobs::<F>(200, 5, 7, 2);
    let (labels, distances) = (model.predict(&new).unwrap(), model.transform(&new).unwrap());
    assert_eq!(distances.dim(), (200, 7));
    each_layout(&new, |new, layout| {
        assert_eq!(model.predict(&new).unwrap(), labels, "{layout}");
        assert_eq!(model.transform(&new).unwrap(), distances, "{layout}");
        let mut into = Array1::zeros(200);
        model.predict_into(&new, &mut into).unwrap();
        assert_eq!(into, labels, "{layout}");
        let mut sparse = Array1::zeros(400);
        model
            .predict_into(&new, &mut sparse.slice_mut(s![..;2]))
            .unwrap();
        assert_eq!(sparse.slice(s![..;2]), labels, "{layout}");
        let mut into = Array2::from_elem((200, 7), F::ZERO);
        model.transform_into(&new, &mut into).unwrap();
        assert_eq!(into, distances, "{layout}");
        for (i, row) in new.rows().into_iter().enumerate() {
            let (label, distance) = model.predict_one(&row).unwrap();
            assert_eq!(
                (label, distance),
                (labels[i], distances[[i, label]]),
                "{layout}"
            );
        }
    });
    let mut columns = Array2::from_elem((7, 200), F::ZERO);
    model
        .transform_into(&new, &mut columns.view_mut().reversed_axes())
        .unwrap();
    assert_eq!(columns.t(), distances);
}

fn transform_gives_euclidean_distances_with_the_minimum_at_the_label<F: Float>() {
    for d in [1, 2, 3, 4, 5, 8, 13, 40] {
        let x = blobs::<F>(150, d, 4, d as u64);
        let model = KMeans::new(4).fit(&x).unwrap();
        let distances = model.transform(&x).unwrap();
        for (i, row) in x.rows().into_iter().enumerate() {
            for (c, centroid) in model.centroids().rows().into_iter().enumerate() {
                let expected = sq_dist(&row.to_vec(), &centroid.to_vec()).sqrt();
                let error = (distances[[i, c]].to_f64() - expected).abs();
                assert!(error <= 4.0 * F::UNIT_ROUNDOFF * expected, "d = {d}");
            }
            let own = distances[[i, model.labels()[i]]];
            assert!(
                distances.row(i).iter().all(|&other| other >= own),
                "d = {d}"
            );
        }
    }
}

fn affinities_fall_with_the_squared_distance<F: Float>() {
    let model = KMeans::new(3).fit(&blobs::<F>(60, 2, 3, 1)).unwrap();
    let new = blobs::<F>(20, 2, 3, 2);
    let affinities = model.affinities(&new, 0.1).unwrap();
    for (affinity, distance) in affinities.iter().zip(&model.transform(&new).unwrap()) {
        let expected = (-0.1 * distance.to_f64().powi(2)).exp();
        assert!(
            (affinity.to_f64() - expected).abs() < 1e-5,
            "{affinity} {expected}"
        );
    }
    assert!(
        model
            .affinities(&new, 0.0)
            .unwrap()
            .iter()
            .all(|&affinity| affinity == F::ONE)
    );
}

fn representatives_are_the_rows_nearest_to_the_centroids<F: Float>() {
    let x = blobs::<F>(1000, 3, 6, 3);
    let model = KMeans::new(6).fit(&x).unwrap();
    let distances = model.transform(&x).unwrap();
    for (c, &row) in model.representatives(&x).unwrap().iter().enumerate() {
        let nearest = distances
            .column(c)
            .iter()
            .fold(F::INFINITY, |a, &b| if b < a { b } else { a });
        assert_eq!(distances[[row, c]], nearest);
    }
    let ties = KMeansModel::from_centroids(array![[F::ZERO]]).unwrap();
    let pair = array![[-F::ONE], [F::ONE], [-F::ONE]];
    assert_eq!(ties.representatives(&pair).unwrap(), array![0]);
}

#[test]
fn a_model_of_given_centroids_predicts() {
    let centroids = array![[0.0, 0.0], [4.0, 0.0]];
    let model = KMeansModel::from_centroids(&centroids).unwrap();
    assert_eq!(
        (model.n_clusters(), model.n_features(), model.n_iter()),
        (2, 2, 0)
    );
    assert_eq!((model.labels().len(), model.inertia()), (0, f64::INFINITY));
    assert_eq!(model.stop(), Stop::NotFitted);
    assert_eq!(model.cluster_sizes(), array![0, 0]);
    assert_eq!(model.centroids(), centroids);
    let x = array![[2.0, 5.0], [2.1, 0.0], [-9.0, 9.0]];
    // The first row is equally far from both centroids, so the lower index wins.
    assert_eq!(model.predict(&x).unwrap(), array![0, 1, 0]);
    assert_eq!(model.score(&array![[3.0, 0.0], [0.0, 2.0]]).unwrap(), -5.0);
    let none = Array2::<f64>::zeros((0, 2));
    assert_eq!(model.predict(&none).unwrap().len(), 0);
    assert_eq!(model.transform(&none).unwrap().dim(), (0, 2));
    assert_eq!(model.score(&none).unwrap(), 0.0);
}

#[test]
fn observers_see_every_iteration_and_the_inertia_falls() {
    let x = blobs::<f64>(500, 3, 6, 5);
    let mut seen: Vec<Iteration> = Vec::new();
    let mut observer = |iteration: &Iteration| {
        seen.push(*iteration);
        ControlFlow::Continue(())
    };
    let kmeans = KMeans::new(6).n_init(3).tol(0.0).init(Init::Random);
    let model = kmeans
        .fit_with(&x, FitOptions::new().observer(&mut observer))
        .unwrap();
    assert_eq!(model.labels(), kmeans.fit(&x).unwrap().labels());
    assert_eq!(seen.last().map(|last| last.restart), Some(2));
    for pair in seen.windows(2) {
        if pair[0].restart == pair[1].restart {
            assert_eq!(pair[1].index, pair[0].index + 1);
            assert!(pair[1].inertia <= pair[0].inertia * (1.0 + 1e-12));
        } else {
            assert_eq!((pair[1].restart, pair[1].index), (pair[0].restart + 1, 1));
            assert_eq!(pair[0].reassigned, 0);
        }
    }
    assert!(
        seen.iter()
            .filter(|i| i.index == 1)
            .all(|i| i.reassigned == 500 && i.max_shift > 0.0)
    );
}

#[test]
fn an_observer_can_stop_the_fit_with_the_best_model_so_far() {
    let x = blobs::<f64>(400, 2, 8, 6);
    for (restart, index) in [(0, 1), (0, 2), (1, 1), (2, 2)] {
        let mut best_before = f64::INFINITY;
        let mut observer = |iteration: &Iteration| {
            if (iteration.restart, iteration.index) == (restart, index) {
                return ControlFlow::Break(());
            }
            assert!(
                iteration.restart <= restart,
                "the fit continued after the stop"
            );
            if iteration.restart < restart {
                best_before = best_before.min(iteration.inertia);
            }
            ControlFlow::Continue(())
        };
        let kmeans = KMeans::new(8).init(Init::Random).tol(0.0);
        let model = kmeans
            .fit_with(&x, FitOptions::new().observer(&mut observer))
            .unwrap();
        assert_eq!(model.stop(), Stop::Interrupted);
        assert!(model.inertia() <= best_before);
        assert_coherent(&model, &x, None, "interrupted");
    }
}

#[test]
fn stop_gives_the_reason() {
    let x = blobs::<f64>(500, 2, 5, 7);
    let start = spread_rows(&x, 5);
    let fit = |kmeans: KMeans| {
        kmeans
            .fit_with(&x, FitOptions::new().initial_centroids(&start))
            .unwrap()
    };
    let whole = fit(KMeans::new(5).tol(0.0));
    assert_eq!(whole.stop(), Stop::Converged);
    assert!(whole.n_iter() > 2);
    let cut = fit(KMeans::new(5).tol(0.0).max_iter(whole.n_iter() - 1));
    assert_eq!(
        (cut.stop(), cut.n_iter()),
        (Stop::MaxIterations, whole.n_iter() - 1)
    );
    let coarse = fit(KMeans::new(5).tol(0.5));
    assert_eq!(coarse.stop(), Stop::Tolerance);
    let again = FitOptions::new().initial_centroids(&x);
    let fixed = KMeans::new(500).fit_with(&x, again).unwrap();
    assert_eq!(
        (fixed.stop(), fixed.n_iter(), fixed.inertia()),
        (Stop::Converged, 1, 0.0)
    );
    for model in [whole, cut, coarse] {
        assert_coherent(&model, &x, None, "stop");
    }
}

#[test]
fn more_restarts_are_never_worse() {
    let x = blobs::<f64>(600, 2, 12, 8);
    for init in [Init::PlusPlus, Init::Random, Init::Parallel] {
        let inertia = |n_init| {
            KMeans::new(12)
                .init(init)
                .n_init(n_init)
                .fit(&x)
                .unwrap()
                .inertia()
        };
        let inertias: Vec<f64> = (1..=8).map(inertia).collect();
        assert!(
            inertias.windows(2).all(|pair| pair[1] <= pair[0]),
            "{init:?} {inertias:?}"
        );
    }
}

#[test]
fn all_algorithms_agree() {
    let x = blobs::<f64>(600, 4, 9, 9);
    let auto = KMeans::new(9).fit(&x).unwrap();
    let lloyd = KMeans::new(9).algorithm(Algorithm::Lloyd).fit(&x).unwrap();
    assert_eq!(
        (auto.labels(), auto.centroids()),
        (lloyd.labels(), lloyd.centroids())
    );
}

fn a_weight_of_two_equals_a_repeated_row<F: Float>() {
    let x = lattice::<F>(120, 3, 10);
    let weights: Array1<F> = (0..120).map(|i| F::from_f64((1 + i % 2) as f64)).collect();
    let odd: Vec<usize> = (1..120).step_by(2).collect();
    let repeated = concatenate![Axis(0), x, x.select(Axis(0), &odd)];
    let start = spread_rows(&x, 6);
    for tol in [0.0, 1e-4, 0.05] {
        let kmeans = KMeans::new(6).tol(tol);
        let options = FitOptions::new().initial_centroids(&start);
        let weighted = kmeans.fit_with(&x, options.weights(&weights)).unwrap();
        let options = FitOptions::new().initial_centroids(&start);
        let twice = kmeans.fit_with(&repeated, options).unwrap();
        assert_eq!(weighted.centroids(), twice.centroids());
        assert_eq!(weighted.labels(), twice.labels().slice(s![..120]));
        assert_eq!(weighted.n_iter(), twice.n_iter());
        let error = (weighted.inertia() - twice.inertia()).abs();
        assert!(error <= 1e-12 * twice.inertia());
        assert_coherent(&weighted, &x, Some(&weights), "weighted");
    }
}

fn weights_are_read_at_any_stride<F: Float>() {
    let x = lattice::<F>(300, 3, 10);
    let weights = small_weights::<F>(300);
    let kmeans = KMeans::new(5).n_init(2);
    let fit = |weights: &ArrayRef1<F>| {
        let options = FitOptions::new().weights(weights);
        kmeans.fit_with(&x, options).unwrap()
    };
    let expected = fit(&weights);
    each_stride(&weights, |weights, stride| {
        let model = fit(&weights);
        assert_eq!(model.labels(), expected.labels(), "{stride}");
        assert_eq!(model.centroids(), expected.centroids(), "{stride}");
        assert_eq!(model.inertia(), expected.inertia(), "{stride}");
    });
}

/// In very many features the error of `f32` scores is so large that distances decide every label.
#[test]
fn very_many_features_in_f32_are_labelled_by_distances() {
    let x = lattice::<f32>(12, 170_000, 3);
    let start = spread_rows(&x, 3);
    let options = FitOptions::new().initial_centroids(&start);
    let model = KMeans::new(3).fit_with(&x, options).unwrap();
    assert_eq!(
        model.labels().to_vec(),
        naive_labels(&x, &model.centroids())
    );
    assert_coherent(&model, &x, None, "170,000 features");
}

fn rows_of_weight_zero_only_get_a_label<F: Float>() {
    let mut x = lattice::<F>(80, 2, 11);
    let mut weights = Array1::from_elem(80, F::ONE);
    for row in (0..80).step_by(8) {
        weights[row] = F::ZERO;
        x.row_mut(row).fill(F::from_f64(1000.0));
    }
    for init in [Init::PlusPlus, Init::Random, Init::Parallel] {
        for seed in 0..20 {
            let kmeans = KMeans::new(4).init(init).seed(seed).n_init(2);
            let model = kmeans
                .fit_with(&x, FitOptions::new().weights(&weights))
                .unwrap();
            assert!(
                model.centroids().iter().all(|c| c.to_f64().abs() <= 8.0),
                "{init:?} {seed}"
            );
            assert_coherent(&model, &x, Some(&weights), "weights of zero");
        }
    }
}

#[test]
fn inputs_stay_unchanged() {
    let (x, start) = (blobs::<f64>(100, 3, 4, 12), lattice::<f64>(4, 3, 1));
    let weights = Array1::from_elem(100, 2.0);
    let before = (x.clone(), start.clone(), weights.clone());
    let options = FitOptions::new()
        .initial_centroids(&start)
        .weights(&weights);
    KMeans::new(4).fit_with(&x, options).unwrap();
    assert_eq!((x, start, weights), before);
}

#[test]
fn seeding_returns_distinct_rows() {
    let x = lattice::<f64>(60, 2, 13);
    for (seed, k) in (0..20).zip([1, 2, 5, 20, 60].into_iter().cycle()) {
        let (centroids, rows) = init::kmeans_plusplus(&x, k, seed).unwrap();
        assert_eq!(centroids, x.select(Axis(0), &rows.to_vec()));
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), k);
    }
}

/// The probability that greedy k-means++ chooses a row as the second centroid, summed in plain loops over
/// all first centroids and all pairs of candidates, is compared with how often this happens.
#[test]
fn seeding_follows_the_distribution_of_greedy_kmeans_plusplus() {
    let x = array![[0.0_f64], [1.0], [3.0], [7.0], [7.5], [12.0]];
    let n = x.nrows();
    let sq = |a: usize, b: usize| (x[[a, 0]] - x[[b, 0]]).powi(2);
    let mut chance = vec![0.0; n];
    for first in 0..n {
        let total: f64 = (0..n).map(|row| sq(first, row)).sum();
        let potential = |c: usize| {
            (0..n)
                .map(|row| sq(first, row).min(sq(c, row)))
                .sum::<f64>()
        };
        for a in 0..n {
            for b in 0..n {
                let better = if potential(b) < potential(a) { b } else { a };
                let both = sq(first, a) * sq(first, b) / total.powi(2);
                chance[better] += both / n as f64;
            }
        }
    }
    let draws = 20_000;
    let mut counts = vec![0.0; n];
    for seed in 0..draws {
        counts[init::kmeans_plusplus(&x, 2, seed).unwrap().1[1]] += 1.0;
    }
    let expected = chance.iter().map(|chance| chance * draws as f64);
    let chi_square: f64 = counts
        .iter()
        .zip(expected)
        .map(|(count, expected)| (count - expected).powi(2) / expected)
        .sum();
    // The 99.9 % quantile of the chi-squared distribution with 5 degrees of freedom is 20.5.
    assert!(chi_square < 20.5, "{chi_square}: {counts:?} {chance:?}");
}

for_both_types!(
    all_forms_of_prediction_agree,
    transform_gives_euclidean_distances_with_the_minimum_at_the_label,
    affinities_fall_with_the_squared_distance,
    representatives_are_the_rows_nearest_to_the_centroids,
    a_weight_of_two_equals_a_repeated_row,
    weights_are_read_at_any_stride,
    rows_of_weight_zero_only_get_a_label,
);

/// K-means|| starts about as well as k-means++, and better than random rows.
#[test]
fn parallel_starts_are_good() {
    let x = blobs::<f64>(3000, 4, 40, 3);
    let inertia = |init: Init| {
        let one = |seed| KMeans::new(40).init(init).n_init(1).max_iter(1).seed(seed);
        let inertias = (0..10).map(|seed| one(seed).fit(&x).unwrap().inertia());
        inertias.sum::<f64>() / 10.0
    };
    let (plus_plus, random) = (inertia(Init::PlusPlus), inertia(Init::Random));
    let few = Init::ParallelWith {
        rounds: 2,
        oversampling: 2,
    };
    for init in [Init::Parallel, few] {
        let found = inertia(init);
        assert!(found < 1.5 * plus_plus, "{init:?}: {found} {plus_plus}");
        assert!(found < 0.5 * random, "{init:?}: {found} {random}");
    }
}

#[cfg(feature = "serde")]
mod saving {
    use super::*;
    use centroid::{Algorithm, Init, MiniBatchKMeans};

    fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
    }

    #[test]
    fn models_are_unchanged_by_saving_and_loading() {
        let x = blobs::<f32>(300, 3, 4, 1);
        let model = KMeans::new(4).fit(&x).unwrap();
        let bytes = postcard::to_allocvec(&model).unwrap();
        let read: KMeansModel<f32> = postcard::from_bytes(&bytes).unwrap();
        for other in [through_json(&model), read] {
            assert_eq!(other.centroids(), model.centroids());
            assert_eq!(other.labels(), model.labels());
            assert_eq!(other.cluster_sizes(), model.cluster_sizes());
            assert_eq!(other.inertia().to_bits(), model.inertia().to_bits());
            assert_eq!(
                (other.n_iter(), other.stop()),
                (model.n_iter(), model.stop())
            );
            assert_eq!(other.predict(&x).unwrap(), model.labels());
        }
        for len in 0..bytes.len() {
            assert!(postcard::from_bytes::<KMeansModel<f32>>(&bytes[..len]).is_err());
        }
    }

    #[test]
    fn estimators_are_unchanged_by_saving_and_loading() {
        let init = Init::ParallelWith {
            rounds: 3,
            oversampling: 4,
        };
        let kmeans = KMeans::new(7)
            .init(init)
            .algorithm(Algorithm::Yinyang)
            .tol(0.5)
            .seed(9);
        assert_eq!(through_json(&kmeans), kmeans);
        let batches = MiniBatchKMeans::new(7)
            .max_no_improvement(None)
            .growing()
            .init_size(50);
        assert_eq!(through_json(&batches), batches);
    }

    #[test]
    fn invalid_models_are_rejected() {
        let model = KMeans::new(2).fit(&array![[0.0], [1.0], [9.0]]).unwrap();
        let saved = serde_json::to_value(&model).unwrap();
        let read = |value| serde_json::from_value::<KMeansModel<f64>>(value);
        assert!(read(saved.clone()).is_ok());
        for (key, value) in [
            ("centroids", serde_json::json!([])),
            ("centroids", serde_json::json!([1e300, 1.0])),
            ("centroids", serde_json::json!([null, 1.0])),
            ("n_features", serde_json::json!(0)),
            ("n_features", serde_json::json!(3)),
            ("labels", serde_json::json!([0, 0, 2])),
            ("labels", serde_json::json!([0, 1, 1, 1])),
            ("cluster_sizes", serde_json::json!([3])),
            ("inertia", serde_json::json!(-1.0)),
        ] {
            let mut broken = saved.clone();
            broken[key] = value;
            assert!(read(broken).is_err(), "{key}");
        }
    }
}
