//! Sums of distances of rows to the rows of each cluster.
//!
//! Rows are taken in the order of their clusters, in blocks. Most blocks then hold rows of one or two
//! clusters, and the kernel adds up whole tiles of distances without checking which cluster they belong to.

use std::ops::Range;

use super::clusters::Clusters;
use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::{Grouped, Rows};
use crate::numeric::power_of_two_below;
use crate::parallel;

/// The points, and the clusters that they form.
#[derive(Debug)]
pub(super) struct DistanceSums<'a, F: Float> {
    points: &'a Points<'a, F>,
    clusters: &'a Clusters,
    /// A power of two which brings values to where squares of distances neither overflow nor, if they
    /// are not negligible, underflow.
    scale: F,
    /// The most sums that are held at once.
    most_sums: usize,
}

/// The sums that are held at once take at most half a gigabyte.
const MOST_SUMS: usize = 1 << 26;

/// Rows whose distances to each other are computed twice.
const TOGETHER: usize = 64;

/// The size of a block of rows that are measured on their own.
const SOME: usize = 128;

impl<'a, F: Float> DistanceSums<'a, F> {
    pub(super) fn new(points: &'a Points<'a, F>, clusters: &'a Clusters) -> Self {
        let most = 1.0 / F::SMALLEST_NORMAL.to_f64();
        let length = 4.0 * (points.n_features() as f64).sqrt() * points.magnitude().to_f64();
        let scale = (most.sqrt() / length).min(most);
        Self {
            points,
            clusters,
            scale: F::from_f64(power_of_two_below(scale)),
            most_sums: MOST_SUMS,
        }
    }

    /// The results of `f` for each row, with its sums, one for each cluster.
    ///
    /// # Errors
    /// [`Error::ResultTooLarge`].
    pub(super) fn map(&self, f: impl Fn(usize, &[f64]) -> f64 + Sync) -> Result<Vec<f64>> {
        let (n, k) = (self.points.len(), self.clusters.len());
        let of_places = if n.saturating_mul(k) <= self.most_sums {
            let sums = self.all()?;
            each_row(self.clusters.order(), &sums, k, &f)
        } else {
            self.map_some(self.clusters.order(), &f)?
        };
        let mut results = vec![0.0; n];
        for (&row, result) in self.clusters.order().iter().zip(of_places) {
            results[row] = result;
        }
        Ok(results)
    }

    /// The results of `f` for some rows, with their sums, one for each cluster.
    ///
    /// # Errors
    /// [`Error::ResultTooLarge`].
    pub(super) fn map_some(
        &self,
        rows: &[usize],
        f: impl Fn(usize, &[f64]) -> f64 + Sync,
    ) -> Result<Vec<f64>> {
        let k = self.clusters.len();
        let step = (self.most_sums / k).max(1).next_multiple_of(SOME);
        let mut results = Vec::with_capacity(rows.len());
        for rows in rows.chunks(step) {
            results.extend(each_row(rows, &self.some(rows)?, k, &f));
        }
        Ok(results)
    }

    /// For each place of the order the sums of its row, one for each cluster. Each distance is computed
    /// once and added on both sides.
    fn all(&self) -> Result<Vec<f64>> {
        let (n, k) = (self.points.len(), self.clusters.len());
        let mut sums = self.zeros(n)?;
        let len = block_len(n);
        let blocks = sums.chunks_mut(len * k).enumerate();
        let mut blocks: Vec<Block<'_>> = blocks
            .map(|(number, sums)| self.block(number * len, sums))
            .collect();
        let work = parallel::work(n, n, self.points.n_features());
        parallel::on_pool(work, || {
            parallel::for_each_pair(&mut blocks, work, |a, b| self.meet(a, b));
            parallel::for_each(&mut blocks, work, |block| self.within(block));
        });
        Ok(sums)
    }

    /// For each of some rows its sums, one for each cluster.
    ///
    /// # Errors
    /// [`Error::ResultTooLarge`].
    fn some(&self, rows: &[usize]) -> Result<Vec<f64>> {
        let (n, k) = (self.points.len(), self.clusters.len());
        let mut sums = self.zeros(rows.len())?;
        let len = block_len(n);
        let work = parallel::work(rows.len(), n, self.points.n_features());
        let blocks = parallel::Blocks::new(rows.len(), SOME, work);
        blocks.fill(parallel::PerItem(&mut sums, k), |range, sums| {
            self.with_rows(&rows[range], |own| {
                for first in (0..n).step_by(len) {
                    let block = self.block(first, &mut []);
                    self.with_rows(&self.clusters.order()[block.places.clone()], |others| {
                        let points = Grouped {
                            points: others,
                            ends: &block.ends,
                        };
                        self.measure(points, &own, |_, of_groups| {
                            add_columns(sums, k, block.first, own.len(), of_groups);
                        });
                    });
                }
            });
        });
        Ok(sums)
    }

