//! The points in the order of a k-d tree, equal ones merged where that is asked for.
//!
//! ```text
//! cut a sample into halves, again and again, across the feature of most variance
//! send every point down to its leaf, and sort the points by leaf
//! where points repeat: keep one of each, weighing as much as all of them
//! box the points of every leaf, and the boxes of every pair of nodes
//! ```
//!
//! A leaf is chosen by values alone, so equal points meet in the same one. The sample makes the
//! tree cheap to build; how well it is balanced changes the time of later passes and nothing else.

mod merged;
mod splits;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use merged::Merged;
use splits::{Splits, sort_by_leaf};

use crate::data::Points;
use crate::float::Float;
use crate::parallel::{BLOCK, Blocks, PerItem};

/// How a tree is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KdTreeOptions {
    /// Points per leaf: no more on average, and more than half as many.
    pub(crate) leaf_size: usize,
    /// Whether one point stands for all that equal it, where enough points do and their weights are whole
    /// numbers.
    pub(crate) merge_equal: bool,
}

/// Points in the order of a k-d tree.
#[derive(Debug)]
pub(crate) struct KdTree<F: Float> {
    /// In the order of the leaves, each weighing as much as the points that it stands for.
    pub(crate) points: Points<'static, F>,
    /// The original points in the order of the leaves, equal ones side by side.
    order: Vec<u32>,
    /// Where the original points of each point begin in `order`, if any were merged.
    firsts: Option<Vec<u32>>,
    /// Where each leaf begins, and the end of the last.
    starts: Vec<u32>,
    /// For each node, the root being number 1 and the children of `i` numbers `2i` and `2i + 1`,
    /// the low corner of the box of its points and the high one.
    corners: Vec<f64>,
}

impl<F: Float> KdTree<F> {
    /// `None` if there are too many points for their numbers to be `u32`.
    pub(crate) fn new(points: &Points<'_, F>, options: KdTreeOptions) -> Option<Self> {
        let (n, d) = (points.len(), points.n_features());
        u32::try_from(n).ok()?;
        let depth = (n / options.leaf_size).max(1).ilog2();
        let leaves = Splits::new(points, depth).leaves(points);
        let (starts, order) = sort_by_leaf(&leaves, 1 << depth);
        drop(leaves);
        let merges = options.merge_equal
            && points.copies().is_some()
            && merged::pays(points, &starts, &order, options.leaf_size);
        let mut tree = if merges {
            let merged = Merged::new(points, &starts, &order);
            Self {
                points: merged.points,
                order: merged.order,
                firsts: Some(merged.firsts),
                starts: merged.starts,
                corners: Vec::new(),
            }
        } else {
            Self {
                points: points.gather(&order),
                order,
                firsts: None,
                starts,
                corners: Vec::new(),
            }
        };
        tree.corners = vec![0.0; (4 * d) << depth];
        tree.set_corners();
        Some(tree)
    }

    /// The number of levels below the root.
    pub(crate) fn depth(&self) -> u32 {
        (self.starts.len() - 1).ilog2()
    }

    /// The points of a node of a level, the root being level 0.
    pub(crate) fn rows(&self, node: usize, level: u32) -> Range<usize> {
        let below = self.depth() - level;
        let first = (node << below) - (1 << self.depth());
        self.starts[first] as usize..self.starts[first + (1 << below)] as usize
    }

    /// The corners of the box of a node: for each feature the lowest value, then for each the
    /// highest. Of no meaning where the node has no points.
    pub(crate) fn corners(&self, node: usize) -> &[f64] {
        let width = 2 * self.points.n_features();
        &self.corners[node * width..][..width]
    }

    /// A lower bound of the squared distance of a row to any point of a node: R6b of docs/rounding.md.
    /// Meaningless for a node without points.
    pub(crate) fn least_sq_dist(&self, node: usize, row: &[F]) -> f64 {
        let (low, high) = self.corners(node).split_at(row.len());
        let mut sum = 0.0;
        for (x, (low, high)) in row.iter().zip(low.iter().zip(high)) {
            let outside = (low - x.to_f64()).max(x.to_f64() - high).max(0.0);
            sum += outside * outside;
        }
        let rounding = 4.0 * (row.len() + 8) as f64 * f64::UNIT_ROUNDOFF;
        sum * (1.0 - rounding) - row.len() as f64 * f64::MIN_POSITIVE
    }

    /// The original points that one stands for.
    pub(crate) fn originals(&self, place: usize) -> &[u32] {
        match &self.firsts {
            None => &self.order[place..=place],
            Some(firsts) => &self.order[firsts[place] as usize..firsts[place + 1] as usize],
        }
    }

    /// IN: a value for each point. Returns the value of each original point.
    pub(crate) fn to_originals(&self, values: &[u32]) -> Vec<u32> {
        let n = self.order.len();
        // Every place is written once, so the order of writing does not matter.
        let of_originals: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
        Blocks::new(values.len(), 16 * BLOCK, 4 * n).fill((), |places, ()| {
            for place in places {
                for &row in self.originals(place) {
                    of_originals[row as usize].store(values[place], Ordering::Relaxed);
                }
            }
        });
        let values = of_originals.into_iter();
        values.map(AtomicU32::into_inner).collect()
    }

    /// The box of every leaf, then that of every pair of nodes, up to the root.
    fn set_corners(&mut self) {
        let d = self.points.n_features();
        let n_leaves = self.starts.len() - 1;
        let (inner, leaves) = self.corners.split_at_mut(2 * d * n_leaves);
        let work = self.points.len() * d;
        let blocks = Blocks::new(n_leaves, 16, work);
        blocks.fill(PerItem(leaves, 2 * d), |range, corners| {
            for (leaf, corners) in range.zip(corners.chunks_exact_mut(2 * d)) {
                let (low, high) = corners.split_at_mut(d);
                low.fill(f64::INFINITY);
                high.fill(f64::NEG_INFINITY);
                for row in self.starts[leaf] as usize..self.starts[leaf + 1] as usize {
                    let row = self.points.rows().row(row).iter();
                    for ((low, high), x) in low.iter_mut().zip(&mut *high).zip(row) {
                        *low = low.min(x.to_f64());
                        *high = high.max(x.to_f64());
                    }
                }
            }
        });
        let mut below = &*leaves;
        let mut inner = inner;
        while inner.len() > 2 * d {
            let (rest, level) = inner.split_at_mut(inner.len() / 2);
            for (node, pair) in level.chunks_exact_mut(2 * d).zip(below.chunks_exact(4 * d)) {
                for j in 0..d {
                    node[j] = pair[j].min(pair[2 * d + j]);
                    node[d + j] = pair[d + j].max(pair[3 * d + j]);
                }
            }
            (inner, below) = (rest, level);
        }
    }
}
