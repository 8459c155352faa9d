//! Choosing the number of clusters.

use std::ops::ControlFlow;

use crate::common::{Expected, blobs, each_layout, features, lattice};
use centroid::datasets::make_blobs;
use centroid::selection::{
    FoldScore, Folds, GapStatistic, GridOptions, GridSearch, Silhouettes, Sweep, SweepEntry,
    SweepOptions, gap_statistic, grid_search, grid_search_with, sweep,
};
use centroid::{Error, Float, KMeans, metrics};
use ndarray::{Array2, array};

fn sweeps_of_blobs_equal_those_of_scikit_learn<F: Float>() {
    let (x, expected) = (features::<F>("blobs500"), Expected::scores("blobs500"));
    let kmeans = KMeans::new(1).n_init(50).tol(0.0);
    let sweep = sweep(&kmeans, &x, 2..=10, SweepOptions::new()).unwrap();
    let is_f32 = F::UNIT_ROUNDOFF > 1e-10;
    let (near, tolerance) = if is_f32 { (1e-7, 1e-5) } else { (1e-10, 1e-10) };
    let references = expected.numbers("sweep_inertia").into_iter();
    let references = references.zip(expected.numbers("sweep_silhouette"));
    let mut same = 0;
    for (entry, (inertia, silhouette)) in sweep.entries().iter().zip(references) {
        assert!(entry.inertia <= 1.01 * inertia, "{entry:?}");
        // The best of 50 restarts need not be the same.
        if (entry.inertia / inertia - 1.0).abs() <= near {
            same += 1;
            assert!(
                (entry.silhouette.unwrap() - silhouette).abs() <= tolerance,
                "{entry:?}"
            );
        }
    }
    assert!(same >= 5, "{same} of 9 are the same:\n{sweep}");
    assert!(matches!(sweep.elbow(), Some(4 | 5)), "{sweep}");
    assert_eq!(sweep.best_silhouette(), Some(2));
    assert_eq!(sweep.disagreement(), Some((sweep.elbow().unwrap(), 2)));
    let default = centroid::selection::sweep(&KMeans::new(1), &x, 2..=10, SweepOptions::new());
    let default = default.unwrap();
    assert!(matches!(default.elbow(), Some(4 | 5)), "{default}");
    assert_eq!(default.best_silhouette(), Some(2));
}

fn the_elbow_needs_two_larger_numbers<F: Float>() {
    let centers = array![[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]].mapv(F::from_f64);
    let (x, _) = make_blobs(90, &centers, &[1.0], 3).unwrap();
    let elbow = |numbers: std::ops::RangeInclusive<usize>| {
        let sweep = sweep(&KMeans::new(1), &x, numbers, SweepOptions::new());
        sweep.unwrap().elbow()
    };
    assert_eq!((elbow(2..=5), elbow(1..=5)), (Some(3), Some(3)));
    assert_eq!((elbow(2..=4), elbow(1..=4)), (None, None));
}

fn entries_have_the_scores_of_their_models<F: Float>() {
    let x = blobs::<F>(200, 3, 4, 1);
    each_layout(&x, |view, layout| {
        let kmeans = KMeans::new(9).n_init(2).seed(3);
        let run = || sweep(&kmeans, &view, [5, 3, 5], SweepOptions::new()).unwrap();
        let (sweep, sweep_again) = (run(), run());
        let numbers: Vec<usize> = sweep
            .entries()
            .iter()
            .map(|entry| entry.n_clusters)
            .collect();
        assert_eq!(numbers, [3, 5], "{layout}");
        for entry in sweep.entries() {
            let model = kmeans.clone().n_clusters(entry.n_clusters).fit(&x).unwrap();
            assert_eq!(entry.model.labels(), model.labels());
            assert_eq!(entry.inertia, model.inertia());
            let labels = &model.labels();
            let score = metrics::silhouette_score(&x, labels).unwrap();
            assert_eq!(
                (entry.silhouette, entry.silhouette_error),
                (Some(score), None)
            );
            let score = metrics::calinski_harabasz_score(&x, labels).unwrap();
            assert_eq!(entry.calinski_harabasz, Some(score));
            let score = metrics::davies_bouldin_score(&x, labels).unwrap();
            assert_eq!(entry.davies_bouldin, Some(score));
        }
        assert_eq!(sweep.model(5).unwrap().n_clusters(), 5);
        assert_eq!(sweep, sweep_again, "times do not count");
        assert!(sweep.model(4).is_none());
        assert!(sweep.clone().into_model(4).is_none());
        let model = sweep.clone().into_model(5).unwrap();
        assert_eq!(model.labels(), sweep.model(5).unwrap().labels());
        let entries = sweep.clone().into_entries();
        let numbers = entries.iter().map(|entry| entry.model.n_clusters());
        assert!(numbers.eq([3, 5]));
    });
}