    /// The sums of this many rows.
    ///
    /// # Errors
    /// [`Error::ResultTooLarge`].
    fn zeros(&self, rows: usize) -> Result<Vec<f64>> {
        let columns = self.clusters.len();
        let zeros = checks::filled(rows, columns, 0.0_f64)?;
        // Rows come in whole blocks.
        debug_assert!(zeros.len() <= self.most_sums.saturating_add(SOME * columns));
        Ok(zeros)
    }

    /// The block that begins at a place of the order.
    fn block<'s>(&self, start: usize, sums: &'s mut [f64]) -> Block<'s> {
        let end = self.points.len().min(start + block_len(self.points.len()));
        let first = self.clusters.of_place(start);
        let last = self.clusters.of_place(end - 1);
        let end_of = |cluster| self.clusters.places(cluster).end.min(end) - start;
        Block {
            places: start..end,
            first,
            ends: (first..=last).map(end_of).collect(),
            sums,
        }
    }

    /// Calls `f` with copies of rows, in scale.
    fn with_rows<R>(&self, rows: &[usize], f: impl FnOnce(Rows<'_, F>) -> R) -> R {
        let (d, points) = (self.points.n_features(), self.points.rows());
        F::with_scratch(rows.len() * d, |copies| {
            for (copy, &row) in copies.chunks_exact_mut(d).zip(rows) {
                // PERF: at 20,000 x 16 in f32 a plain loop over the values took 8% of the whole time.
                let ((to, to_tail), (from, from_tail)) =
                    (copy.as_chunks_mut::<8>(), points.row(row).as_chunks::<8>());
                for (to, from) in to.iter_mut().zip(from) {
                    *to = from.map(|x| x * self.scale);
                }
                for (to, &from) in to_tail.iter_mut().zip(from_tail) {
                    *to = from * self.scale;
                }
            }
            f(Rows::new(copies, d))
        })
    }

    /// The distances between two blocks.
    fn meet(&self, a: &mut Block<'_>, b: &mut Block<'_>) {
        let (k, order) = (self.clusters.len(), self.clusters.order());
        self.with_rows(&order[a.places.clone()], |points| {
            self.with_rows(&order[b.places.clone()], |others| {
                let points = Grouped {
                    points,
                    ends: &a.ends,
                };
                let mut start = 0;
                for (&end, cluster) in b.ends.iter().zip(b.first..) {
                    self.measure(points, &others.slice(start..end), |of_points, of_groups| {
                        add_columns(a.sums, k, cluster, of_points.len(), of_points);
                        add_columns(&mut b.sums[start * k..], k, a.first, end - start, of_groups);
                    });
                    start = end;
                }
            });
        });
    }

    /// The distances within a block: of a few rows of a cluster at a time to all before them, and to
    /// each other.
    fn within(&self, block: &mut Block<'_>) {
        let k = self.clusters.len();
        let Block {
            places,
            first,
            ends,
            sums,
        } = block;
        self.with_rows(&self.clusters.order()[places.clone()], |rows| {
            let (mut start, mut ends_before) = (0, Vec::new());
            for (cluster, &end_of_cluster) in (*first..).zip(&*ends) {
                while start < end_of_cluster {
                    let end = end_of_cluster.min(start + TOGETHER);
                    let own = rows.slice(start..end);
                    let itself = Grouped {
                        points: own,
                        ends: &[own.len()],
                    };
                    self.measure(itself, &own, |of_points, _| {
                        add_columns(&mut sums[start * k..], k, cluster, own.len(), of_points);
                    });
                    ends_before.clear();
                    ends_before.extend(ends[..=cluster - *first].iter().map(|&end| end.min(start)));
                    let before = Grouped {
                        points: rows.slice(0..start),
                        ends: &ends_before,
                    };
                    self.measure(before, &own, |of_points, of_groups| {
                        add_columns(sums, k, cluster, start, of_points);
                        add_columns(&mut sums[start * k..], k, *first, own.len(), of_groups);
                    });
                    start = end;
                }
            }
        });
    }

    /// Calls `f` with the sums of the distances of each point to all of the others, and then, for each
    /// group of points, with the sums of the distances of each of the others to the group.
    fn measure(
        &self,
        points: Grouped<'_, F>,
        others: &Rows<'_, F>,
        f: impl FnOnce(&[f64], &[f64]),
    ) {
        let n = points.points.len();
        f64::with_scratch(n + points.ends.len() * others.len(), |sums| {
            sums.fill(0.0);
            let (of_points, of_groups) = sums.split_at_mut(n);
            let kernels = self.points.kernels;
            kernels.sum_dists(points, others, of_points, of_groups);
            f(of_points, of_groups);
        });
    }
}

