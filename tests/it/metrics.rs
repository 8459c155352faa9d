//! Scores equal those of scikit-learn on real data and those of plain loops, and have the right properties.

use crate::common::{Expected, Numbers, blobs, each_layout, features, lattice, sq_dist};
use centroid::metrics::*;
use centroid::{Error, Float};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array};

const SETS: [&str; 5] = ["iris", "wine", "breast_cancer", "digits", "blobs500"];

fn tolerance<F: Float>() -> f64 {
    if F::UNIT_ROUNDOFF > 1e-10 {
        1e-5
    } else {
        1e-10
    }
}

fn assert_close(found: f64, expected: f64, tolerance: f64, story: &str) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    assert!(error <= tolerance, "{story}: {found} is not {expected}");
}

/// The class in the last column.
fn classes(name: &str) -> Array1<usize> {
    let path = format!("{}/tests/data/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.rsplit(',').next().unwrap().parse::<f64>().unwrap() as usize)
        .collect()
}

fn labels(name: &str) -> Array1<usize> {
    Array1::from(Expected::of(name).counts("labels"))
}

fn internal_scores_equal_those_of_scikit_learn<F: Float>() {
    for name in SETS {
        let (x, labels, expected) = (features::<F>(name), labels(name), Expected::scores(name));
        let check = |key: &str, found: f64| {
            assert_close(
                found,
                expected.number(key),
                tolerance::<F>(),
                &format!("{name} {key}"),
            );
        };
        check("silhouette_score", silhouette_score(&x, &labels).unwrap());
        let of_classes = silhouette_score(&x, &classes(name)).unwrap();
        check("silhouette_of_classes", of_classes);
        let squares = sq_euclidean_silhouette_score(&x, &labels).unwrap();
        check("sq_euclidean_silhouette", squares);
        let simplified = simplified_silhouette_score(&x, &labels).unwrap();
        check("simplified_silhouette", simplified);
        let score = calinski_harabasz_score(&x, &labels).unwrap();
        check("calinski_harabasz_score", score);
        check(
            "davies_bouldin_score",
            davies_bouldin_score(&x, &labels).unwrap(),
        );
        let samples = silhouette_samples(&x, &labels).unwrap();
        let some = expected.numbers("silhouette_samples_every_10");
        for (found, expected) in samples.iter().step_by(10).zip(some) {
            assert_close(found.to_f64(), expected, tolerance::<F>(), name);
        }
    }
}

#[test]
fn external_scores_equal_those_of_scikit_learn() {
    for name in SETS {
        let (classes, labels, expected) = (classes(name), labels(name), Expected::scores(name));
        let check = |key: &str, score: &dyn Fn(&Array1<usize>, &Array1<usize>) -> f64| {
            let found = score(&classes, &labels);
            assert_close(found, expected.number(key), 1e-12, &format!("{name} {key}"));
        };
        check("rand_score", &|a, b| rand_score(a, b).unwrap());
        check("adjusted_rand_score", &|a, b| {
            adjusted_rand_score(a, b).unwrap()
        });
        check("mutual_info_score", &|a, b| {
            mutual_info_score(a, b).unwrap()
        });
        check("normalized_mutual_info_score", &|a, b| {
            normalized_mutual_info_score(a, b).unwrap()
        });
        check("adjusted_mutual_info_score", &|a, b| {
            adjusted_mutual_info_score(a, b).unwrap()
        });
        check("homogeneity_score", &|a, b| {
            homogeneity_score(a, b).unwrap()
        });
        check("completeness_score", &|a, b| {
            completeness_score(a, b).unwrap()
        });
        check("v_measure_score", &|a, b| v_measure_score(a, b).unwrap());
        check("fowlkes_mallows_score", &|a, b| {
            fowlkes_mallows_score(a, b).unwrap()
        });
        let matrix = contingency_matrix(&classes, &labels).unwrap();
        let counts = expected.counts("contingency_matrix");
        // scikit-learn orders the labels by value, this crate by first appearance.
        let (rows, columns) = (places(&classes), places(&labels));
        assert_eq!(matrix.dim(), (rows.len(), columns.len()));
        let places = rows
            .iter()
            .flat_map(|&row| columns.iter().map(move |&column| (row, column)));
        let found = places.map(|place| matrix[place] as usize);
        assert!(found.eq(counts), "{name}");
    }
}

/// For each label in ascending order, the number of labels that appear before it.
fn places(labels: &Array1<usize>) -> Vec<usize> {
    let mut seen = Vec::new();
    for &label in labels {
        if !seen.contains(&label) {
            seen.push(label);
        }
    }
    let mut places: Vec<usize> = (0..seen.len()).collect();
    places.sort_unstable_by_key(|&place| seen[place]);
    places
}

/// The silhouettes by their definition.
fn naive_silhouettes<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>) -> Vec<f64> {
    let dist = |i: usize, j: usize| sq_dist(&x.row(i).to_vec(), &x.row(j).to_vec()).sqrt();
    let mut names = labels.to_vec();
    names.sort_unstable();
    names.dedup();
    let of_row = |i: usize| {
        let mean_to = |name: usize| {
            let others = (0..x.nrows()).filter(|&j| j != i && labels[j] == name);
            let dists: Vec<f64> = others.map(|j| dist(i, j)).collect();
            (!dists.is_empty()).then(|| dists.iter().sum::<f64>() / dists.len() as f64)
        };
        let Some(a) = mean_to(labels[i]) else {
            return 0.0;
        };
        let others = names.iter().filter(|&&name| name != labels[i]);
        let b = others
            .filter_map(|&name| mean_to(name))
            .fold(f64::INFINITY, f64::min);
        if a.max(b) > 0.0 {
            (b - a) / a.max(b)
        } else {
            0.0
        }
    };
    (0..x.nrows()).map(of_row).collect()
}

