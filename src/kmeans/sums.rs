//! The exact sums of the rows of each cluster.
//!
//! Sums are kept from one iteration to the next, and only the rows whose label changed are moved. Nearly all
//! data is summed in [levels](SumLevels), at the speed of vectors. From there the sums go to [long
//! accumulators](LongSums) before there could be more rows in them than they have room for. What levels cannot
//! hold, weights that are not integers and values of an extreme range, is summed in long accumulators to begin
//! with. All sums are exact, and rounded once, to the nearest f64: they do not depend on the order of rows, on
//! how these are cut into parts, or on which way they were summed.

use std::borrow::Cow;
use std::ops::{AddAssign, Range};

use crate::data::{Copies, Points};
use crate::float::Float;
use crate::kernels::{NO_LABEL, SumLevels, Transfer};
use crate::numeric::{Binary, LongSums, Places, Span};
use crate::parallel::{BLOCK, Blocks, PARTS, PerItem};
use crate::prepared::Prepared;

/// Each part of the rows has its own sums if all of them together have no more than this many values: 8 MB.
pub(super) const MOST_VALUES: usize = 1 << 20;

/// Adding a point to its cluster takes about as long as one multiply-add per feature, and this many more.
pub(super) const OVERHEAD: usize = 32;

/// So many rows are moved in levels before the sums go to long accumulators.
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

/// A way to sum: cells, and how a point is added to them.
trait Cells<F>: Sync {
    type Cell: Copy + Default + AddAssign + Send + Sync;

    /// Cells per cluster.
    fn width(&self, n_features: usize) -> usize;

    /// Moves points from cluster to cluster. Returns whether the cells could hold all that was moved. If not,
    /// the opposite move restores them.
    ///
    /// IN, OUT: `cells`, those of the clusters `own`.
    fn transfer(
        &self,
        points: &Points<'_, F>,
        data: Transfer<'_, F>,
        own: Range<usize>,
        cells: &mut [Self::Cell],
    ) -> bool
    where
        F: Float;
}

impl<F: Float> Cells<F> for SumLevels {
    type Cell = f64;

    fn width(&self, n_features: usize) -> usize {
        self.width(n_features)
    }

    fn transfer(
        &self,
        points: &Points<'_, F>,
        data: Transfer<'_, F>,
        own: Range<usize>,
        cells: &mut [f64],
    ) -> bool {
        points.kernels.transfer(data, own, self, cells)
    }
}

impl<F: Float> Cells<F> for Places {
    type Cell = i64;

    fn width(&self, n_features: usize) -> usize {
        self.count() * (n_features + 1)
    }

    fn transfer(
        &self,
        points: &Points<'_, F>,
        data: Transfer<'_, F>,
        own: Range<usize>,
        cells: &mut [i64],
    ) -> bool {
        let (count, one) = (self.count(), Binary::new(1.0));
        if count == 0 {
            // All weights are 0.
            return true;
        }
        let width = count * (points.n_features() + 1);
        let labels = data.from.iter().zip(data.to).enumerate();
        for (i, (&from, &to)) in labels.filter(|(_, (from, to))| from != to) {
            let place = |label: u32| {
                let is_own = label != NO_LABEL && own.contains(&(label as usize));
                is_own.then(|| (label as usize - own.start) * width)
            };
            let (from, to) = (place(from), place(to));
            if from.or(to).is_none() {
                continue;
            }
            let weight = Binary::new(data.weights.map_or(1.0, |weights| weights[i].to_f64()));
            let values = data.points.row(i).iter().map(|x| Binary::new(x.to_f64()));
            for (j, x) in values.chain([one]).enumerate() {
                let term = self.product(weight, x);
                if let Some(from) = from {
                    term.subtract_from(&mut cells[from + j * count..][..count]);
                }
                if let Some(to) = to {
                    term.add_to(&mut cells[to + j * count..][..count]);
                }
            }
        }
        true
    }
}

/// Points with new labels.
struct Moves<'a, F: Float> {
    points: &'a Points<'a, F>,
    labels: &'a [u32],
    /// About how many multiply-adds it takes to move those whose label changed.
    work: usize,
    n_clusters: usize,
}

