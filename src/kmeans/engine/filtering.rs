//! The filtering engine: centroids are ruled out for whole boxes of points.
//!
//! Going down the tree of the points, each node keeps the centroids that can be nearest to a point
//! in its box. Where only one is left, all points below have their label; in a leaf the few that
//! are left are compared. It holds no bounds from one iteration to the next, so it is as fast in
//! the first one as in the last. Where an iteration left too many, the next ones compare all.
//!
//! T. Kanungo et al., *An efficient k-means clustering algorithm: analysis and implementation*,
//! IEEE TPAMI 24(7), 2002, doi:10.1109/TPAMI.2002.1017616.

use super::Assign;
use super::lloyd::Lloyd;
use crate::float::Float;
use crate::kernels::{Candidates, Packed, Work};
use crate::parallel::{self, Blocks};
use crate::prepared::KdTree;

/// A subtree of this level is worked on at a time.
const SHARED_LEVEL: u32 = 7;

/// From this share of all pairs of points and centroids on, comparing them all takes less time.
///
/// PERF: on 5,000 to 100,000 points of 1 to 4 features with AVX2, iterations that left less than 0.16
/// of the pairs took 0.17 to 0.94 times as long as plain ones, those that left 0.35 took 0.62, and those
/// that left 0.57 or more 1.3 to 2.3.
const TOO_MANY: f64 = 0.45;

pub(super) struct Filtering<'a, F: Float> {
    tree: &'a KdTree<F>,
    /// Once boxes rule out too little.
    plain: Option<Lloyd<'a, F>>,
}

impl<'a, F: Float> Filtering<'a, F> {
    pub(super) fn new(tree: &'a KdTree<F>) -> Self {
        Self { tree, plain: None }
    }
}

impl<F: Float> Assign<F> for Filtering<'_, F> {
    fn assign(&mut self, centroids: &Packed<F>, labels: &mut [u32]) -> Work {
        if let Some(plain) = &mut self.plain {
            return plain.assign(centroids, labels);
        }
        let assigned = self.filter(centroids, labels);
        let all = labels.len() as f64 * centroids.len() as f64;
        if assigned.distances as f64 > TOO_MANY * all {
            self.plain = Some(Lloyd::new(&self.tree.points));
        }
        assigned
    }
}

impl<F: Float> Filtering<'_, F> {
    fn filter(&self, centroids: &Packed<F>, labels: &mut [u32]) -> Work {
        let tree = self.tree;
        let level = SHARED_LEVEL.min(tree.depth());
        let first = 1 << level;
        let all = Candidates::all(&centroids.rows());
        let work = parallel::work(labels.len(), 8, tree.points.n_features());
        let mut rest = labels;
        let mut subtrees: Vec<(usize, &mut [u32])> = Vec::with_capacity(first);
        for root in first..2 * first {
            let (own, right) = rest.split_at_mut(tree.rows(root, level).len());
            subtrees.push((root, own));
            rest = right;
        }
        Blocks::new(first, 1, work).fill_sum(&mut subtrees[..], |_, subtrees| {
            let mut visit = Visit {
                tree,
                centroids,
                candidates: vec![Candidates::default(); (tree.depth() - level + 2) as usize],
                far: Vec::new(),
            };
            visit.candidates[0] = all.clone();
            let mut work = Work::default();
            for (root, labels) in subtrees {
                work += visit.node(*root, level, 0, labels);
            }
            work
        })
    }
}

/// On the way down a subtree.
struct Visit<'a, F: Float> {
    tree: &'a KdTree<F>,
    centroids: &'a Packed<F>,
    /// For each level the centroids left.
    candidates: Vec<Candidates>,
    far: Vec<f64>,
}

impl<F: Float> Visit<'_, F> {
    /// OUT: `labels`, those of the points below the node; `above` is the place of the candidates of
    /// its parent.
    fn node(&mut self, node: usize, level: u32, above: usize, labels: &mut [u32]) -> Work {
        if labels.is_empty() {
            return Work::default();
        }
        let points = &self.tree.points;
        let (from, to) = self.candidates.split_at_mut(above + 1);
        let (from, to) = (&from[above], &mut to[0]);
        let corners = self.tree.corners(node);
        points
            .kernels
            .filter_candidates(corners, from, to, &mut self.far);
        let mut assigned = Work {
            distances: from.index.len(),
            ..Work::default()
        };
        if let [only] = to.index[..] {
            assigned.reassigned = labels.iter().filter(|&&label| label != only).count();
            labels.fill(only);
        } else if level == self.tree.depth() {
            assigned += self.leaf(node, above + 1, labels);
        } else {
            let left = self.tree.rows(2 * node, level + 1).len();
            let (left, right) = labels.split_at_mut(left);
            assigned += self.node(2 * node, level + 1, above + 1, left);
            assigned += self.node(2 * node + 1, level + 1, above + 1, right);
        }
        assigned
    }

    fn leaf(&self, leaf: usize, own: usize, labels: &mut [u32]) -> Work {
        // A distance takes about as long as this many scores: an estimate.
        const SCORES_PER_DISTANCE: usize = 4;
        let points = &self.tree.points;
        let rows = self.tree.rows(leaf, self.tree.depth());
        let rows = points.rows().slice(rows);
        let candidates = &self.candidates[own].index;
        if SCORES_PER_DISTANCE * candidates.len() >= self.centroids.len() {
            return points.kernels.nearest(&rows, self.centroids, labels);
        }
        let centroids = self.centroids.rows();
        points
            .kernels
            .nearest_among(&rows, &centroids, candidates, labels)
    }
}
