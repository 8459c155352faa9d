//! Rows that go from one cluster to another: in levels or in long accumulators, one after another, by parts of
//! the rows or by clusters.

use std::ops::{AddAssign, Range};

use super::{MOST_VALUES, with};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{NO_LABEL, SumLevels, Transfer};
use crate::numeric::{Binary, Places, Span};
use crate::parallel::{BLOCK, Blocks, PARTS, PerItem};

/// A way to sum: cells, and how a point is added to them.
pub(super) trait Cells<F>: Sync {
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
pub(super) struct Moves<'a, F: Float> {
    pub(super) points: &'a Points<'a, F>,
    pub(super) labels: &'a [u32],
    /// About how many multiply-adds it takes to move those whose label changed.
    pub(super) work: usize,
    pub(super) n_clusters: usize,
}

impl<F: Float> Moves<'_, F> {
    /// Makes the moves. Returns whether all could be made: those that could not are still to be made.
    ///
    /// IN, OUT: `before`, the labels that points have in the sums; `cells` of all clusters.
    pub(super) fn make<C: Cells<F>>(
        &self,
        way: &C,
        before: &mut [u32],
        cells: &mut [C::Cell],
    ) -> bool {
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
    pub(super) fn span(&self, before: &[u32]) -> Span {
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
