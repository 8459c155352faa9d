//! The bounded engine: centroids are ruled out point by point, in groups.
//!
//! See [`Kernels::nearest_bounded`](crate::kernels::Kernels::nearest_bounded) for the bounds. The
//! groups are made of the first centroids, by halving them again and again across the line between
//! two that are far apart.

mod neighbours;
mod stage;

use std::ops::AddAssign;

use super::Assign;
use super::lloyd::Lloyd;
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Bounds, Groups, PANEL, Packed, Rows, Work};
use crate::parallel::{self, BLOCK, Blocks, PerItem};
use crate::prepared::Sketch;
use neighbours::neighbours;
use stage::{Findings, Stage};

pub(super) struct Yinyang<'a, F: Float> {
    points: &'a Points<'a, F>,
    sketch: Option<&'a Sketch<F>>,
    plain: Lloyd<'a, F>,
    stage: Stage,
    /// Bounds are tried on one block in this many.
    every: usize,
    /// How often bounds on all points did not pay.
    failures: usize,
    groups: Groups<F>,
    /// The centroids at the last time, if bounds were made then.
    before: Vec<F>,
    /// For each block the upper bounds of its points, then for each group their lower bounds.
    bounds: Vec<F>,
}

/// Bounds are tried on one block in this many, so that a trial is a small part of the work.
///
/// PERF: where bounds rule out nothing, a point takes three distances more than its scores, and each
/// about `OF_DISTANCE`. On one block in 32 that took up to a quarter of the time of normal data of
/// 8 features with 32 clusters.
fn blocks_per_trial(n_clusters: usize, n_features: usize) -> usize {
    let plain = n_clusters as f64 * (n_features as f64 + 6.0);
    let share = 2.0 + 3.0 * OF_DISTANCE / plain;
    ((33.0 * share) as usize).clamp(32, 256)
}

/// Whether bounds are worth trying on `n` points: there are enough blocks, or scores so costly that a
/// trial adds little to them.
///
/// PERF: on the digits (1,797 x 64) bounds took 0.85 times as long as all scores with 50 and with 181
/// clusters; on normal data of 5,000 x 8 with 64 they took 1.1 to 1.2 times as long.
pub(super) fn is_worth_trying(n: usize, n_clusters: usize, n_features: usize) -> bool {
    let trials = n as f64 / (BLOCK * blocks_per_trial(n_clusters, n_features)) as f64;
    trials >= 0.25 || n_clusters.saturating_mul(n_features + 6) >= 3000
}

/// The time of a distance, in units of that in which a score gains a feature: an estimate.
const OF_DISTANCE: f64 = 1600.0;

impl<'a, F: Float> Yinyang<'a, F> {
    /// IN: `start`, the first centroids.
    pub(super) fn new(
        points: &'a Points<'a, F>,
        sketch: Option<&'a Sketch<F>>,
        start: &Rows<'_, F>,
    ) -> Self {
        let n_panels = start.len().div_ceil(PANEL);
        let panels = n_panels.div_ceil(most_groups::<F>(points.n_features()));
        let groups = Groups::new(neighbours(start), panels);
        Self {
            points,
            sketch,
            plain: Lloyd::new(points),
            stage: Stage::Plain,
            every: blocks_per_trial(start.len(), points.n_features()),
            failures: 0,
            before: Vec::new(),
            bounds: vec![F::ZERO; points.len() * (1 + groups.len())],
            groups,
        }
    }

    /// Makes the bounds of some blocks those of points of which nothing is known.
    ///
    /// PERF: only of those that will be looked at, so that bounds which do not pay are never written.
    fn reset_bounds(&mut self, blocks: impl Fn(usize) -> bool) {
        let width = 1 + self.groups.len();
        let parts = self.bounds.chunks_mut(BLOCK * width).enumerate();
        for (_, block) in parts.filter(|&(index, _)| blocks(index)) {
            let (upper, lower) = block.split_at_mut(block.len() / width);
            upper.fill(F::INFINITY);
            lower.fill(F::ZERO);
        }
    }

    /// Goes on to another stage, with bounds that are valid there.
    fn transition(&mut self, stage: Stage) {
        let every = self.every;
        let is_tried = |block: usize| block.is_multiple_of(every);
        match (self.stage, stage) {
            // The bounds of the blocks tried are kept.
            (Stage::Trying, Stage::Starting) => self.reset_bounds(|block| !is_tried(block)),
            (Stage::Plain, Stage::Starting) => self.reset_bounds(|_| true),
            (_, Stage::Trying) => {
                self.before.clear();
                self.reset_bounds(is_tried);
            }
            _ => {}
        }
        self.stage = stage;
    }

