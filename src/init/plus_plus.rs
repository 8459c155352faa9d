//! Greedy k-means++.
//!
//! ```text
//! draw the first centroid by weight
//! until there are k:
//!     draw 2 + ln k candidates with probability w D^2   (D: distance to the nearest centroid)
//!     keep the candidate that leaves the smallest sum of w D^2, the first among equals
//! ```
//!
//! The squared distances are those of [`sq_dist`](crate::kernels::sq_dist) and the sums are exact,
//! so the choice is the same on every processor, and however the points are gone through.

use super::closest::Closest;
use crate::float::Float;
use crate::points::Points;
use crate::prepared::Prepared;
use crate::random::Stream;

pub(super) fn choose<F: Float>(
    prepared: &Prepared<'_, F>,
    n_clusters: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let points = prepared.points;
    let n_candidates = 2 + (n_clusters as f64).ln() as usize;
    let mut chosen = Vec::with_capacity(n_clusters);
    chosen.push(by_weight(points, stream));
    let mut closest = Closest::new(prepared, chosen[0]);
    while chosen.len() < n_clusters && closest.total() > 0.0 {
        let candidates: Vec<_> = (0..n_candidates).map(|_| closest.draw(stream)).collect();
        let best = candidates[first_largest(&closest.gains(&candidates))];
        closest.add(best);
        chosen.push(best);
    }
    // Where every distinct row is a centroid already, any others will do.
    if chosen.len() < n_clusters {
        let mut is_free: Vec<bool> = (0..points.len())
            .map(|row| points.weight(row) > 0.0)
            .collect();
        chosen.iter().for_each(|&row| is_free[row] = false);
        let missing = n_clusters - chosen.len();
        chosen.extend((0..points.len()).filter(|&row| is_free[row]).take(missing));
    }
    chosen
}

/// A row drawn with probability proportional to its weight.
fn by_weight<F: Float>(points: &Points<'_, F>, stream: &mut Stream) -> usize {
    let last = points.len() - 1;
    if points.weights().is_none() {
        return ((stream.uniform() * points.len() as f64) as usize).min(last);
    }
    let total: f64 = (0..=last).map(|row| points.weight(row)).sum();
    let mut left = stream.uniform() * total;
    let mut drawn = 0;
    for row in 0..=last {
        let weight = points.weight(row);
        if weight > 0.0 {
            drawn = row;
            if left < weight {
                break;
            }
            left -= weight;
        }
    }
    drawn
}

fn first_largest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::kernels::sq_dist;

    /// Rows around a few centres, some of them equal.
    fn data(n: usize, d: usize, seed: u64) -> Array2<f32> {
        let mut stream = Stream::new(seed, 0);
        let centres = Array2::from_shape_simple_fn((12, d), || 40.0 * stream.uniform());
        Array2::from_shape_fn((n, d), |(i, j)| {
            let noise = (8.0 * stream.uniform()).floor();
            (centres[[i % 12, j]] + noise) as f32
        })
    }

    /// However the points are gone through, the same rows are chosen.
    #[test]
    fn skipping_changes_nothing() {
        for (n, d, k) in [(5000, 1, 8), (6000, 3, 40), (2000, 40, 30), (1500, 210, 30)] {
            let x = data(n, d, 5);
            let points = Points::check(&x).unwrap();
            for seed in 0..4 {
                let rows =
                    |prepared: Prepared<'_, f32>| choose(&prepared, k, &mut Stream::new(seed, 0));
                let plain = rows(Prepared::plain(&points));
                let tree = rows(Prepared::plain(&points).with_tree());
                let sketch = rows(Prepared::plain(&points).with_sketch());
                assert_eq!(plain, tree, "{n} x {d}, seed {seed}");
                assert_eq!(plain, sketch, "{n} x {d}, seed {seed}");
            }
        }
    }

    /// The gains are those of the plain definition.
    #[test]
    fn gains_are_those_of_all_distances() {
        for d in [2, 40] {
            let x = data(3000, d, 1);
            let points = Points::check(&x).unwrap();
            let prepared = Prepared::plain(&points);
            let chosen = [7, 100, 2000];
            let mut closest = Closest::new(&prepared, chosen[0]);
            chosen[1..].iter().for_each(|&row| closest.add(row));
            let row = |row| points.rows().row(row);
            let sum_with = |others: &[usize]| -> f64 {
                let nearest = |i| {
                    let all = chosen.iter().chain(others);
                    all.map(|&c| sq_dist(row(i), row(c)))
                        .fold(f64::INFINITY, f64::min)
                };
                (0..3000).map(nearest).sum()
            };
            let candidates = [3, 44, 555, 1200];
            let before = sum_with(&[]);
            assert!((closest.total() - before).abs() < 1e-9 * before);
            for (candidate, gain) in candidates.iter().zip(closest.gains(&candidates)) {
                let expected = before - sum_with(&[*candidate]);
                assert!((gain - expected).abs() < 1e-9 * before, "{gain} {expected}");
            }
        }
    }

    /// The law of a draw, as a chi-square test of many.
    #[test]
    fn rows_are_drawn_by_squared_distance() {
        // Distances 1, 2 and 3 from row 0: masses 1, 4 and 9 of 14.
        let x = ndarray::array![[0.0_f64], [1.0], [-2.0], [3.0]];
        let points = Points::check(&x).unwrap();
        let prepared = Prepared::plain(&points);
        let closest = Closest::new(&prepared, 0);
        let mut counts = [0.0; 4];
        let mut stream = Stream::new(3, 0);
        let n = 14_000;
        (0..n).for_each(|_| counts[closest.draw(&mut stream)] += 1.0);
        let expected = [0.0, 1000.0, 4000.0, 9000.0];
        let terms = counts.iter().zip(expected).skip(1);
        let chi_square: f64 = terms.map(|(n, e): (&f64, f64)| (n - e).powi(2) / e).sum();
        assert_eq!(counts[0], 0.0);
        // Two degrees of freedom: 13.8 is passed once in a thousand times.
        assert!(chi_square < 13.8, "{counts:?}");
    }
}