fn undefined_scores_are_none<F: Float>() {
    let x = lattice::<F>(6, 2, 1);
    let sweep = sweep(&KMeans::new(1), &x, 1..=6, SweepOptions::new()).unwrap();
    for entry in sweep.entries() {
        let defined = (2..6).contains(&entry.n_clusters);
        assert_eq!(entry.silhouette.is_some(), defined);
        assert_eq!(entry.calinski_harabasz.is_some(), defined);
        assert_eq!(entry.davies_bouldin.is_some(), defined);
    }
    let equal = Array2::from_elem((8, 2), F::ONE);
    let sweep = centroid::selection::sweep(&KMeans::new(1), &equal, 1..=8, SweepOptions::new());
    let sweep = sweep.unwrap();
    assert!(
        sweep
            .entries()
            .iter()
            .all(|entry| entry.silhouette.is_none())
    );
    assert_eq!(
        (sweep.elbow(), sweep.best_silhouette(), sweep.disagreement()),
        (None, None, None)
    );
    assert!(
        sweep
            .to_string()
            .ends_with("elbow: none, best silhouette: none"),
        "{sweep}"
    );
}

fn samples_are_drawn_on_request<F: Float>() {
    let x = blobs::<F>(1000, 2, 3, 1);
    let silhouettes = Silhouettes::Sampled {
        sample_size: 200,
        seed: 5,
    };
    let options = SweepOptions::new().silhouettes(silhouettes);
    let sampled = sweep(&KMeans::new(1), &x, 2..=5, options).unwrap();
    for entry in sampled.entries() {
        let labels = &entry.model.labels();
        let expected = metrics::silhouette_score_sampled(&x, labels, 200, 5).unwrap();
        assert_eq!(entry.silhouette, Some(expected.score));
        assert_eq!(entry.silhouette_error, Some(expected.standard_error));
    }
    assert!(sampled.to_string().contains('±'), "{sampled}");
    let options = SweepOptions::new().silhouettes(Silhouettes::Skipped);
    let skipped = sweep(&KMeans::new(1), &x, 2..=5, options).unwrap();
    assert!(
        skipped
            .entries()
            .iter()
            .all(|entry| entry.silhouette.is_none())
    );
    assert_eq!(skipped.best_silhouette(), None);
}

