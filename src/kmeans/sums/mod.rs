//! The exact sums of the rows of each cluster.
//!
//! Sums are kept from one iteration to the next, and only the rows whose label changed are moved. Nearly all
//! data is summed in [levels](SumLevels), at the speed of vectors. Before the levels could overflow, what is in
//! them goes to [long accumulators](LongSums). What levels cannot hold at all (weights that are not integers,
//! values of an extreme range) is summed in long accumulators from the beginning. All sums are exact, and
//! rounded once, to the nearest f64: they depend neither on the order of the rows, nor on how these are cut
//! into parts, nor on how they were summed.

mod moves;

use std::borrow::Cow;

use crate::data::{Copies, Points};
use crate::float::Float;
use crate::kernels::{NO_LABEL, SumLevels};
use crate::numeric::{Binary, LongSums, Span};
use crate::parallel::{BLOCK, Blocks, PerItem};
use crate::prepared::Prepared;
use moves::Moves;

/// Each part of the rows has its own sums if all of them together have no more than this many values: 8 MB.
pub(super) const MOST_VALUES: usize = 1 << 20;

/// Adding a point to its cluster takes about as long as one multiply-add per feature, and this many more.
pub(super) const OVERHEAD: usize = 32;

/// After this many moves of rows, the sums go from the levels to long accumulators.
const MOST_MOVES: usize = 1 << 24;

/// The sums of all clusters, rounded.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    pub(crate) n_features: usize,
    /// For each cluster the sum of weight times `x`, then the sum of weights: `n_clusters x (n_features + 1)`
    /// values, row-major.
    pub(crate) values: Vec<f64>,
}

/// What keeps the sums up to date with the labels.
#[derive(Debug)]
pub(crate) struct Summing<'a, F: Float> {
    points: &'a Points<'a, F>,
    totals: ClusterTotals,
    /// The labels that the sums belong to.
    labels: Vec<u32>,
}

impl<'a, F: Float> Summing<'a, F> {
    pub(crate) fn new(prepared: &'a Prepared<'a, F>, n_clusters: usize) -> Self {
        let points = prepared.working();
        let (d, magnitude) = (points.n_features(), points.magnitude());
        Self {
            points,
            totals: ClusterTotals::new(n_clusters, d, magnitude, points.copies()),
            labels: vec![NO_LABEL; points.len()],
        }
    }

    /// The sums of the points with these labels, `reassigned` of which have changed since the last time.
    pub(crate) fn sums(&mut self, labels: &[u32], reassigned: usize) -> Sums {
        (self.totals).update(self.points, &mut self.labels, labels, reassigned);
        self.totals.rounded()
    }

    /// The same, exact.
    pub(crate) fn exact(&self) -> LongSums {
        self.totals.to_long().into_owned()
    }
}

/// The exact sums of the rows of each cluster.
#[derive(Clone, Debug)]
pub(crate) struct ClusterTotals {
    n_clusters: usize,
    n_features: usize,
    /// The levels, and for each cluster [`SumLevels::width`] values.
    fast: Option<(SumLevels, Vec<f64>)>,
    /// What is not in the levels: for each cluster the sum of each feature, then that of the weights.
    long: LongSums,
    /// The rows that were moved in levels.
    moves: usize,
}

impl ClusterTotals {
    /// Sums of no rows.
    ///
    /// IN: `magnitude`, of all values that will come; `copies`, if all rows that will come have weights that are
    /// integers.
    pub(crate) fn new<F: Float>(
        n_clusters: usize,
        n_features: usize,
        magnitude: F,
        copies: Option<Copies>,
    ) -> Self {
        let levels = copies.and_then(|copies| {
            let most = copies.total.min(MOST_MOVES as f64 * copies.most);
            SumLevels::new(magnitude, most)
        });
        let fast = levels.map(|levels| {
            let width = levels.width(n_features);
            (levels, vec![0.0; n_clusters * width])
        });
        Self {
            n_clusters,
            n_features,
            fast,
            long: LongSums::new(n_clusters * (n_features + 1)),
            moves: 0,
        }
    }