    /// OUT: `labels`.
    fn assign_bounded(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> SplitWork {
        self.set_groups(centroids);
        let (points, groups, sketch) = (self.points, &self.groups, self.sketch);
        let every = match self.stage {
            Stage::Trying => self.every,
            _ => 1,
        };
        let work = parallel::work(labels.len(), centroids.len(), points.n_features());
        let blocks = Blocks::new(labels.len(), BLOCK, work);
        let outputs = (labels, PerItem(&mut self.bounds, 1 + groups.len()));
        blocks.fill_sum(outputs, |range, (labels, bounds)| {
            let rows = points.rows().slice(range.clone());
            if !(range.start / BLOCK).is_multiple_of(every) {
                let plain = points.kernels.nearest(&rows, centroids, labels);
                return SplitWork {
                    plain,
                    ..SplitWork::default()
                };
            }
            let (upper, lower) = bounds.split_at_mut(labels.len());
            let bounds = Bounds {
                labels,
                upper,
                lower,
                sketched: sketch.map(|sketch| sketch.of_rows(range)),
            };
            let bounded = points
                .kernels
                .nearest_bounded(&rows, centroids, groups, bounds);
            SplitWork {
                bounded,
                ..SplitWork::default()
            }
        })
    }

    fn set_groups(&mut self, centroids: &Packed<F>) {
        let rows = centroids.rows();
        let before = (!self.before.is_empty()).then(|| Rows::new(&self.before, rows.n_features()));
        let coordinates = self
            .sketch
            .map(|sketch| sketch.of_others(self.points, &rows));
        let sketched = self.sketch.zip(coordinates.as_ref());
        let sketched = sketched.map(|(sketch, (rows, errors))| sketch.sketched(rows, errors));
        self.groups.update(centroids, sketched, before.as_ref());
        self.before.clear();
        self.before.extend_from_slice(rows.data());
    }

    /// The time that bounds take, as a share of that of the plain engine, going by what was done for
    /// `n` points.
    ///
    /// The units are the time in which a score gains a feature. The overheads are estimates from
    /// instruction counts with AVX-512, not measurements.
    fn cost(&self, assigned: &Work, n: usize, n_clusters: usize) -> f64 {
        const OF_SCORE: f64 = 60.0;
        let d = self.points.n_features() as f64;
        let width = |sketch: &Sketch<F>| sketch.width() as f64;
        let exact = assigned.exact_checks as f64;
        let scores = assigned.distances as f64 - exact;
        let bounded = scores * (d + OF_SCORE)
            + assigned.sketched as f64 * (self.sketch.map_or(0.0, width) + OF_SCORE)
            + exact * (OF_DISTANCE + 4.0 * d);
        bounded / (n as f64 * n_clusters as f64 * (d + 6.0))
    }
}

/// What was done with bounds, and without.
#[derive(Clone, Copy, Default)]
struct SplitWork {
    bounded: Work,
    plain: Work,
}

impl AddAssign for SplitWork {
    fn add_assign(&mut self, other: Self) {
        self.bounded += other.bounded;
        self.plain += other.plain;
    }
}

/// With the labels, and those that the sums are of, the bounds take no more than 64 bytes and an
/// eighth of a point.
fn most_groups<F>(n_features: usize) -> usize {
    let bytes = 64 - 8 + size_of::<F>() * n_features / 8;
    bytes / size_of::<F>() - 1
}

impl<F: Float> Assign<F> for Yinyang<'_, F> {
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Work {
        let mut found = Findings {
            has_sketches: self.sketch.is_some(),
            had_bounds: !self.before.is_empty(),
            pays: false,
            failures: self.failures,
        };
        if matches!(self.stage, Stage::Plain | Stage::GivenUp) {
            self.transition(self.stage.next(found));
            return self.plain.assign(centroids, labels);
        }
        let SplitWork { bounded, plain } = self.assign_bounded(centroids, labels);
        let n = match self.stage {
            Stage::Trying => {
                let tried = labels.chunks(BLOCK).step_by(self.every);
                tried.map(<[u32]>::len).sum()
            }
            _ => labels.len(),
        };
        found.pays = self.cost(&bounded, n, centroids.len()) < 1.0;
        if self.stage == Stage::Bounded && !found.pays {
            self.failures += 1;
        }
        let next = self.stage.next(found);
        if next != self.stage {
            self.transition(next);
        }
        let mut all = bounded;
        all += plain;
        all
    }
}

#[cfg(test)]
mod tests;