fn random_labels(n: usize, k: u64, seed: u64) -> Array1<usize> {
    let mut numbers = Numbers::new(seed);
    (0..n).map(|_| 1000 * numbers.below(k) as usize).collect()
}

fn silhouettes_equal_the_definition<F: Float>() {
    // Sizes around those of blocks, tiles and vectors, with few large clusters and with many tiny ones.
    for (n, d, k) in [
        (3, 1, 2),
        (17, 2, 3),
        (64, 3, 2),
        (65, 5, 20),
        (130, 1, 60),
        (200, 33, 4),
        (333, 3, 100),
        (1030, 7, 3),
        (1100, 2, 500),
    ] {
        let x = blobs::<F>(n, d, 4, n as u64);
        let mut labels = random_labels(n, k, 3);
        (labels[0], labels[1], labels[2]) = (5, 5, usize::MAX);
        let found = silhouette_samples(&x, &labels).unwrap();
        for (found, expected) in found.iter().zip(naive_silhouettes(&x, &labels)) {
            let tolerance = if F::UNIT_ROUNDOFF > 1e-10 {
                1e-5
            } else {
                1e-12
            };
            assert_close(
                found.to_f64(),
                expected,
                tolerance,
                &format!("{n} x {d}, {k}"),
            );
        }
    }
}

fn every_layout_gives_the_same_scores<F: Float>() {
    let (x, labels) = (blobs::<F>(150, 6, 3, 1), random_labels(150, 3, 2));
    let expected = silhouette_score(&x, &labels).unwrap();
    let davies = davies_bouldin_score(&x, &labels).unwrap();
    each_layout(&x, |view, layout| {
        assert_eq!(
            silhouette_score(&view, &labels).unwrap(),
            expected,
            "{layout}"
        );
        assert_eq!(
            davies_bouldin_score(&view, &labels).unwrap(),
            davies,
            "{layout}"
        );
    });
}

fn equal_rows_score_0<F: Float>() {
    let x = Array2::from_elem((10, 2), F::ONE);
    let labels: Array1<usize> = (0..10).map(|i| i % 3).collect();
    for samples in [
        silhouette_samples(&x, &labels),
        simplified_silhouette_samples(&x, &labels),
        sq_euclidean_silhouette_samples(&x, &labels),
    ] {
        assert_eq!(samples.unwrap(), Array1::from_elem(10, F::ZERO));
    }
    assert_eq!(calinski_harabasz_score(&x, &labels).unwrap(), 1.0);
    assert_eq!(davies_bouldin_score(&x, &labels).unwrap(), 0.0);
}

