//! Skips points by the boxes that contain them.

use super::{Collect, Found, Search};
use crate::data::Points;
use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::{NearPair, Rows};
use crate::parallel::{self, Blocks};
use crate::prepared::KdTree;

/// Subtrees of this level are searched side by side.
const SHARED_LEVEL: u32 = 6;

/// Looking at a point, or skipping it, takes about as long as this many multiply-adds.
const WORK: usize = 16;

pub(super) struct Boxes<'a, F: Float> {
    originals: &'a Points<'a, F>,
    tree: &'a KdTree<F>,
    /// For each node the largest squared distance known of a point below.
    largest: Vec<f64>,
}

impl<'a, F: Float> Boxes<'a, F> {
    pub(super) fn new(originals: &'a Points<'a, F>, tree: &'a KdTree<F>) -> Self {
        Self {
            originals,
            tree,
            largest: vec![f64::INFINITY; 2 << tree.depth()],
        }
    }

    /// Brings the largest distances of the nodes up to date.
    fn set_largest(&mut self, closest: &[f64]) {
        let tree = self.tree;
        let first = 1 << tree.depth();
        let leaves = &mut self.largest[first..];
        let blocks = Blocks::new(leaves.len(), 64, WORK * closest.len());
        blocks.fill(leaves, |leaves, largest| {
            for (leaf, largest) in leaves.zip(largest) {
                let rows = tree.rows(first + leaf, tree.depth());
                let larger = |a: f64, &b: &f64| if b > a { b } else { a };
                *largest = closest[rows].iter().fold(0.0, larger);
            }
        });
        for node in (1..first).rev() {
            self.largest[node] = self.largest[2 * node].max(self.largest[2 * node + 1]);
        }
    }
}

impl<F: Float> Search for Boxes<'_, F> {
    fn find(&self, candidates: &[usize], closest: &[f64], collect: Collect<'_>) -> Vec<Found> {
        let level = self.tree.depth().min(SHARED_LEVEL);
        parallel::map(1 << level, WORK * closest.len(), |index| {
            let mut nearer = Vec::new();
            for (candidate, &row) in candidates.iter().enumerate() {
                let mut descent = Descent {
                    boxes: self,
                    closest,
                    candidate: candidate as u32,
                    row: self.originals.rows().row(row),
                    nearer: &mut nearer,
                };
                descent.node((1 << level) + index, level);
            }
            collect(&nearer)
        })
    }

    fn add(&mut self, _: usize, _: &mut dyn Iterator<Item = &NearPair>, closest: &[f64]) {
        self.set_largest(closest);
    }
}

/// On the way down the tree with one candidate.
struct Descent<'a, F: Float> {
    boxes: &'a Boxes<'a, F>,
    closest: &'a [f64],
    candidate: u32,
    row: &'a [F],
    /// The points found.
    nearer: &'a mut Vec<NearPair>,
}

impl<F: Float> Descent<'_, F> {
    fn node(&mut self, node: usize, level: u32) {
        let tree = self.boxes.tree;
        let rows = tree.rows(node, level);
        let nearest = tree.least_sq_dist(node, self.row);
        if rows.is_empty() || nearest >= self.boxes.largest[node] {
            return;
        }
        if level < tree.depth() {
            self.node(2 * node, level + 1);
            self.node(2 * node + 1, level + 1);
            return;
        }
        f64::with_scratch(rows.len(), |sq_dists| {
            let points = tree.points.rows().slice(rows.clone());
            let row = Rows::new(self.row, self.row.len());
            tree.points.kernels.sq_dists(&points, &row, sq_dists);
            for (point, &mut sq_dist) in rows.zip(sq_dists) {
                if sq_dist < self.closest[point] {
                    self.nearer.push(NearPair {
                        point,
                        target: self.candidate,
                        sq_dist,
                    });
                }
            }
        });
    }
}
