//! Sums of clusters, in every way they are held, against one product after another.

use ndarray::{Array1, Array2};

use super::*;

/// Sums of the rows with these labels, one product after another.
fn expected<F: Float>(points: &Points<'_, F>, labels: &[u32], n_clusters: usize) -> Vec<f64> {
    let width = points.n_features() + 1;
    let mut sums = LongSums::new(n_clusters * width);
    for (row, &label) in labels.iter().enumerate() {
        let values = points.rows().row(row).iter().map(|x| x.to_f64());
        for (j, x) in values.chain([1.0]).enumerate() {
            sums.add_product(label as usize * width + j, points.weight(row), x);
        }
    }
    (0..sums.len()).map(|index| sums.total(index)).collect()
}

fn rough(i: usize) -> f64 {
    ((i * 7919) % 10_007) as f64 / 64.0 - 70.0
}

/// Labels change at random several times. From the second time on a few values do not fit the levels.
fn sums_are_exact_whatever_holds_them<F: Float>() {
    // A few moves; parts of the rows; many clusters.
    for (n, d, k) in [(300, 2, 40), (30_000, 3, 4), (9_000, 5, 900)] {
        for weights in ["none", "whole", "fractional", "of some rows", "huge"] {
            for extreme in [1.0, 1e-25] {
                let x = Array2::from_shape_fn((n, d), |(i, j)| {
                    let is_extreme = i % 1000 == 7;
                    F::from_f64(rough(i * d + j) * if is_extreme { extreme } else { 1.0 })
                });
                let weight = |i: usize| match weights {
                    "whole" => (i % 4) as f64,
                    "fractional" => 0.1 + (i % 11) as f64 / 7.0,
                    "of some rows" => f64::from(u8::from(i % 300 == 5)),
                    _ => (1 + i % 3) as f64 * f64::from(1 << 23),
                };
                let of_rows = Array1::from_shape_fn(n, |i| F::from_f64(weight(i)));
                let points = Points::check("x", &x).unwrap();
                let points = match weights {
                    "none" => points,
                    _ => points.with_weights(&of_rows).unwrap(),
                };
                let mut totals = ClusterTotals::new(k, d, points.magnitude(), points.copies());
                let mut before = vec![NO_LABEL; n];
                for time in 1..4 {
                    let mut labels = before.clone();
                    for (i, label) in labels.iter_mut().enumerate() {
                        if time == 1 || i % (3 * time) == 0 {
                            *label = ((i * time) % k) as u32;
                        }
                    }
                    let changed = before.iter().zip(&labels).filter(|(a, b)| a != b);
                    let changed = changed.count();
                    totals.update(&points, &mut before, &labels, changed);
                    assert_eq!(before, labels);
                    let found = totals.rounded().values;
                    let expected = expected(&points, &labels, k);
                    assert_eq!(found, expected, "{n} {d} {k} {weights} {extreme} {time}");
                }
            }
        }
    }
}

#[test]
fn sums_are_exact_for_f32() {
    sums_are_exact_whatever_holds_them::<f32>();
}

#[test]
fn sums_are_exact_for_f64() {
    sums_are_exact_whatever_holds_them::<f64>();
}

#[test]
fn levels_are_emptied_before_they_are_full() {
    let n = 1 << 18;
    let x = Array2::from_shape_fn((n, 1), |(i, _)| rough(i) as f32);
    let points = Points::check("x", &x).unwrap();
    let labels = [0, 1].map(|first| {
        let label = |i: usize| ((i / 7 + first) % 2) as u32;
        (0..n).map(label).collect::<Vec<_>>()
    });
    let mut totals = ClusterTotals::new(2, 1, points.magnitude(), points.copies());
    let mut before = vec![NO_LABEL; n];
    for time in 0..=2 * MOST_MOVES / n {
        totals.update(&points, &mut before, &labels[time % 2], n);
    }
    assert!(totals.long.places().count() > 0, "nothing was settled");
    assert_eq!(totals.rounded().values, expected(&points, &before, 2));
}