impl<F: Float> Moves<'_, F> {
    /// Makes the moves. Returns whether all could be made: those that could not are still to be made.
    ///
    /// IN, OUT: `before`, the labels that points have in the sums; `cells` of all clusters.
    fn make<C: Cells<F>>(&self, way: &C, before: &mut [u32], cells: &mut [C::Cell]) -> bool {
        // PERF: a few moves do not justify separate sums for each part of the rows; and if there are parts,
        // adding up their sums must be a small part of the work.
        let n_parts = (self.work.min(MOST_VALUES) / (2 * cells.len().max(1))).min(PARTS);
        if self.work >= 4 * cells.len() && n_parts >= 4 {
            return self.make_by_parts(way, before, cells, n_parts);
        }
        let is_done = match self.work < 4 * cells.len() {
            true => self.apply(way, 0..before.len(), before, self.labels, cells),
            false => self.make_by_clusters(way, before, cells),
        };
        match is_done {
            true => before.copy_from_slice(self.labels),
            false => {
                self.apply(way, 0..before.len(), self.labels, before, cells);
            }
        }
        is_done
    }

    /// Each part of the rows has sums of its own, which are added up at the end.
    fn make_by_parts<C: Cells<F>>(
        &self,
        way: &C,
        before: &mut [u32],
        cells: &mut [C::Cell],
        n_parts: usize,
    ) -> bool {
        let n = self.labels.len();
        let parts = Blocks::parts(n, n_parts, 4 * n + self.work);
        let parts = parts.fill_map(before, |rows, from| {
            let mut own = vec![C::Cell::default(); cells.len()];
            let to = &self.labels[rows.clone()];
            self.apply(way, rows, from, to, &mut own).then(|| {
                from.copy_from_slice(to);
                own
            })
        });
        let mut is_done = true;
        for part in parts {
            is_done &= part.is_some();
            let pairs = cells.iter_mut().zip(part.into_iter().flatten());
            pairs.for_each(|(cell, part)| *cell += part);
        }
        is_done
    }

    /// Each thread looks at all labels, and moves only the points of its own clusters.
    ///
    /// PERF: there is one set of sums, and nothing to add up at the end.
    fn make_by_clusters<C: Cells<F>>(
        &self,
        way: &C,
        before: &[u32],
        cells: &mut [C::Cell],
    ) -> bool {
        let width = way.width(self.points.n_features());
        let blocks = Blocks::new(
            self.n_clusters,
            self.n_clusters.div_ceil(PARTS / 4),
            self.work,
        );
        let failed = blocks.fill_sum(PerItem(cells, width), |own, cells| {
            let data = self.data(0..before.len(), before, self.labels);
            usize::from(!way.transfer(self.points, data, own, cells))
        });
        failed == 0
    }

    /// Moves those of some rows whose labels differ.
    ///
    /// IN, OUT: `cells` of all clusters.
    fn apply<C: Cells<F>>(
        &self,
        way: &C,
        rows: Range<usize>,
        from: &[u32],
        to: &[u32],
        cells: &mut [C::Cell],
    ) -> bool {
        let data = self.data(rows, from, to);
        way.transfer(self.points, data, 0..self.n_clusters, cells)
    }

    fn data<'b>(&'b self, rows: Range<usize>, from: &'b [u32], to: &'b [u32]) -> Transfer<'b, F> {
        Transfer {
            points: self.points.rows().slice(rows.clone()),
            weights: self.points.weights().map(|weights| &weights[rows]),
            from,
            to,
        }
    }

    /// The places of the bits of the products to be moved.
    fn span(&self, before: &[u32]) -> Span {
        let blocks = Blocks::new(before.len(), BLOCK, 4 * before.len() + self.work);
        let moved = |row: &usize| before[*row] != self.labels[*row];
        let of_rows = |rows: Range<usize>| {
            // 1 is among the values, for the sums of the weights.
            let (mut values, mut weights) = ((1.0, 1.0), (f64::INFINITY, 0.0));
            for row in rows.filter(moved) {
                let of_row = self.points.rows().row(row).iter();
                values = of_row.fold(values, |range, x| with(range, x.to_f64().abs()));
                weights = with(weights, self.points.weight(row));
            }
            let span = |(least, most)| Span::between(least, most);
            (span(values), span(weights))
        };
        let both = |a: (Span, Span), b: (Span, Span)| (a.0.and(b.0), a.1.and(b.1));
        let spans = blocks.reduce(of_rows, both);
        spans.map_or(Span::EMPTY, |(values, weights)| values.times(weights))
    }
}

/// A range of positive numbers, from the least to the greatest, with one more if that is not 0.
fn with((least, most): (f64, f64), value: f64) -> (f64, f64) {
    let candidate = if value > 0.0 { value } else { f64::INFINITY };
    (least.min(candidate), most.max(value))
}

#[cfg(test)]
mod tests {
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
}