/// Adds columns of `len` values to a matrix of `k` columns, from the column `first` on.
fn add_columns(matrix: &mut [f64], k: usize, first: usize, len: usize, columns: &[f64]) {
    for (column, values) in (first..).zip(columns.chunks_exact(len.max(1))) {
        for (row, value) in matrix.chunks_exact_mut(k).zip(values) {
            row[column] += value;
        }
    }
}

/// Consecutive rows in the order of the clusters.
#[derive(Debug)]
struct Block<'s> {
    places: Range<usize>,
    /// The cluster of the first row.
    first: usize,
    /// For each cluster in the block the number of rows up to its end.
    ends: Vec<usize>,
    /// For each row one for each cluster.
    sums: &'s mut [f64],
}

/// Rows per block: few enough for many threads to find work, and enough for copying and transposing them to take
/// little of the time. Whole vectors for the kernel.
fn block_len(n: usize) -> usize {
    if n < SMALL {
        n.div_ceil(16).next_multiple_of(16).max(64)
    } else {
        (3 * n.isqrt()).next_multiple_of(64).min(512)
    }
}

/// Up to here there are at most 16 blocks, so that a round keeps two, four or eight threads busy, and each
/// has whole vectors of rows.
const SMALL: usize = 3_000;

/// The results of `f` for rows and their sums.
fn each_row(
    rows: &[usize],
    sums: &[f64],
    k: usize,
    f: &(impl Fn(usize, &[f64]) -> f64 + Sync),
) -> Vec<f64> {
    parallel::map(rows.len(), sums.len(), |i| f(rows[i], &sums[i * k..][..k]))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2};

    use super::*;

    #[test]
    fn rows_on_their_own_have_the_sums_that_they_have_among_all() {
        for (n, k) in [(7, 3), (700, 5), (1500, 400)] {
            let x = Array2::from_shape_fn((n, 3), |(i, j)| ((i * 37 + j * 101) % 17) as f64);
            let labels = Array1::from_shape_fn(n, |i| i * i % k);
            let points = Points::check("x", &x).unwrap();
            let clusters = Clusters::to_score(&points, &labels).unwrap();
            let distance_sums = DistanceSums::new(&points, &clusters);
            let (all, some) = (
                distance_sums.all().unwrap(),
                distance_sums.some(clusters.order()).unwrap(),
            );
            for (a, b) in all.iter().zip(&some) {
                assert!((a - b).abs() <= 1e-13 * a, "{a} {b}");
            }
        }
    }

    #[test]
    fn rows_in_parts_have_the_sums_that_they_have_together() {
        let x = Array2::from_shape_fn((700, 2), |(i, j)| ((i * 37 + j * 101) % 17) as f64);
        let labels = Array1::from_shape_fn(700, |i| i * i % 5);
        let points = Points::check("x", &x).unwrap();
        let clusters = Clusters::to_score(&points, &labels).unwrap();
        let mut distance_sums = DistanceSums::new(&points, &clusters);
        let weighted = |row: usize, sums: &[f64]| {
            let weights = (row..).map(|i| (i % 7) as f64);
            sums.iter().zip(weights).map(|(sum, w)| sum * w).sum()
        };
        let together = distance_sums.map(weighted).unwrap();
        // An assertion in the code checks that there are never many more at once.
        distance_sums.most_sums = 128 * clusters.len();
        let in_parts = distance_sums.map(weighted).unwrap();
        for (a, b) in together.iter().zip(&in_parts) {
            assert!((a - b).abs() <= 1e-13 * a, "{a} {b}");
        }
    }
}