fn the_observer_sees_each_fit_and_can_stop_the_sweep<F: Float>() {
    // Fits in parallel, and one after another.
    for (n, d) in [(100, 2), (4_000, 30)] {
        let x = blobs::<F>(n, d, 4, 1);
        let mut seen = Vec::new();
        let mut observer = |entry: &SweepEntry<F>| {
            seen.push(entry.n_clusters);
            ControlFlow::Continue(())
        };
        let options = SweepOptions::new().observer(&mut observer);
        let whole = sweep(&KMeans::new(1).n_init(1), &x, 2..=7, options).unwrap();
        assert!(!whole.interrupted());
        seen.sort_unstable();
        assert_eq!(seen, [2, 3, 4, 5, 6, 7]);

        let mut seen = Vec::new();
        let mut observer = |entry: &SweepEntry<F>| {
            seen.push(entry.n_clusters);
            if seen.len() == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = SweepOptions::new().observer(&mut observer);
        let ended = sweep(&KMeans::new(1).n_init(1), &x, 2..=7, options).unwrap();
        assert!(ended.interrupted());
        let numbers: Vec<usize> = ended
            .entries()
            .iter()
            .map(|entry| entry.n_clusters)
            .collect();
        seen.sort_unstable();
        assert_eq!(numbers, seen);
        assert_eq!(numbers.len(), 2);
        assert!(
            ended
                .to_string()
                .ends_with("the sweep was ended before its end")
        );
    }
}

#[test]
fn the_observer_may_work_in_parallel() {
    let run = || {
        let x = blobs::<f64>(3_000, 2, 4, 1);
        for seed in 0..40 {
            let mut n_seen = 0;
            let mut observer = |entry: &SweepEntry<f64>| {
                let score = metrics::silhouette_score(&x, &entry.model.labels());
                n_seen += usize::from(score.is_ok());
                ControlFlow::Continue(())
            };
            let kmeans = KMeans::new(1).n_init(1).max_iter(5).seed(seed);
            let options = SweepOptions::new().silhouettes(Silhouettes::Skipped);
            let sweep = sweep(&kmeans, &x, 2..=13, options.observer(&mut observer)).unwrap();
            assert_eq!((n_seen, sweep.entries().len()), (12, 12));
        }
    };
    // On a separate thread, because a thread that waits for itself would never return.
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8);
        pool.build().unwrap().install(run);
        done.send(()).unwrap();
    });
    let waited = is_done.recv_timeout(std::time::Duration::from_secs(300));
    assert_eq!(waited, Ok(()), "it waits for itself, or has panicked");
}

fn sweeps_do_not_depend_on_the_number_of_threads<F: Float>() {
    let x = blobs::<F>(900, 3, 4, 1);
    let all = || {
        let sweep = sweep(&KMeans::new(1), &x, 1..=6, SweepOptions::new()).unwrap();
        let scores = |entry: &SweepEntry<F>| {
            (
                entry.inertia,
                entry.silhouette,
                entry.calinski_harabasz,
                entry.davies_bouldin,
            )
        };
        let scores: Vec<_> = sweep.entries().iter().map(scores).collect();
        let gap = gap_statistic(&KMeans::new(1).n_init(2), &x, 1..=4, 4, 1).unwrap();
        (scores, gap)
    };
    let expected = all();
    for threads in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        assert!(
            pool.build().unwrap().install(all) == expected,
            "{threads} threads"
        );
    }
}

fn the_gap_statistic_finds_the_number_of_clusters<F: Float>() {
    let centers = array![[0.0, 0.0], [12.0, 0.0], [0.0, 12.0], [12.0, 12.0]].mapv(F::from_f64);
    for number in [1, 3, 4] {
        let centers = centers.slice(ndarray::s![..number, ..]);
        let (x, _) = make_blobs(240, &centers, &[1.0], 3).unwrap();
        let gap = gap_statistic(&KMeans::new(1), &x, 1..=7, 20, 1).unwrap();
        assert_eq!(gap.best(), Some(number), "{gap}");
        assert!(
            gap.to_string()
                .ends_with(&format!("gap statistic: {number}"))
        );
        for entry in gap.entries() {
            assert_eq!(entry.gap, entry.expected_log_inertia - entry.log_inertia);
        }
    }
    // Equal rows, and as many clusters as rows, give an inertia of 0.
    for x in [Array2::from_elem((5, 2), F::ONE), lattice(5, 2, 1)] {
        let gap = gap_statistic(&KMeans::new(1), &x, 1..=5, 3, 1).unwrap();
        assert!(
            gap.entries().iter().all(|entry| entry.gap.is_finite()),
            "{gap}"
        );
    }
}

