//! The sums of the points of each cluster, over all points.
//!
//! Where the data permits it, and it nearly always does, they are [exact](SumLevels). Then they are kept
//! from one iteration to the next, and only the points whose label changed are moved. Otherwise
//! they are added up anew, in an order that depends on the shape of the problem alone.

use std::ops::Range;

use crate::data::Points;
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, SumLevels, Transfer};
use crate::parallel::{Blocks, PARTS, PerItem};
use crate::prepared::Prepared;

/// Each part of the rows has sums of its own where all of them together have no more than this
/// many values: 8 MB.
const MOST_VALUES: usize = 1 << 20;

/// Adding a point to its cluster takes about as long as so many multiply-adds more than it has
/// features.
const OVERHEAD: usize = 32;

/// The sums of all clusters.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    /// What was subtracted from every row, `n_features` values.
    pub(crate) origin: Vec<f64>,
    /// For each cluster the sum of weight times `x - origin`, then the sum of weights:
    /// `n_clusters x (n_features + 1)` values, row-major.
    pub(crate) values: Vec<f64>,
}

/// What keeps the sums up to date with the labels.
#[derive(Debug)]
pub(crate) struct Summing<'a, F: Float> {
    prepared: &'a Prepared<'a, F>,
    exact: Option<Exact>,
    /// Those that the exact sums are of.
    labels: Vec<u32>,
}

/// Exact sums.
#[derive(Debug)]
pub(crate) struct Exact {
    sum_levels: SumLevels,
    /// [`SumLevels::width`] values for each cluster.
    levels: Vec<f64>,
}

impl Sums {
    /// Adds sums of other points about the same origin.
    pub(crate) fn add(&mut self, other: &Self) {
        let pairs = self.values.iter_mut().zip(&other.values);
        pairs.for_each(|(sum, part)| *sum += part);
    }
}

impl<'a, F: Float> Summing<'a, F> {
    pub(crate) fn new(prepared: &'a Prepared<'a, F>, n_clusters: usize) -> Self {
        let points = prepared.working();
        let (n_features, magnitude) = (points.n_features(), points.magnitude());
        Self {
            prepared,
            exact: Exact::new(points.count(), magnitude, n_clusters, n_features),
            labels: vec![NO_LABEL; points.len()],
        }
    }

    /// The sums of the points with these labels, of which so many are others than the last time.
    pub(crate) fn sums(
        &mut self,
        labels: &[u32],
        reassigned: usize,
        centroids: &Packed<F>,
    ) -> Sums {
        if let Some(exact) = &mut self.exact {
            let points = self.prepared.working();
            if exact.update(points, &mut self.labels, labels, reassigned) {
                return exact.totals(self.prepared.points.n_features());
            }
            self.exact = None;
        }
        rounded(
            self.prepared.points,
            &self.prepared.to_originals(labels),
            centroids,
        )
    }
}

impl Exact {
    /// Sums of no points. `None` if those of so many points, up to this magnitude, cannot be exact.
    ///
    /// IN: `count`, the number of points, each counted as often as its weight says, if that is a whole
    /// number.
    pub(crate) fn new<F: Float>(
        count: Option<f64>,
        magnitude: F,
        n_clusters: usize,
        n_features: usize,
    ) -> Option<Self> {
        let sum_levels = SumLevels::new(magnitude, count?)?;
        Some(Self {
            sum_levels,
            levels: vec![0.0; n_clusters * sum_levels.width(n_features)],
        })
    }

