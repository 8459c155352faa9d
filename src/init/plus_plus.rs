//! Greedy k-means++.
//!
//! ```text
//! draw the first centroid by weight
//! until there are k:
//!     draw 2 + ln k candidates with probability w D^2   (D: distance to the nearest centroid)
//!     keep the candidate that leaves the smallest sum of w D^2, the first among equals
//! ```
//!
//! All candidates of a step are measured in one pass over the points. The squared distances are
//! those of [`sq_dist`](crate::kernels::sq_dist), so the choice is the same on every processor.

use std::ops::Range;

use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::Rows;
use crate::parallel::{self, BLOCK};
use crate::points::Points;
use crate::random::Stream;

use super::gather;

pub(super) fn choose<F: Float>(
    points: &Points<'_, F>,
    n_clusters: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let n_candidates = 2 + (n_clusters as f64).ln() as usize;
    let mut chosen = Vec::with_capacity(n_clusters);
    // At first all points count as equally far, so that the draw goes by weight.
    let mut closest = Closest::new(points, 1.0);
    chosen.push(closest.draw(stream));
    closest = Closest::new(points, f64::INFINITY);
    closest.add(chosen[0]);
    while chosen.len() < n_clusters && closest.total > 0.0 {
        let candidates: Vec<_> = (0..n_candidates).map(|_| closest.draw(stream)).collect();
        let best = candidates[first_smallest(&closest.potentials(&candidates))];
        closest.add(best);
        chosen.push(best);
    }
    // Where every distinct row is a centroid already, any others will do.
    let mut is_free: Vec<bool> = (0..points.len())
        .map(|row| points.weight(row) > 0.0)
        .collect();
    chosen.iter().for_each(|&row| is_free[row] = false);
    let missing = n_clusters - chosen.len();
    chosen.extend((0..points.len()).filter(|&row| is_free[row]).take(missing));
    chosen
}

fn first_smallest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] < values[best] { i } else { best })
}

/// The squared distance of every point to the nearest centroid chosen so far.
struct Closest<'a, F: Float> {
    points: &'a Points<'a, F>,
    sq_dists: Vec<f64>,
    /// Weight times squared distance, summed over each block of points.
    block_sums: Vec<f64>,
    /// The sum over all points.
    total: f64,
}

impl<'a, F: Float> Closest<'a, F> {
    fn new(points: &'a Points<'a, F>, sq_dist: f64) -> Self {
        let sq_dists = vec![sq_dist; points.len()];
        let mut closest = Self {
            points,
            sq_dists,
            block_sums: Vec::new(),
            total: 0.0,
        };
        closest.sum_up();
        closest
    }

    fn sum_up(&mut self) {
        let n = self.points.len();
        self.block_sums = parallel::map_blocks(n, BLOCK, n, |range| {
            potential(&self.sq_dists[range.clone()], None, self.weights(range))
        });
        self.total = self.block_sums.iter().sum();
    }

    fn weights(&self, range: Range<usize>) -> Option<&[F]> {
        self.points.weights().map(|weights| &weights[range])
    }

    /// A row drawn with probability proportional to weight times squared distance: the block
    /// first, then the row in it.
    fn draw(&self, stream: &mut Stream) -> usize {
        let mut left = stream.uniform() * self.total;
        let mut block = 0;
        while block + 1 < self.block_sums.len() && left >= self.block_sums[block] {
            left -= self.block_sums[block];
            block += 1;
        }
        // NOTE: rounding may leave something over behind the last block or row that has a part in
        // the sum. The last such row is then the one meant.
        let mut drawn = None;
        for row in (block * BLOCK..self.points.len()).chain(0..block * BLOCK) {
            let mass = self.points.weight(row) * self.sq_dists[row];
            if mass > 0.0 {
                drawn = Some(row);
                if left < mass {
                    break;
                }
                left -= mass;
            }
            if row + 1 == ((block + 1) * BLOCK).min(self.points.len()) && drawn.is_some() {
                break;
            }
        }
        drawn.expect("the sum is positive, so a row has a part in it")
    }

    /// What the sum would be if each of the candidates were added on its own.
    fn potentials(&self, candidates: &[usize]) -> Vec<f64> {
        let (n, d) = (self.points.len(), self.points.n_features());
        let targets = gather(self.points, candidates);
        let targets = Rows::new(&targets, d);
        let parts = parallel::map_parts(n, parallel::work(n, candidates.len(), d), |part| {
            let mut sums = vec![0.0; candidates.len()];
            for start in part.clone().step_by(BLOCK) {
                let range = start..part.end.min(start + BLOCK);
                f64::with_scratch(range.len() * candidates.len(), |sq_dists| {
                    let rows = self.points.rows().slice(range.clone());
                    self.points.kernels.sq_dists(&rows, &targets, sq_dists);
                    let closest = &self.sq_dists[range.clone()];
                    for (sum, sq_dists) in sums.iter_mut().zip(sq_dists.chunks(range.len())) {
                        *sum += potential(closest, Some(sq_dists), self.weights(range.clone()));
                    }
                });
            }
            sums
        });
        (0..candidates.len())
            .map(|t| parts.iter().map(|sums| sums[t]).sum())
            .collect()
    }

    /// Takes a centroid in.
    fn add(&mut self, row: usize) {
        let points = self.points;
        let centroid = Rows::new(points.rows().row(row), points.n_features());
        let work = points.len() * points.n_features();
        parallel::fill_blocks(&mut self.sq_dists, 1, BLOCK, work, |range, closest| {
            f64::with_scratch(range.len(), |sq_dists| {
                points
                    .kernels
                    .sq_dists(&points.rows().slice(range), &centroid, sq_dists);
                for (closest, &sq_dist) in closest.iter_mut().zip(&*sq_dists) {
                    *closest = closest.min(sq_dist);
                }
            });
            0
        });
        self.sum_up();
    }
}

/// The sum of weight times squared distance, of the smaller of two distances where a second is
/// given. Place `i` is added to partial sum `i mod 8`, so that the order of addition is fixed and
/// the sums can stand in one vector.
fn potential<F: Float>(closest: &[f64], other: Option<&[f64]>, weights: Option<&[F]>) -> f64 {
    let mut parts = [0.0; 8];
    for start in (0..closest.len()).step_by(8) {
        let end = closest.len().min(start + 8);
        let mut terms = [0.0; 8];
        terms[..end - start].copy_from_slice(&closest[start..end]);
        if let Some(other) = other {
            terms
                .iter_mut()
                .zip(&other[start..end])
                .for_each(|(term, &x)| *term = term.min(x));
        }
        if let Some(weights) = weights {
            terms
                .iter_mut()
                .zip(&weights[start..end])
                .for_each(|(term, w)| *term *= w.to_f64());
        }
        parts
            .iter_mut()
            .zip(terms)
            .for_each(|(part, term)| *part += term);
    }
    parts.iter().sum()
}