#[test]
fn bad_requests_are_rejected() {
    let x = lattice::<f64>(10, 2, 1);
    let of = |kmeans: &KMeans, x: &Array2<f64>, numbers: &[usize]| {
        let gap = gap_statistic(kmeans, x, numbers.iter().copied(), 2, 0).unwrap_err();
        let numbers = numbers.iter().copied();
        assert_eq!(
            sweep(kmeans, x, numbers, SweepOptions::new()).unwrap_err(),
            gap
        );
        gap
    };
    let kmeans = KMeans::new(1);
    let requirement = "one or more numbers, each at least 1";
    let none = Error::InvalidParameter {
        name: "n_clusters",
        requirement,
    };
    assert_eq!(of(&kmeans, &x, &[]), none);
    assert_eq!(of(&kmeans, &x, &[0, 1]), none);
    assert_eq!(
        none.to_string(),
        "n_clusters must be one or more numbers, each at least 1"
    );
    let too_few = Error::TooFewRows {
        rows: 10,
        n_clusters: 11,
    };
    assert_eq!(of(&kmeans, &x, &[2, 11]), too_few);
    assert_eq!(
        of(&kmeans, &Array2::zeros((0, 2)), &[2]),
        Error::EmptyData { argument: "x" }
    );
    let not_finite = Error::NotFinite {
        argument: "x",
        row: 0,
        column: 0,
    };
    assert_eq!(
        of(&kmeans, &Array2::from_elem((9, 1), f64::NAN), &[2]),
        not_finite
    );
    let error = of(&kmeans.clone().n_init(0), &x, &[2, 3]);
    assert!(matches!(
        error,
        Error::InvalidParameter { name: "n_init", .. }
    ));
    let silhouettes = Silhouettes::Sampled {
        sample_size: 7,
        seed: 0,
    };
    let options = SweepOptions::new().silhouettes(silhouettes);
    let error = sweep(&kmeans, &x, 2..=4, options).unwrap_err();
    assert_eq!(
        error,
        Error::SampleTooSmall {
            sample_size: 7,
            needed: 8
        }
    );
    let error = gap_statistic(&kmeans, &x, 1..3, 0, 0).unwrap_err();
    assert_eq!(error.to_string(), "n_references must be at least 1");
    for references in [1_000_001, usize::MAX / 64, usize::MAX] {
        let error = gap_statistic(&kmeans, &x, 1..3, references, 0).unwrap_err();
        assert_eq!(error.to_string(), "n_references must be at most 1,000,000");
    }
}

fn number_of(value: &f64, _: &[usize], test: &[usize]) -> f64 {
    value * test.len() as f64
}