    /// Moves the points whose label changed, `reassigned` of them, out of their clusters before and into
    /// those of `labels`. Returns whether the sums are exact; they are not to be used otherwise.
    ///
    /// IN, OUT: `before`, the labels that points have in the sums.
    pub(crate) fn update<F: Float>(
        &mut self,
        points: &Points<'_, F>,
        before: &mut [u32],
        labels: &[u32],
        reassigned: usize,
    ) -> bool {
        let (n, d) = (points.len(), points.n_features());
        let (sum_levels, width) = (&self.sum_levels, self.sum_levels.width(d));
        let n_clusters = self.levels.len() / width;
        let transfer = |rows: Range<usize>, from: &[u32], own: Range<usize>, levels: &mut [f64]| {
            let data = Transfer {
                points: points.rows().slice(rows.clone()),
                weights: points.weights().map(|weights| &weights[rows.clone()]),
                from,
                to: &labels[rows],
            };
            points.kernels.transfer(data, own, sum_levels, levels)
        };
        let work = reassigned * (d + OVERHEAD);
        // PERF: adding up the sums of the parts is to be a small part of the work.
        let n_parts = (work.min(MOST_VALUES) / (2 * self.levels.len())).min(PARTS);
        if work < 4 * self.levels.len() {
            let is_exact = transfer(0..n, before, 0..n_clusters, &mut self.levels);
            before.copy_from_slice(labels);
            is_exact
        } else if n_parts >= 4 {
            let parts = Blocks::parts(n, n_parts, 4 * n + work);
            let parts = parts.fill_map(before, |rows, from| {
                let mut levels = vec![0.0; n_clusters * width];
                let is_exact = transfer(rows.clone(), from, 0..n_clusters, &mut levels);
                from.copy_from_slice(&labels[rows]);
                (levels, is_exact)
            });
            parts.into_iter().all(|(part, is_exact)| {
                let pairs = self.levels.iter_mut().zip(part);
                pairs.for_each(|(sum, part)| *sum += part);
                is_exact
            })
        } else {
            // PERF: each thread looks at all labels, and moves only the points of its own clusters.
            // So there is one set of sums, and nothing to add up behind.
            let block = n_clusters.div_ceil(PARTS / 4);
            let from = &*before;
            let levels = PerItem(&mut self.levels, width);
            let wrong = Blocks::new(n_clusters, block, work).fill_sum(levels, |own, levels| {
                usize::from(!transfer(0..n, from, own, levels))
            });
            before.copy_from_slice(labels);
            wrong == 0
        }
    }

    /// For each cluster the feature sums of each level, the last being the least, and its weight.
    pub(crate) fn levels(&self, n_features: usize) -> impl Iterator<Item = (&[f64], f64)> {
        let own = self.levels.chunks_exact(self.sum_levels.width(n_features));
        own.filter_map(|own| own.split_last().map(|(&weight, levels)| (levels, weight)))
    }

    pub(crate) fn totals(&self, n_features: usize) -> Sums {
        let width = self.sum_levels.width(n_features);
        let n_clusters = self.levels.len() / width;
        let mut values = vec![0.0; n_clusters * (n_features + 1)];
        let totals = values.chunks_exact_mut(n_features + 1);
        for (total, levels) in totals.zip(self.levels.chunks_exact(width)) {
            self.sum_levels.total(levels, total);
        }
        Sums {
            origin: vec![0.0; n_features],
            values,
        }
    }
}

/// The sums about the origin of the centroids, rounded. There must be a point.
pub(crate) fn rounded<F: Float>(
    points: &Points<'_, F>,
    labels: &[u32],
    centroids: &Packed<F>,
) -> Sums {
    let (n, d) = (points.len(), points.n_features());
    let len = centroids.len() * (d + 1);
    let n_parts = (MOST_VALUES / len)
        .min(n / (4 * centroids.len()))
        .clamp(1, PARTS);
    let parts = Blocks::parts(n, n_parts, n * (d + OVERHEAD)).map(|rows| {
        let mut sums = vec![0.0; len];
        let data = points.labelled(rows.clone(), &labels[rows]);
        points
            .kernels
            .accumulate(data, centroids.origin(), &mut sums);
        sums
    });
    let added = |mut sums: Vec<f64>, part: Vec<f64>| {
        sums.iter_mut()
            .zip(part)
            .for_each(|(sum, part)| *sum += part);
        sums
    };
    Sums {
        origin: centroids.origin().to_vec(),
        values: parts
            .into_iter()
            .reduce(added)
            .expect("there is at least one row"),
    }
}
