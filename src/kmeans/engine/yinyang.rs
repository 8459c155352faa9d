//! The bounded engine: centroids are ruled out point by point, in groups.
//!
//! See [`Kernels::nearest_bounded`](crate::kernels::Kernels::nearest_bounded) for the bounds. The
//! groups are made of the first centroids, by halving them again and again across the line between
//! two that are far apart.

use super::Assign;
use super::lloyd::Lloyd;
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Bounds, Groups, NO_LABEL, PANEL, Packed, Rows, Work, sq_dist};
use crate::parallel::{self, BLOCK, Blocks, PerItem};
use crate::prepared::Sketch;

pub(super) struct Yinyang<'a, F: Float> {
    points: &'a Points<'a, F>,
    sketch: Option<&'a Sketch<F>>,
    plain: Lloyd<'a, F>,
    stage: Stage,
    /// Bounds are tried on one block in so many.
    every: usize,
    /// How often bounds on all points did not pay.
    failures: usize,
    groups: Groups<F>,
    /// The centroids at the last time, if bounds were made then.
    before: Vec<F>,
    /// For each block the upper bounds of its points, then for each group their lower bounds.
    bounds: Vec<F>,
}

/// What an iteration is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The plain engine: the first time.
    Plain,
    /// The plain engine, with bounds on a few of the points, to see whether they pay.
    Trying,
    /// Bounds on all points for the first time: of most, nothing is known.
    Starting,
    /// Bounds on all points.
    Bounded,
}

/// Bounds that did not pay so often, once all points had them, are not tried again.
const MOST_FAILURES: usize = 2;

/// Bounds are tried on one block in so many: on as few as make it a small part of the work.
///
/// PERF: where bounds rule out nothing, a point takes three distances more than its scores, and each
/// about `OF_DISTANCE`. On one block in 32 that took up to a quarter of the time of normal data of
/// 8 features with 32 clusters.
fn blocks_per_trial(n_clusters: usize, n_features: usize) -> usize {
    let plain = n_clusters as f64 * (n_features as f64 + 6.0);
    let share = 2.0 + 3.0 * OF_DISTANCE / plain;
    ((33.0 * share) as usize).clamp(32, 256)
}

/// Whether bounds are worth trying on so many points: there are enough blocks, or scores so dear that
/// a trial costs little beside them.
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

    /// Makes the bounds of some blocks those of which nothing is known.
    ///
    /// PERF: only of those that will be looked at, so that bounds which do not pay are never written.
    fn forget(&mut self, blocks: impl Fn(usize) -> bool) {
        let width = 1 + self.groups.len();
        let parts = self.bounds.chunks_mut(BLOCK * width).enumerate();
        for (_, block) in parts.filter(|&(index, _)| blocks(index)) {
            let (upper, lower) = block.split_at_mut(block.len() / width);
            upper.fill(F::INFINITY);
            lower.fill(F::ZERO);
        }
    }

    /// Goes on to another stage, with bounds that are valid there.
    fn enter(&mut self, stage: Stage) {
        let every = self.every;
        let is_tried = |block: usize| block.is_multiple_of(every);
        match (self.stage, stage) {
            // The bounds of the blocks tried are kept.
            (Stage::Trying, Stage::Starting) => self.forget(|block| !is_tried(block)),
            (Stage::Plain, Stage::Starting) => self.forget(|_| true),
            (_, Stage::Trying) => {
                self.before.clear();
                self.forget(is_tried);
            }
            _ => {}
        }
        self.stage = stage;
    }

    /// OUT: `labels`. Returns what was done with bounds, and without.
    fn assign_bounded(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> [Work; 2] {
        self.set_groups(centroids);
        let (points, groups, sketch) = (self.points, &self.groups, self.sketch);
        let every = match self.stage {
            Stage::Trying => self.every,
            _ => 1,
        };
        let work = parallel::work(labels.len(), centroids.len(), points.n_features());
        let blocks = Blocks::new(labels.len(), BLOCK, work);
        let outputs = (labels, PerItem(&mut self.bounds, 1 + groups.len()));
        let both = blocks.fill_sum(outputs, |range, (labels, bounds)| {
            let rows = points.rows().slice(range.clone());
            if !(range.start / BLOCK).is_multiple_of(every) {
                let plain = points.kernels.nearest(&rows, centroids, labels);
                return Both([Work::default(), plain]);
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
            Both([bounded, Work::default()])
        });
        both.0
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
    /// so many points.
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

/// What was done in two ways.
#[derive(Clone, Copy, Default)]
struct Both([Work; 2]);

impl std::ops::AddAssign for Both {
    fn add_assign(&mut self, other: Self) {
        self.0[0] += other.0[0];
        self.0[1] += other.0[1];
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
        if self.failures == MOST_FAILURES {
            return self.plain.assign(centroids, labels);
        }
        if self.stage == Stage::Plain {
            // PERF: sketches nearly always pay, and what they do is measured as well.
            self.enter(match self.sketch {
                Some(_) => Stage::Starting,
                None => Stage::Trying,
            });
            return self.plain.assign(centroids, labels);
        }
        let knows_bounds = !self.before.is_empty();
        let [bounded, plain] = self.assign_bounded(centroids, labels);
        let n = match self.stage {
            Stage::Trying => {
                let tried = labels.chunks(BLOCK).step_by(self.every);
                tried.map(<[u32]>::len).sum()
            }
            _ => labels.len(),
        };
        let pays = self.cost(&bounded, n, centroids.len()) < 1.0;
        match self.stage {
            Stage::Trying if knows_bounds && pays => self.enter(Stage::Starting),
            Stage::Starting => self.enter(Stage::Bounded),
            Stage::Bounded if !pays => {
                self.failures += 1;
                self.enter(Stage::Trying);
            }
            _ => {}
        }
        let mut all = bounded;
        all += plain;
        all
    }
}

/// The centroids in panels of neighbours.
fn neighbours<F: Float>(centroids: &Rows<'_, F>) -> Vec<u32> {
    let mut order: Vec<u32> = (0..centroids.len() as u32).collect();
    halve(centroids, &mut order);
    order.resize(order.len().next_multiple_of(PANEL), NO_LABEL);
    order
}

/// Sorts the centroids into halves of whole panels, and these again.
fn halve<F: Float>(centroids: &Rows<'_, F>, order: &mut [u32]) {
    if order.len() <= PANEL {
        return;
    }
    let row = |c: u32| centroids.row(c as usize);
    let farthest = |from: u32, order: &[u32]| {
        order.iter().fold((from, 0.0), |best, &c| {
            let sq_dist = sq_dist(row(from), row(c));
            if sq_dist > best.1 { (c, sq_dist) } else { best }
        })
    };
    let (one, _) = farthest(order[0], order);
    let (other, _) = farthest(one, order);
    let side = |c: u32| sq_dist(row(c), row(one)) - sq_dist(row(c), row(other));
    order.sort_by_cached_key(|&c| (Ordered(side(c)), c));
    let middle = (order.len() / 2)
        .next_multiple_of(PANEL)
        .min(order.len() - 1);
    let (left, right) = order.split_at_mut(middle);
    halve(centroids, left);
    halve(centroids, right);
}

/// Numbers in their total order.
#[derive(PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