#[test]
fn a_search_scores_each_value_in_each_fold() {
    let folds = Folds::stratified([0, 0, 1, 1, 1, 0, 0, 1, 2, 2], 3).unwrap();
    let splits = folds.splits(5).unwrap();
    let score = |&value: &usize, train: &[usize], test: &[usize]| {
        let fold = splits.iter().position(|split| split.test == test).unwrap();
        assert_eq!(splits[fold].train, train);
        [[1.0, 2.0, 6.0], [4.0, 4.0, 4.0], [6.0, 5.0, 1.0]][value][fold]
    };
    let search = grid_search([2, 0, 1], &folds, 5, score).unwrap();
    let values = search.entries().iter().map(|entry| entry.value);
    assert!(values.eq([2, 0, 1]), "the order is that of the values");
    assert_eq!(search.entries()[1].scores, [1.0, 2.0, 6.0]);
    assert_eq!(search.entries()[1].mean, 3.0);
    let deviation = search.entries()[1].standard_deviation;
    assert!((deviation - (14.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    assert_eq!(search.entries()[2].standard_deviation, 0.0);
    assert!(!search.interrupted());
    let best = search.best().unwrap();
    assert_eq!(best.value, 2, "the first of two equal means");
    let expected = "\
value   mean score    deviation
    2      4.00000      2.16025
    0      3.00000      2.16025
    1      4.00000            0
best: 2";
    assert_eq!(search.to_string(), expected);
}

#[test]
fn nan_scores_are_never_the_best() {
    let folds = Folds::plain(6, 2).unwrap();
    let of = |values: [f64; 3]| {
        let search = grid_search(values, &folds, 0, number_of).unwrap();
        search.best().map(|entry| entry.value)
    };
    assert_eq!(of([f64::NAN, -7.0, -9.0]), Some(-7.0));
    assert_eq!(of([f64::INFINITY, f64::NEG_INFINITY, -9.0]), Some(-9.0));
    assert_eq!(of([f64::NAN; 3]), None);
    let search = grid_search([f64::NAN], &folds, 0, number_of).unwrap();
    assert!(search.to_string().ends_with("best: none"), "{search}");
}

#[test]
fn an_observer_sees_the_scores_and_can_stop_the_search() {
    let folds = Folds::plain(8, 2).unwrap();
    let mut seen: Vec<FoldScore> = Vec::new();
    let mut observer = |score: &FoldScore| {
        seen.push(*score);
        ControlFlow::Continue(())
    };
    let options = GridOptions::new().observer(&mut observer);
    let score = |value: &f64, train: &[usize], test: &[usize]| {
        Ok::<_, Error>(number_of(value, train, test))
    };
    let search = grid_search_with([1.0, 2.0], &folds, 0, options, score).unwrap();
    assert_eq!(search.best().map(|best| best.value), Some(2.0));
    seen.sort_by_key(|score| (score.index, score.fold));
    let places = seen
        .iter()
        .map(|score| (score.index, score.fold, score.score));
    assert!(places.eq([(0, 0, 4.0), (0, 1, 4.0), (1, 0, 8.0), (1, 1, 8.0)]));

    // One thread takes the tasks in order, so the first value is complete and the second is not.
    let mut count = 0;
    let mut observer = |_: &FoldScore| {
        count += 1;
        if count < 3 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let options = GridOptions::new().observer(&mut observer);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let search = pool.install(|| grid_search_with([1.0, 2.0, 3.0], &folds, 0, options, score));
    let search = search.unwrap();
    assert!(search.interrupted());
    assert!(search.entries().iter().map(|entry| entry.value).eq([1.0]));
    assert!(
        search
            .to_string()
            .ends_with("the search was ended before its end")
    );
}

#[test]
fn a_failing_score_ends_the_search() {
    #[derive(Debug, PartialEq)]
    enum Failure {
        Mine(usize),
        Theirs(Error),
    }
    impl From<Error> for Failure {
        fn from(error: Error) -> Self {
            Self::Theirs(error)
        }
    }
    let folds = Folds::plain(8, 4).unwrap();
    let score = |&value: &usize, _: &[usize], _: &[usize]| match value {
        2 => Err(Failure::Mine(value)),
        _ => Ok(value as f64),
    };
    let of = |values: &[usize]| {
        let values = values.iter().copied();
        grid_search_with(values, &folds, 0, GridOptions::new(), score)
    };
    assert_eq!(of(&[1, 2, 3]), Err(Failure::Mine(2)));
    let no_value = Error::InvalidParameter {
        name: "values",
        requirement: "one or more",
    };
    assert_eq!(of(&[]), Err(Failure::Theirs(no_value)));
    assert_eq!(no_value.to_string(), "values must be one or more");
}

#[test]
fn searches_do_not_depend_on_the_number_of_threads() {
    let x = blobs::<f64>(300, 3, 5, 8);
    let folds = Folds::plain(300, 5).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            grid_search(1..=8, &folds, 3, |&k, train, test| {
                let rows = |rows| x.select(ndarray::Axis(0), rows);
                let model = KMeans::new(k).n_init(2).fit(&rows(train)).unwrap();
                model.score(&rows(test)).unwrap()
            })
        })
    };
    let one: GridSearch<usize> = run(1).unwrap();
    for threads in [2, 3, 8] {
        assert_eq!(run(threads).unwrap(), one);
    }
}

#[test]
fn results_are_send_sync_and_display() {
    fn is_useful<T: Send + Sync + std::fmt::Debug + Clone>() {}
    is_useful::<Sweep<f32>>();
    is_useful::<SweepEntry<f64>>();
    is_useful::<GapStatistic>();
    is_useful::<GridSearch<String>>();
    is_useful::<Folds>();
    is_useful::<metrics::SampledScore>();
    is_useful::<metrics::ClusterSilhouette>();
}

for_both_types!(
    sweeps_of_blobs_equal_those_of_scikit_learn,
    the_elbow_needs_two_larger_numbers,
    entries_have_the_scores_of_their_models,
    undefined_scores_are_none,
    samples_are_drawn_on_request,
    the_observer_sees_each_fit_and_can_stop_the_sweep,
    sweeps_do_not_depend_on_the_number_of_threads,
    the_gap_statistic_finds_the_number_of_clusters,
);