fn samples_estimate_the_score<F: Float>() {
    let x = blobs::<F>(3000, 2, 12, 5);
    // Clusters of very different sizes. One has a single row, another has two.
    let sizes = |i: usize| match i {
        0 => 7,
        1 | 2 => 8,
        _ => i % 12 % 5,
    };
    let labels: Array1<usize> = (0..3000).map(sizes).collect();
    let exact = silhouette_score(&x, &labels).unwrap();
    let (mut far, mut squares, mut variance) = (0, 0.0, 0.0);
    let trials = 200;
    for seed in 0..trials {
        let sampled = silhouette_score_sampled(&x, &labels, 100, seed).unwrap();
        assert_eq!(sampled.n_samples, 100);
        let error = sampled.score - exact;
        far += u32::from(error.abs() > 2.0 * sampled.standard_error);
        squares += error * error;
        variance += sampled.standard_error.powi(2);
    }
    // About one estimate in twenty is far off, and the errors match the stated standard error.
    assert!((1..=25).contains(&far), "{far} of {trials}");
    let ratio = squares / variance;
    assert!((0.7..1.4).contains(&ratio), "{ratio}");
    for size in [3000, 5000] {
        let all = silhouette_score_sampled(&x, &labels, size, 1).unwrap();
        assert_eq!(
            (all.score, all.standard_error, all.n_samples),
            (exact, 0.0, 3000)
        );
    }
    let twice = |seed| silhouette_score_sampled(&x, &labels, 100, seed).unwrap();
    assert_eq!(twice(1), twice(1));
    assert_ne!(twice(1).score, twice(2).score);
}

/// A sample of all rows but one. Each is compared with all rows, as in the exact score.
fn large_samples_are_close_to_the_score<F: Float>() {
    let (x, labels) = (blobs::<F>(700, 3, 5, 5), random_labels(700, 5, 1));
    let exact = silhouette_score(&x, &labels).unwrap();
    let sampled = silhouette_score_sampled(&x, &labels, 699, 3).unwrap();
    assert!((sampled.score - exact).abs() < 0.01 * exact.abs() + 1e-3);
    assert!(sampled.standard_error < 1e-3);
}

fn scores_do_not_depend_on_label_values<F: Float>() {
    let (x, labels) = (blobs::<F>(300, 2, 4, 5), random_labels(300, 4, 1));
    let renamed = labels.mapv(|label| usize::MAX - 3 * label);
    let close = |a: f64, b: f64| assert_close(a, b, tolerance::<F>(), "renamed");
    close(
        silhouette_score(&x, &renamed).unwrap(),
        silhouette_score(&x, &labels).unwrap(),
    );
    close(
        davies_bouldin_score(&x, &renamed).unwrap(),
        davies_bouldin_score(&x, &labels).unwrap(),
    );
    close(
        calinski_harabasz_score(&x, &renamed).unwrap(),
        calinski_harabasz_score(&x, &labels).unwrap(),
    );
}

fn silhouettes_are_summarized_by_cluster<F: Float>() {
    let x: Array2<F> = array![[0.0], [1.0], [2.0], [50.0], [70.0], [9.0]].mapv(F::from_f64);
    let labels = array![4, 4, 4, 9, 9, 2];
    let samples = silhouette_samples(&x, &labels).unwrap();
    let clusters = silhouette_by_cluster(&samples, &labels).unwrap();
    let of = |i: usize| (clusters[i].label, clusters[i].size);
    assert_eq!((of(0), of(1), of(2)), ((2, 1), (4, 3), (9, 2)));
    let mean = |rows: &[usize]| {
        rows.iter().map(|&row| samples[row].to_f64()).sum::<f64>() / rows.len() as f64
    };
    let all = mean(&[0, 1, 2, 3, 4, 5]);
    for (cluster, rows) in clusters.iter().zip([&[5][..], &[0, 1, 2], &[3, 4]]) {
        assert_close(cluster.mean, mean(rows), 1e-15, "mean");
        let below = rows
            .iter()
            .filter(|&&row| samples[row].to_f64() < all)
            .count();
        assert_eq!(cluster.below_mean, below as f64 / rows.len() as f64);
    }
}

