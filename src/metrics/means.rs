//! The means of clusters, and how far the rows are from them.

use std::ops::Range;

use super::clusters::Clusters;
use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::{Kernels, Rows};
use crate::parallel;
use crate::points::Points;

/// Rows that are added up one after the other.
const PIECE: usize = 4096;

/// Rows whose distances to all means are held at a time.
const ROWS: usize = 64;

/// The mean of each cluster, in f64, about an origin among the points.
#[derive(Debug)]
pub(super) struct Means<'a, F: Float> {
    points: &'a Points<'a, F>,
    clusters: &'a Clusters,
    origin: Vec<f64>,
    /// For each cluster the features of its mean, less the origin.
    means: Vec<f64>,
}

impl<'a, F: Float> Means<'a, F> {
    pub(super) fn new(points: &'a Points<'a, F>, clusters: &'a Clusters) -> Self {
        let d = points.n_features();
        let origin = points.rows().row(0).iter().map(|x| x.to_f64()).collect();
        let mut means = Self {
            points,
            clusters,
            origin,
            means: Vec::new(),
        };
        let add = |sum: &mut Vec<f64>, row: usize| {
            sum.resize(d, 0.0);
            let values = means.points.rows().row(row).iter().zip(&means.origin);
            for (sum, (x, m)) in sum.iter_mut().zip(values) {
                *sum += x.to_f64() - m;
            }
        };
        let sums = means.sum_by_cluster(add, |sum, part| {
            sum.resize(d, 0.0);
            sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        });
        for (cluster, sum) in sums.iter().enumerate() {
            let size = clusters.size(cluster) as f64;
            means.means.extend(sum.iter().map(|sum| sum / size));
        }
        means
    }

    /// The mean of a cluster, less the origin.
    pub(super) fn mean(&self, cluster: usize) -> &[f64] {
        let d = self.points.n_features();
        &self.means[cluster * d..][..d]
    }

    /// The mean of all points, less the origin.
    pub(super) fn of_all(&self) -> Vec<f64> {
        let mut all = vec![0.0; self.points.n_features()];
        for cluster in 0..self.clusters.len() {
            let share = self.clusters.size(cluster) as f64 / self.points.len() as f64;
            let mean = self.mean(cluster).iter();
            all.iter_mut()
                .zip(mean)
                .for_each(|(all, m)| *all += share * m);
        }
        all
    }

    /// For each cluster the sum of the squared distances of its rows to their mean, and the sum of
    /// these distances.
    pub(super) fn spreads(&self) -> Vec<(f64, f64)> {
        let add = |sum: &mut (f64, f64), row: usize| {
            let values = self.points.rows().row(row).iter().zip(&self.origin);
            let mean = self.mean(self.clusters.of_row[row]);
            let squares = values
                .zip(mean)
                .map(|((x, o), m)| (x.to_f64() - o - m).powi(2));
            let square: f64 = squares.sum();
            sum.0 += square;
            sum.1 += square.sqrt();
        };
        self.sum_by_cluster(add, |sum, part| {
            sum.0 += part.0;
            sum.1 += part.1;
        })
    }

    /// Adds up the rows of each cluster, in an order that depends on the clusters alone.
    fn sum_by_cluster<T: Default + Send>(
        &self,
        add: impl Fn(&mut T, usize) + Sync,
        both: impl Fn(&mut T, T),
    ) -> Vec<T> {
        let mut pieces: Vec<(usize, Range<usize>)> = Vec::new();
        for cluster in 0..self.clusters.len() {
            let Range { start, end } = self.clusters.range(cluster);
            let starts = (start..end).step_by(PIECE);
            pieces.extend(starts.map(|start| (cluster, start..end.min(start + PIECE))));
        }
        let work = self.points.rows().data().len();
        let sums = parallel::map(pieces.len(), work, |piece| {
            let mut sum = T::default();
            let rows = &self.clusters.order[pieces[piece].1.clone()];
            rows.iter().for_each(|&row| add(&mut sum, row));
            sum
        });
        let mut all: Vec<T> = (0..self.clusters.len()).map(|_| T::default()).collect();
        for ((cluster, _), sum) in pieces.into_iter().zip(sums) {
            both(&mut all[cluster], sum);
        }
        all
    }

    /// The results of `f` for each row, with its squared distances to the means.
    pub(super) fn map<R: Send>(&self, f: impl Fn(usize, &[f64]) -> R + Sync) -> Vec<R> {
        let (n, d, k) = (
            self.points.len(),
            self.points.n_features(),
            self.clusters.len(),
        );
        let kernels: &Kernels<f64> = crate::kernels::detect();
        let means = Rows::new(&self.means, d);
        let of_block = |range: Range<usize>| {
            let rows = self.points.rows().slice(range.clone());
            let m = rows.len();
            let values = |sq_dists: &[f64]| {
                let mut of_row = vec![0.0; k];
                let mut one = |i: usize| {
                    let all = sq_dists[i..].iter().step_by(m);
                    of_row
                        .iter_mut()
                        .zip(all)
                        .for_each(|(own, &sq_dist)| *own = sq_dist);
                    f(range.start + i, &of_row)
                };
                (0..m).map(&mut one).collect::<Vec<R>>()
            };
            f64::with_scratch(m * (d + k), |scratch| {
                let (centred, sq_dists) = scratch.split_at_mut(m * d);
                for (centred, row) in centred.chunks_exact_mut(d).zip(rows.iter()) {
                    for (out, (x, o)) in centred.iter_mut().zip(row.iter().zip(&self.origin)) {
                        *out = x.to_f64() - o;
                    }
                }
                kernels.sq_dists(&Rows::new(centred, d), &means, sq_dists);
                values(sq_dists)
            })
        };
        let work = parallel::work(n, k, d);
        parallel::map_blocks(n, ROWS, work, of_block)
            .into_iter()
            .flatten()
            .collect()
    }
}
