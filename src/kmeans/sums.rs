//! The sums of the points of each cluster, over all points.
//!
//! For nearly all data they are [exact](SumLevels). Exact sums are kept from one iteration to the next, and
//! only the points whose label changed are moved. Otherwise the sums are computed anew, in an order that
//! depends only on the shape of the problem.

use std::ops::Range;

use crate::data::Points;
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, SumLevels, Transfer};
use crate::parallel::{Blocks, PARTS, PerItem};
use crate::prepared::Prepared;

/// Each part of the rows has its own sums if all of them together have no more than this many values: 8 MB.
const MOST_VALUES: usize = 1 << 20;

/// Adding a point to its cluster takes about as long as one multiply-add per feature, and this many more.
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
    /// The labels that the exact sums belong to.
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

    /// The sums of the points with these labels, `reassigned` of which have changed since the last time.
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
    /// Sums of no points. `None` if those of `count` points, up to this magnitude, cannot be exact.
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

    /// Moves the points whose label changed, `reassigned` of them, from their clusters in `before` to those
    /// in `labels`. Returns whether the sums are exact; if not, they must not be used.
    ///
    /// IN, OUT: `before`, the labels that points have in the sums.
    pub(crate) fn update<F: Float>(
        &mut self,
        points: &Points<'_, F>,
        before: &mut [u32],
        labels: &[u32],
        reassigned: usize,
    ) -> bool {
        let work = reassigned * (points.n_features() + OVERHEAD);
        let moves = Moves {
            points,
            labels,
            work,
        };
        // PERF: a few moves do not justify separate sums for each part of the rows; and if there are parts,
        // adding up their sums must be a small part of the work.
        let n_parts = (work.min(MOST_VALUES) / (2 * self.levels.len())).min(PARTS);
        if work < 4 * self.levels.len() {
            self.move_serially(&moves, before)
        } else if n_parts >= 4 {
            self.move_by_parts(&moves, before, n_parts)
        } else {
            self.move_by_clusters(&moves, before)
        }
    }

    fn move_serially<F: Float>(&mut self, moves: &Moves<'_, F>, before: &mut [u32]) -> bool {
        let n_clusters = self.n_clusters(moves.points.n_features());
        let rows = 0..moves.labels.len();
        let is_exact = moves.apply(
            rows,
            before,
            0..n_clusters,
            &self.sum_levels,
            &mut self.levels,
        );
        before.copy_from_slice(moves.labels);
        is_exact
    }

    /// Each part of the rows has sums of its own, which are added up at the end.
    fn move_by_parts<F: Float>(
        &mut self,
        moves: &Moves<'_, F>,
        before: &mut [u32],
        n_parts: usize,
    ) -> bool {
        let n = moves.labels.len();
        let (len, n_clusters) = (
            self.levels.len(),
            self.n_clusters(moves.points.n_features()),
        );
        let parts = Blocks::parts(n, n_parts, 4 * n + moves.work);
        let parts = parts.fill_map(before, |rows, from| {
            let mut levels = vec![0.0; len];
            let to = &moves.labels[rows.clone()];
            let is_exact = moves.apply(rows, from, 0..n_clusters, &self.sum_levels, &mut levels);
            from.copy_from_slice(to);
            (levels, is_exact)
        });
        parts.into_iter().all(|(part, is_exact)| {
            let pairs = self.levels.iter_mut().zip(part);
            pairs.for_each(|(sum, part)| *sum += part);
            is_exact
        })
    }

    /// Each thread looks at all labels, and moves only the points of its own clusters.
    ///
    /// PERF: there is one set of sums, and nothing to add up at the end.
    fn move_by_clusters<F: Float>(&mut self, moves: &Moves<'_, F>, before: &mut [u32]) -> bool {
        let (n, d) = (moves.labels.len(), moves.points.n_features());
        let n_clusters = self.n_clusters(d);
        let (grid, from) = (&self.sum_levels, &*before);
        let blocks = Blocks::new(n_clusters, n_clusters.div_ceil(PARTS / 4), moves.work);
        let levels = PerItem(&mut self.levels, grid.width(d));
        let failed = blocks.fill_sum(levels, |own, levels| {
            usize::from(!moves.apply(0..n, from, own, grid, levels))
        });
        before.copy_from_slice(moves.labels);
        failed == 0
    }

    fn n_clusters(&self, n_features: usize) -> usize {
        self.levels.len() / self.sum_levels.width(n_features)
    }

    /// For each cluster, the feature sums of each level, the smallest level last, and its weight.
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

/// Points with new labels.
struct Moves<'a, F: Float> {
    points: &'a Points<'a, F>,
    labels: &'a [u32],
    /// About how many multiply-adds it takes to move those whose label changed.
    work: usize,
}

impl<F: Float> Moves<'_, F> {
    /// Moves those points of some rows that leave or join some of the clusters. Returns whether the sums
    /// are exact.
    ///
    /// IN: `from`, the labels of the rows before. OUT: `levels`, those of the clusters `own`.
    fn apply(
        &self,
        rows: Range<usize>,
        from: &[u32],
        own: Range<usize>,
        grid: &SumLevels,
        levels: &mut [f64],
    ) -> bool {
        let data = Transfer {
            points: self.points.rows().slice(rows.clone()),
            weights: self.points.weights().map(|weights| &weights[rows.clone()]),
            from,
            to: &self.labels[rows],
        };
        self.points.kernels.transfer(data, own, grid, levels)
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