    /// Moves the points whose label changed, at most `reassigned` of them, from their clusters in `before` to
    /// those in `labels`.
    ///
    /// IN, OUT: `before`, the labels that points have in the sums.
    pub(crate) fn update<F: Float>(
        &mut self,
        points: &Points<'_, F>,
        before: &mut [u32],
        labels: &[u32],
        reassigned: usize,
    ) {
        if reassigned > MOST_MOVES {
            let parts = before.chunks_mut(MOST_MOVES).zip(labels.chunks(MOST_MOVES));
            for (part, (before, labels)) in parts.enumerate() {
                let first = part * MOST_MOVES;
                let points = points.part(first..first + labels.len());
                self.update(&points, before, labels, labels.len());
            }
            return;
        }
        let moves = Moves {
            points,
            labels,
            work: reassigned * (points.n_features() + OVERHEAD),
            n_clusters: self.n_clusters,
        };
        if self.moves + reassigned > MOST_MOVES {
            self.settle();
        }
        if let Some((levels, values)) = &mut self.fast {
            self.moves += reassigned;
            if moves.make(levels, before, values) {
                return;
            }
            self.settle();
            self.fast = None;
        }
        self.long.cover(moves.span(before));
        let (places, digits) = self.long.digits_mut(reassigned);
        moves.make(&places, before, digits);
    }

    /// Moves what is in the levels to the long accumulators.
    fn settle(&mut self) {
        if let Some((levels, values)) = &mut self.fast {
            add_levels(&mut self.long, levels, values, self.n_features);
            values.fill(0.0);
        }
        self.moves = 0;
    }

    /// The sums, rounded.
    pub(crate) fn rounded(&self) -> Sums {
        let mut values = vec![0.0; self.n_clusters * (self.n_features + 1)];
        match &self.fast {
            Some((levels, fast)) if self.long.places().count() == 0 => {
                let totals = values.chunks_exact_mut(self.n_features + 1);
                let own = fast.chunks_exact(levels.width(self.n_features));
                totals
                    .zip(own)
                    .for_each(|(total, own)| levels.total(own, total));
            }
            _ => return Sums::of(&self.to_long(), self.n_features),
        }
        Sums {
            n_features: self.n_features,
            values,
        }
    }

    /// The sums, exact: for each cluster that of each feature, then that of the weights.
    pub(crate) fn to_long(&self) -> Cow<'_, LongSums> {
        let Some((levels, values)) = &self.fast else {
            return Cow::Borrowed(&self.long);
        };
        let mut sums = self.long.clone();
        add_levels(&mut sums, levels, values, self.n_features);
        Cow::Owned(sums)
    }
}

impl Sums {
    /// Exact sums, rounded.
    ///
    /// IN: `sums`, for each cluster that of each feature, then that of the weights.
    pub(crate) fn of(sums: &LongSums, n_features: usize) -> Self {
        let mut values = vec![0.0; sums.len()];
        let blocks = Blocks::new(values.len(), 4 * BLOCK, ROUNDING * values.len());
        blocks.fill(&mut values[..], |indices, values| {
            let totals = indices.zip(values);
            totals.for_each(|(index, value)| *value = sums.total(index));
        });
        Self { n_features, values }
    }
}

/// Adds what is in levels to long accumulators.
fn add_levels(sums: &mut LongSums, levels: &SumLevels, values: &[f64], n_features: usize) {
    let span = values
        .iter()
        .fold((f64::INFINITY, 0.0), |range, x| with(range, x.abs()));
    sums.cover(Span::between(span.0, span.1));
    let (places, digits) = sums.digits_mut(levels.width(1));
    if places.count() == 0 {
        return;
    }
    let (width, one) = (levels.width(n_features), Binary::new(1.0));
    let of_cluster = places.count() * (n_features + 1);
    let n_clusters = values.len() / width;
    let blocks = Blocks::new(n_clusters, 1, ROUNDING * values.len());
    blocks.fill(PerItem(digits, of_cluster), |clusters, digits| {
        for (cluster, digits) in clusters.zip(digits.chunks_exact_mut(of_cluster)) {
            // The features of each level, and at the end the weight.
            let own = &values[cluster * width..][..width];
            let (features, weight) = own.split_at(width - 1);
            let features = features.iter().enumerate();
            let features = features.map(|(i, value)| (i % n_features, value));
            for (j, &value) in features.chain([(n_features, &weight[0])]) {
                let sum = &mut digits[j * places.count()..][..places.count()];
                places.product(Binary::new(value), one).add_to(sum);
            }
        }
    });
}

/// Adding a number to a long accumulator, or rounding one, takes about as long as this many multiply-adds.
const ROUNDING: usize = 32;

/// A range of positive numbers, from the least to the greatest, with one more if that is not 0.
fn with((least, most): (f64, f64), value: f64) -> (f64, f64) {
    let candidate = if value > 0.0 { value } else { f64::INFINITY };
    (least.min(candidate), most.max(value))
}

#[cfg(test)]
mod tests;
