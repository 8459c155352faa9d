//! Scores of data that is far from the origin, very large or small, or has outliers.

use crate::common::{Numbers, blobs, lattice};
use centroid::metrics::*;
use centroid::{Error, Float};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, concatenate, s};

type Score<F> = fn(&ArrayRef2<F>, &ArrayRef1<usize>) -> Result<f64, Error>;

/// The scores that use the means of the clusters, which are computed in f64.
fn by_means<F: Float>() -> [(&'static str, Score<F>); 4] {
    [
        ("simplified", simplified_silhouette_score),
        ("squares", sq_euclidean_silhouette_score),
        ("Calinski-Harabasz", calinski_harabasz_score),
        ("Davies-Bouldin", davies_bouldin_score),
    ]
}

fn all<F: Float>() -> Vec<(&'static str, Score<F>)> {
    let mut all = by_means().to_vec();
    all.push(("silhouette", silhouette_score));
    all
}

/// The tolerance of a score. Silhouettes use distances in the type of the data.
fn tolerance<F: Float>(name: &str) -> f64 {
    if name == "silhouette" && F::UNIT_ROUNDOFF > 1e-10 {
        1e-5
    } else {
        1e-10
    }
}

fn assert_close<F: Float>(found: f64, expected: f64, name: &str, story: &str) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    let tolerance = tolerance::<F>(name);
    assert!(
        error <= tolerance,
        "{name}, {story}: {found} is not {expected}"
    );
}

/// The scores of [`by_means`] by their definitions, for clusters whose mean is close to some of its rows.
fn by_definition<F: Float>(x: &ArrayRef2<F>, labels: &ArrayRef1<usize>, k: usize) -> [f64; 4] {
    let x: Vec<Vec<f64>> = x
        .outer_iter()
        .map(|row| row.iter().map(|x| x.to_f64()).collect())
        .collect();
    let mean = |rows: &[usize]| -> Vec<f64> {
        let sum = |j: usize| rows.iter().map(|&row| x[row][j]).sum::<f64>();
        (0..x[0].len())
            .map(|j| sum(j) / rows.len() as f64)
            .collect()
    };
    let sq_dist =
        |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum() };
    let rows_of = |c: usize| (0..x.len()).filter(|&i| labels[i] == c).collect::<Vec<_>>();
    let rows: Vec<Vec<usize>> = (0..k).map(rows_of).collect();
    let means: Vec<Vec<f64>> = rows.iter().map(|rows| mean(rows)).collect();
    let mean_of = |c: usize, f: &dyn Fn(f64) -> f64| {
        let values = rows[c].iter().map(|&row| f(sq_dist(&x[row], &means[c])));
        values.sum::<f64>() / rows[c].len() as f64
    };
    let spreads: Vec<f64> = (0..k).map(|c| mean_of(c, &|sq_dist| sq_dist)).collect();
    let widths: Vec<f64> = (0..k).map(|c| mean_of(c, &f64::sqrt)).collect();
    let silhouettes = |dist: &dyn Fn(usize, usize) -> f64, itself: bool| {
        let of_row = |row: usize| {
            let (own, size) = (labels[row], rows[labels[row]].len() as f64);
            if size == 1.0 {
                return 0.0;
            }
            let others = if itself { 1.0 } else { size / (size - 1.0) };
            let a = dist(row, own) * others;
            let others = (0..k).filter(|&c| c != own).map(|c| dist(row, c));
            let b = others.fold(f64::INFINITY, f64::min);
            (b - a) / a.max(b)
        };
        (0..x.len()).map(of_row).sum::<f64>() / x.len() as f64
    };
    let to_mean = |row: usize, c: usize| sq_dist(&x[row], &means[c]);
    let size = |c: usize| rows[c].len() as f64;
    let of_all = mean(&(0..x.len()).collect::<Vec<_>>());
    let between: f64 = (0..k).map(|c| size(c) * sq_dist(&means[c], &of_all)).sum();
    let within: f64 = (0..k).map(|c| size(c) * spreads[c]).sum();
    let worst = |c: usize| {
        let alike = |e: usize| (widths[c] + widths[e]) / sq_dist(&means[c], &means[e]).sqrt();
        (0..k).filter(|&e| e != c).map(alike).fold(0.0, f64::max)
    };
    [
        silhouettes(&|row, c| to_mean(row, c).sqrt(), true),
        silhouettes(&|row, c| to_mean(row, c) + spreads[c], false),
        between * (x.len() - k) as f64 / (within * (k - 1) as f64),
        (0..k).map(worst).sum::<f64>() / k as f64,
    ]
}

