//! Greedy k-means++.
//!
//! ```text
//! draw the first centroid by weight
//! until there are k:
//!     draw 2 + ln k candidates with probability w D^2   (D: distance to the nearest centroid)
//!     keep the candidate that leaves the smallest sum of w D^2, the first among equals
//! ```
//!
//! The squared distances are those of [`sq_dist`](crate::kernels::sq_dist) and the sums are exact, so the
//! choice is the same on every processor, and in whatever order the points are visited.

use super::potential::Potential;
use crate::data::Points;
use crate::float::Float;
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
    let mut potential = Potential::new(prepared, chosen[0]);
    while chosen.len() < n_clusters && potential.total() > 0.0 {
        let candidates: Vec<_> = (0..n_candidates)
            .map(|_| potential.draw_row(stream))
            .collect();
        let best = candidates[first_largest(&potential.drops(&candidates))];
        potential.add(best);
        chosen.push(best);
    }
    // If every distinct row is already a centroid, any other rows will do.
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
pub(super) fn by_weight<F: Float>(points: &Points<'_, F>, stream: &mut Stream) -> usize {
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
    use ndarray::{Array1, Array2};

    use super::*;
    use crate::kernels::sq_dist;

    /// Rows around a few centres, which are so far apart; some of the rows are equal.
    fn data(n: usize, d: usize, seed: u64, apart: f64) -> Array2<f32> {
        let mut stream = Stream::new(seed, 0);
        let centres = Array2::from_shape_simple_fn((12, d), || apart * stream.uniform());
        Array2::from_shape_fn((n, d), |(i, j)| {
            let noise = (8.0 * stream.uniform()).floor();
            (centres[[i % 12, j]] + noise) as f32
        })
    }

    /// However the points are gone through, the same rows are chosen.
    #[test]
    fn skipping_changes_nothing() {
        for (n, d, k, apart) in [
            (5000, 1, 8, 40.0),
            (6000, 3, 40, 40.0),
            (2000, 40, 30, 40.0),
            (1500, 210, 30, 40.0),
            // Many directions.
            (1500, 400, 30, 8.0),
        ] {
            let x = data(n, d, 5, apart);
            let points = Points::check("x", &x).unwrap();
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

    /// The distances and the drops of the potential are those of the plain definition.
    #[test]
    fn drops_are_those_of_all_distances() {
        const N: usize = 2500;
        for (d, unit, far) in [
            (2, 1.0, 1.0),
            (40, 1.0, 1.0),
            (210, 1.0, 1.0),
            (210, 1.0, 1e30),
            (210, 1e-10, 1e33),
        ] {
            // In the frame of the others the sketch of a far row overflows, or its squares do.
            let mut x = data(N, d, 1, 40.0) * unit;
            x.row_mut(501).fill(far);
            let weights = Array1::from_shape_fn(N, |i| (i % 3) as f32);
            for is_weighted in [false, true] {
                let mut points = Points::check("x", &x).unwrap();
                if is_weighted {
                    points = points.with_weights(&weights).unwrap();
                }
                let prepared = [
                    Prepared::plain(&points),
                    Prepared::plain(&points).with_sketch(),
                ];
                assert_eq!(prepared[1].sketch.is_some(), d > 200);
                for prepared in prepared {
                    follow_the_definition(&points, &prepared);
                }
            }
        }
    }

    fn follow_the_definition(points: &Points<'_, f32>, prepared: &Prepared<'_, f32>) {
        let n = points.len();
        let row = |row| points.rows().row(row);
        let nearest = |i: usize, chosen: &[usize]| {
            let sq_dists = chosen.iter().map(|&c| sq_dist(row(i), row(c)));
            sq_dists.fold(f64::INFINITY, f64::min)
        };
        let sum_with = |chosen: &[usize]| -> f64 {
            let terms = (0..n).map(|i| points.weight(i) * nearest(i, chosen));
            terms.sum()
        };
        let mut chosen = vec![7];
        let mut potential = Potential::new(prepared, chosen[0]);
        // The last candidate is the far row, and is far no more once it is chosen.
        for candidates in [[3, 44, 501, 1201], [100, 7, 200, 3], [5, 2000, 501, 6]] {
            let before = sum_with(&chosen);
            assert!((potential.total() - before).abs() <= 1e-9 * before);
            let drops = potential.drops(&candidates);
            for (candidate, drop) in candidates.iter().zip(drops) {
                let expected = before - sum_with(&[&chosen[..], &[*candidate]].concat());
                assert!(
                    (drop - expected).abs() <= 1e-9 * before,
                    "{drop} {expected}"
                );
            }
            for added in [candidates[2], 1000 + candidates[0]] {
                potential.add(added);
                chosen.push(added);
                assert!((0..n).all(|i| potential.sq_dist(i) == nearest(i, &chosen)));
            }
        }
    }

    /// The law of a draw, as a chi-square test of many.
    #[test]
    fn rows_are_drawn_by_squared_distance() {
        // Distances 1, 2 and 3 from row 0: masses 1, 4 and 9 of 14.
        let x = ndarray::array![[0.0_f64], [1.0], [-2.0], [3.0]];
        let points = Points::check("x", &x).unwrap();
        let prepared = Prepared::plain(&points);
        let potential = Potential::new(&prepared, 0);
        let mut counts = [0.0; 4];
        let mut stream = Stream::new(3, 0);
        let n = 14_000;
        (0..n).for_each(|_| counts[potential.draw_row(&mut stream)] += 1.0);
        let expected = [0.0, 1000.0, 4000.0, 9000.0];
        let terms = counts.iter().zip(expected).skip(1);
        let chi_square: f64 = terms.map(|(n, e): (&f64, f64)| (n - e).powi(2) / e).sum();
        assert_eq!(counts[0], 0.0);
        // Two degrees of freedom: 13.8 is passed once in a thousand times.
        assert!(chi_square < 13.8, "{counts:?}");
    }

    /// How likely the plain definition is to choose each row next, given those chosen.
    fn naive_law(x: &Array2<f64>, chosen: &[usize], n_candidates: usize) -> Vec<f64> {
        let n = x.nrows();
        let row = |i: usize| x.row(i).to_vec();
        let closest = |i: usize, others: &[usize]| {
            let sq_dists = others.iter().map(|&c| sq_dist(&row(i), &row(c)));
            sq_dists.fold(f64::INFINITY, f64::min)
        };
        let masses: Vec<f64> = (0..n).map(|i| closest(i, chosen)).collect();
        let total: f64 = masses.iter().sum();
        let left = |candidate: usize| -> f64 {
            let with = [chosen, &[candidate]].concat();
            (0..n).map(|i| closest(i, &with)).sum()
        };
        let left: Vec<f64> = (0..n).map(left).collect();
        let mut law = vec![0.0; n];
        // All ways to draw the candidates, as numbers of base n.
        for draw in 0..n.pow(n_candidates as u32) {
            let candidate = |place: usize| draw / n.pow(place as u32) % n;
            let candidates: Vec<usize> = (0..n_candidates).map(candidate).collect();
            let first = candidates[0];
            let better = |best, &i: &usize| if left[i] < left[best] { i } else { best };
            let best = candidates.iter().fold(first, better);
            law[best] += candidates
                .iter()
                .map(|&i| masses[i] / total)
                .product::<f64>();
        }
        law
    }

    /// The law of whole starts, as a chi-square test over many seeds.
    #[test]
    fn starts_follow_the_law_of_the_plain_definition() {
        let x = ndarray::array![
            [0.0, 0.0],
            [1.0, 0.5],
            [4.0, 0.0],
            [5.0, 1.0],
            [2.0, 6.0],
            [9.0, 9.5]
        ];
        let (n, k) = (x.nrows(), 3);
        let n_candidates = 2 + (k as f64).ln() as usize;
        let mut expected = std::collections::HashMap::new();
        for first in 0..n {
            let second = naive_law(&x, &[first], n_candidates);
            for (second, p) in second.into_iter().enumerate().filter(|(_, p)| *p > 0.0) {
                for (third, q) in naive_law(&x, &[first, second], n_candidates)
                    .into_iter()
                    .enumerate()
                {
                    expected.insert(vec![first, second, third], p * q / n as f64);
                }
            }
        }
        let points = Points::check("x", &x).unwrap();
        let prepared = Prepared::plain(&points);
        let mut counts = std::collections::HashMap::<_, f64>::new();
        let n_seeds = 20_000;
        for seed in 0..n_seeds {
            *counts
                .entry(choose(&prepared, k, &mut Stream::new(seed, 0)))
                .or_default() += 1.0;
        }
        let n_seeds = n_seeds as f64;
        assert!(counts.keys().all(|rows| expected[rows] > 0.0));
        // Rare starts are taken together.
        let (mut chi_square, mut cells) = (0.0, 0);
        let (mut rare, mut rare_expected) = (0.0, 0.0);
        for (rows, p) in expected {
            let count = counts.get(&rows).copied().unwrap_or(0.0);
            if n_seeds * p < 10.0 {
                rare += count;
                rare_expected += n_seeds * p;
            } else {
                chi_square += (count - n_seeds * p).powi(2) / (n_seeds * p);
                cells += 1;
            }
        }
        if rare_expected > 0.0 {
            chi_square += (rare - rare_expected).powi(2) / rare_expected;
        }
        // Of mean `cells` and variance twice that; four deviations are hardly ever passed.
        assert!(cells > 20, "{cells}");
        let most = f64::from(cells) + 4.0 * (2.0 * f64::from(cells)).sqrt();
        assert!(chi_square < most, "{chi_square} of {cells} cells");
    }
}
