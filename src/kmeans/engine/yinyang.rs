//! The bounded engine: centroids are ruled out point by point, in groups.
//!
//! See [`Kernels::nearest_bounded`](crate::kernels::Kernels::nearest_bounded) for the bounds. The
//! groups are made of the first centroids, by halving them again and again across the line between
//! two that are far apart.

use super::Assign;
use super::lloyd::Lloyd;
use crate::float::Float;
use crate::kernels::{Assigned, Bounds, Groups, NO_LABEL, PANEL, Packed, Rows, sq_dist};
use crate::parallel::{self, BLOCK};
use crate::points::Points;

pub(super) struct Yinyang<'a, F: Float> {
    points: &'a Points<'a, F>,
    /// The plain engine, once bounds have turned out not to pay.
    plain: Option<Lloyd<'a, F>>,
    groups: Groups<F>,
    /// The centroids at the last time.
    before: Vec<F>,
    /// For each block the upper bounds of its points, then for each group their lower bounds.
    bounds: Vec<F>,
}

impl<'a, F: Float> Yinyang<'a, F> {
    /// IN: `start`, the first centroids.
    pub(super) fn new(points: &'a Points<'a, F>, start: &Rows<'_, F>) -> Self {
        let n_panels = start.len().div_ceil(PANEL);
        let panels = n_panels.div_ceil(most_groups::<F>(points.n_features()));
        let groups = Groups::new(neighbours(start), panels);
        let mut bounds = vec![F::ZERO; points.len() * (1 + groups.len())];
        let blocks = bounds.chunks_mut(BLOCK * (1 + groups.len()));
        for block in blocks {
            let len = block.len() / (1 + groups.len());
            block[..len].fill(F::INFINITY);
        }
        Self {
            points,
            plain: None,
            groups,
            before: Vec::new(),
            bounds,
        }
    }
}

/// With the labels, and those that the sums are of, the bounds take no more than 64 bytes and an
/// eighth of a point.
fn most_groups<F>(n_features: usize) -> usize {
    let bytes = 64 - 8 + size_of::<F>() * n_features / 8;
    bytes / size_of::<F>() - 1
}

/// More than this share of all distances, and it is faster to compute them all.
const WORTH_BOUNDS: f64 = 6.0;

impl<F: Float> Assign<F> for Yinyang<'_, F> {
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Assigned {
        if let Some(plain) = &mut self.plain {
            return plain.assign(centroids, labels);
        }
        let is_first = self.before.is_empty();
        let before = (!is_first).then(|| Rows::new(&self.before, self.points.n_features()));
        self.groups.update(centroids, before.as_ref());
        self.before.clear();
        self.before.extend_from_slice(centroids.rows().data());
        let (points, groups) = (self.points, &self.groups);
        let work = parallel::work(labels.len(), centroids.len(), points.n_features());
        let state = (&mut self.bounds[..], 1 + groups.len());
        let assigned: Assigned =
            parallel::fill_both(labels, state, BLOCK, work, |range, labels, bounds| {
                let (upper, lower) = bounds.split_at_mut(labels.len());
                let bounds = Bounds {
                    labels,
                    upper,
                    lower,
                };
                let rows = points.rows().slice(range);
                points
                    .kernels
                    .nearest_bounded(&rows, centroids, groups, bounds)
            });
        let all = labels.len() as f64 * centroids.len() as f64;
        if !is_first && assigned.distances as f64 > WORTH_BOUNDS * all {
            self.plain = Some(Lloyd::new(points));
            self.bounds = Vec::new();
        }
        assigned
    }

    fn is_plain(&self) -> bool {
        self.plain.is_some()
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