/// An outlier that is a separate cluster, followed by clusters that are 10 standard deviations apart.
fn after_an_outlier<F: Float>(outlier: f64, unit: f64) -> (Array2<F>, Array1<usize>) {
    let mut numbers = Numbers::new(3);
    let x = Array2::from_shape_fn((101, 2), |(i, j)| {
        let center = if j == 0 { (i % 2) as f64 * 10.0 } else { 0.0 };
        let value = (center + numbers.normal()) * unit;
        F::from_f64(if i == 0 { outlier } else { value })
    });
    let labels = (0..101).map(|i| if i == 0 { 2 } else { i % 2 });
    (x, labels.collect())
}

fn an_outlier_does_not_cost_others_precision<F: Float>() {
    for (outlier, unit) in [(1e20, 1.0), (1e8, 1e-7), (-1e30, 1e-3)] {
        let (x, labels) = after_an_outlier::<F>(outlier, unit);
        let expected = by_definition(&x, &labels, 3);
        // The outlier as the first and as the last row, with the first and with the last label.
        let last = (
            x.slice(s![..;-1, ..]).to_owned(),
            labels.slice(s![..;-1]).to_owned(),
        );
        for (x, labels) in [(&x, &labels), (&last.0, &last.1)] {
            for labels in [labels.clone(), labels.mapv(|label| 2 - label)] {
                for ((name, score), expected) in by_means().into_iter().zip(expected) {
                    let found = score(x, &labels).unwrap();
                    assert_close::<F>(found, expected, name, &format!("{outlier:e}, {unit:e}"));
                }
            }
        }
    }
}

fn the_definitions_agree_on_blobs<F: Float>() {
    for (n, d, k) in [(60, 1, 2), (333, 3, 7), (1000, 17, 40)] {
        let x = blobs::<F>(n, d, 5, 2);
        let labels: Array1<usize> = (0..n).map(|i| (i * i + i / 7) % k).collect();
        let expected = by_definition(&x, &labels, k);
        for ((name, score), expected) in by_means().into_iter().zip(expected) {
            let found = score(&x, &labels).unwrap();
            assert_close::<F>(found, expected, name, &format!("{n} x {d}, {k}"));
        }
    }
}

fn scores_do_not_depend_on_the_order_of_rows<F: Float>() {
    let x = concatenate![Axis(0), blobs::<F>(500, 3, 4, 1), lattice::<F>(100, 3, 2)];
    let labels: Array1<usize> = (0..600).map(|i| i * i % 5).collect();
    let reversed = labels.slice(s![..;-1]);
    for (name, score) in all::<F>() {
        let expected = score(&x, &labels).unwrap();
        let found = score(&x.slice(s![..;-1, ..]), &reversed).unwrap();
        assert_close::<F>(found, expected, name, "reversed");
    }
}

fn scales_and_offsets_do_not_cost_precision<F: Float>() {
    let (x, labels) = (lattice::<F>(90, 3, 1), (0..90).map(|i| i * i % 7));
    let labels: Array1<usize> = labels.collect();
    let exponents = if F::UNIT_ROUNDOFF < 1e-10 {
        [-1060, -900, -600, 290]
    } else {
        [-140, -120, -70, 110]
    };
    for (name, score) in all::<F>() {
        let expected = score(&x, &labels).unwrap();
        for exponent in exponents {
            // In two steps, because the power itself may underflow.
            let (half, rest) = (exponent / 2, exponent - exponent / 2);
            let (half, rest) = (2.0_f64.powi(half), 2.0_f64.powi(rest));
            let scaled = x.mapv(|x| F::from_f64(x.to_f64() * half * rest));
            let found = score(&scaled, &labels).unwrap();
            assert_close::<F>(found, expected, name, &format!("times 2^{exponent}"));
        }
        // Differences of integers are exact at any offset.
        let moved = x.mapv(|x| F::from_f64(x.to_f64() + 1e6));
        let found = score(&moved, &labels).unwrap();
        assert_close::<F>(found, expected, name, "moved");
    }
}

fn near_duplicates_keep_their_precision<F: Float>() {
    // Two clusters far from the origin, which are a few units in the last place apart.
    let unit = F::UNIT_ROUNDOFF * 2.0 * 1024.0;
    let place = |i: usize| [0.0, 1.0, 8.0, 9.0][i % 4];
    let near = |(i, _): (usize, usize)| F::from_f64(1024.0 + unit * place(i));
    let near = Array2::from_shape_fn((40, 3), near);
    let apart = Array2::from_shape_fn((40, 3), |(i, _)| F::from_f64(place(i)));
    let labels: Array1<usize> = (0..40).map(|i| i % 4 / 2).collect();
    for (name, score) in all::<F>() {
        let found = score(&near, &labels).unwrap();
        assert_close::<F>(found, score(&apart, &labels).unwrap(), name, "near");
    }
}

for_both_types!(
    an_outlier_does_not_cost_others_precision,
    the_definitions_agree_on_blobs,
    scores_do_not_depend_on_the_order_of_rows,
    scales_and_offsets_do_not_cost_precision,
    near_duplicates_keep_their_precision,
);