type External = fn(&ArrayRef1<usize>, &ArrayRef1<usize>) -> Result<f64, Error>;

const SYMMETRIC: [External; 7] = [
    rand_score,
    adjusted_rand_score,
    mutual_info_score,
    normalized_mutual_info_score,
    adjusted_mutual_info_score,
    v_measure_score,
    fowlkes_mallows_score,
];

#[test]
fn external_scores_do_not_depend_on_label_values_or_order() {
    let (a, b) = (random_labels(200, 5, 1), random_labels(200, 3, 2));
    let renamed = b.mapv(|label| 7 - label / 1000);
    for score in SYMMETRIC {
        let expected = score(&a, &b).unwrap();
        assert_close(score(&b, &a).unwrap(), expected, 1e-13, "symmetric");
        assert_close(score(&a, &renamed).unwrap(), expected, 1e-13, "renamed");
    }
    let (forwards, backwards) = (homogeneity_score(&a, &b), completeness_score(&b, &a));
    assert_close(forwards.unwrap(), backwards.unwrap(), 1e-13, "exchanged");
}

#[test]
fn equal_partitions_score_1_and_random_ones_0() {
    let shuffled = |n: usize, k: u64, seed| random_labels(n, k, seed);
    for (n, k) in [(1, 1), (2, 2), (50, 1), (50, 7), (60, 100)] {
        let a = shuffled(n, k, 4);
        let b = a.mapv(|label| format!("cluster {label}"));
        let all = [
            rand_score(&a, &b),
            adjusted_rand_score(&a, &b),
            normalized_mutual_info_score(&a, &b),
            adjusted_mutual_info_score(&a, &b),
            homogeneity_score(&a, &b),
            completeness_score(&a, &b),
            v_measure_score(&a, &b),
        ];
        for score in all {
            assert_eq!(score.unwrap(), 1.0, "{n} {k}");
        }
    }
    let mean = |score: External| {
        let of = |seed| score(&shuffled(300, 6, seed), &shuffled(300, 4, seed + 1000)).unwrap();
        (0..200).map(of).sum::<f64>() / 200.0
    };
    assert!(mean(adjusted_rand_score).abs() < 0.002);
    assert!(mean(adjusted_mutual_info_score).abs() < 0.003);
    assert!(mean(normalized_mutual_info_score) > 0.01);
    // No two rows are in the same cluster in both labellings.
    assert_eq!(
        fowlkes_mallows_score(&array![0, 1, 2], &array![0, 0, 0]).unwrap(),
        0.0
    );
    let large = (0..1_000_000).map(|i| i % 1000).collect::<Array1<usize>>();
    let other = (0..1_000_000).map(|i| i / 1000).collect::<Array1<usize>>();
    assert!(adjusted_mutual_info_score(&large, &other).unwrap() < 0.0);
}

#[test]
fn scores_do_not_exceed_their_bounds() {
    let within = |score: Result<f64, Error>, most: f64, story: &str| {
        let score = score.unwrap();
        assert!((0.0..=most).contains(&score), "{story}: {score}");
    };
    for seed in 0..300 {
        let a = random_labels(40 + seed, 2 + seed as u64 % 19, seed as u64);
        // Equal, coarser, finer, nearly equal, and independent.
        let mut nearly = a.clone();
        nearly[0] = 1;
        let others = [
            a.clone(),
            a.mapv(|label| label / 3000),
            a.iter()
                .enumerate()
                .map(|(i, label)| label + i % 3)
                .collect(),
            nearly,
            random_labels(a.len(), 5, 1000 + seed as u64),
        ];
        for (b, story) in others
            .iter()
            .zip(["equal", "coarser", "finer", "nearly", "other"])
        {
            let entropy = |labels| mutual_info_score(labels, labels).unwrap();
            let most = entropy(&a).min(entropy(b)) * (1.0 + 1e-15);
            within(mutual_info_score(&a, b), most, story);
            within(normalized_mutual_info_score(&a, b), 1.0, story);
            within(v_measure_score(&a, b), 1.0, story);
            within(fowlkes_mallows_score(&a, b), 1.0, story);
            within(rand_score(&a, b), 1.0, story);
            assert!(adjusted_mutual_info_score(&a, b).unwrap() <= 1.0);
            for (a, b) in [(&a, b), (b, &a)] {
                within(homogeneity_score(a, b), 1.0, story);
                within(completeness_score(a, b), 1.0, story);
            }
        }
        // A finer labelling determines a coarser one.
        assert_eq!(homogeneity_score(&a, &others[2]).unwrap(), 1.0);
        assert_eq!(completeness_score(&a, &others[1]).unwrap(), 1.0);
        assert_eq!(normalized_mutual_info_score(&a, &a).unwrap(), 1.0);
    }
}

#[test]
fn mismatched_labels_are_rejected() {
    let x = lattice::<f64>(5, 2, 1);
    type Internal = fn(&ArrayRef2<f64>, &ArrayRef1<usize>) -> Result<f64, Error>;
    let scores: [Internal; 6] = [
        silhouette_score,
        simplified_silhouette_score,
        sq_euclidean_silhouette_score,
        calinski_harabasz_score,
        davies_bouldin_score,
        |x, labels| silhouette_score_sampled(x, labels, 4, 0).map(|sampled| sampled.score),
    ];
    for score in scores {
        let short = score(&x, &array![0, 1]).unwrap_err();
        assert_eq!(
            short,
            Error::LengthMismatch {
                argument: "labels",
                expected: 5,
                found: 2
            }
        );
        for labels in [array![3, 3, 3, 3, 3], array![4, 3, 2, 1, 0]] {
            let n_clusters = if labels[1] == labels[0] { 1 } else { 5 };
            let error = score(&x, &labels).unwrap_err();
            assert_eq!(
                error,
                Error::InvalidClusterCount {
                    n_clusters,
                    rows: 5
                }
            );
            let text = format!(
                "labels: {n_clusters} clusters of 5 rows cannot be scored: at least 2 are needed, and \
                 fewer than rows"
            );
            assert_eq!(error.to_string(), text);
        }
        let empty = score(&Array2::zeros((0, 2)), &Array1::zeros(0)).unwrap_err();
        assert_eq!(empty, Error::EmptyData { argument: "x" });
        let not_finite = score(&array![[0.0], [f64::NAN]], &array![0, 1]).unwrap_err();
        assert_eq!(
            not_finite,
            Error::NotFinite {
                argument: "x",
                row: 1,
                column: 0
            }
        );
    }
    let error = silhouette_score_sampled(&x, &array![0, 0, 0, 1, 1], 3, 0).unwrap_err();
    assert_eq!(
        error,
        Error::SampleTooSmall {
            sample_size: 3,
            needed: 4
        }
    );
    assert_eq!(
        error.to_string(),
        "sample_size is 3, but must be at least 4: 2 rows of each cluster"
    );
    for score in SYMMETRIC {
        assert_eq!(
            score(&Array1::zeros(0), &Array1::zeros(0)),
            Err(Error::EmptyData {
                argument: "true labels"
            })
        );
        let expected = Error::LengthMismatch {
            argument: "predicted labels",
            expected: 2,
            found: 1,
        };
        assert_eq!(score(&array![0, 1], &array![0]), Err(expected));
    }
    let found = silhouette_by_cluster(&array![0.5_f32], &array![0, 1]).unwrap_err();
    assert_eq!(
        found,
        Error::LengthMismatch {
            argument: "samples",
            expected: 2,
            found: 1
        }
    );
    let found = silhouette_by_cluster(&array![0.5, f64::NAN], &array![0, 1]).unwrap_err();
    assert_eq!(
        found,
        Error::NotFinite {
            argument: "samples",
            row: 1,
            column: 0
        }
    );
    let none = silhouette_by_cluster(&Array1::<f64>::zeros(0), &Array1::zeros(0));
    assert!(none.unwrap().is_empty());
}

for_both_types!(
    internal_scores_equal_those_of_scikit_learn,
    silhouettes_equal_the_definition,
    every_layout_gives_the_same_scores,
    equal_rows_score_0,
    samples_estimate_the_score,
    large_samples_are_close_to_the_score,
    scores_do_not_depend_on_label_values,
    silhouettes_are_summarized_by_cluster,
);
