//! Cutting the points into leaves.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::data::Points;
use crate::float::Float;
use crate::parallel::{self, BLOCK, Blocks, PARTS};
use crate::random::Stream;

/// Sampled points per leaf.
const SAMPLED: usize = 4;

/// Where the inner nodes of the tree are cut: points whose value is smaller go to the left.
pub(super) struct Splits<F> {
    depth: u32,
    /// By number of the node.
    cuts: Vec<(u32, F)>,
}

impl<F: Float> Splits<F> {
    pub(super) fn new(points: &Points<'_, F>, depth: u32) -> Self {
        let mut stream = Stream::new(0, 0);
        let mut row = || stream.below(points.len()) as u32;
        let sample: Vec<u32> = (0..SAMPLED << depth).map(|_| row()).collect();
        // PERF: side by side they stay in the cache.
        let points = &points.gather(&sample);
        let mut sample: Vec<u32> = (0..sample.len() as u32).collect();
        let mut cuts = vec![(0, F::ZERO); 1 << depth];
        for level in 0..depth {
            let (first, len) = (1 << level, sample.len() >> level);
            let work = 16 * sample.len() * points.n_features();
            let halves = sample.chunks_exact_mut(len);
            let mut nodes: Vec<_> = halves.zip(&mut cuts[first..2 * first]).collect();
            parallel::for_each(&mut nodes, work, |(sample, cut)| {
                **cut = halve_sample(points, sample);
            });
        }
        Self { depth, cuts }
    }

    /// The leaf of each point.
    pub(super) fn leaves(&self, points: &Points<'_, F>) -> Vec<u32> {
        const BATCH: usize = 16;
        let mut leaves = vec![0; points.len()];
        let work = 8 * points.len() * self.depth as usize;
        let blocks = Blocks::new(points.len(), 4 * BLOCK, work);
        blocks.fill(&mut leaves[..], |range, out| {
            let d = points.n_features();
            let rows = points.rows().slice(range);
            // PERF: a step waits for the last one of the same point, but not for other points.
            let batches = out.chunks_mut(BATCH);
            for (out, rows) in batches.zip(rows.data().chunks(BATCH * d)) {
                let mut nodes = [1; BATCH];
                for _ in 0..self.depth {
                    for (node, row) in nodes.iter_mut().zip(rows.chunks_exact(d)) {
                        let (feature, cut) = self.cuts[*node];
                        *node = 2 * *node + usize::from(row[feature as usize] >= cut);
                    }
                }
                let first = 1 << self.depth;
                let pairs = out.iter_mut().zip(nodes);
                pairs.for_each(|(leaf, node)| *leaf = (node - first) as u32);
            }
        });
        leaves
    }
}

/// Sorts a sample into halves across the feature of most variance. Returns the cut.
fn halve_sample<F: Float>(points: &Points<'_, F>, sample: &mut [u32]) -> (u32, F) {
    let d = points.n_features();
    let value = |row: u32, j: usize| points.rows().row(row as usize)[j];
    let share = 1.0 / sample.len() as f64;
    let variance = |j: usize| {
        let values = sample.iter().map(|&row| value(row, j).to_f64());
        let mean: f64 = values.clone().map(|x| x * share).sum();
        values.map(|x| (x - mean) * (x - mean)).sum::<f64>()
    };
    let variances: Vec<f64> = (0..d).map(variance).collect();
    let widest = (0..d).fold(0, |w, j| if variances[j] > variances[w] { j } else { w });
    let order = |a: &u32, b: &u32| {
        let (a, b) = (value(*a, widest), value(*b, widest));
        a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
    };
    let (_, &mut middle, _) = sample.select_nth_unstable_by(sample.len() / 2, order);
    (widest as u32, value(middle, widest))
}

/// Sorts the points by leaf. Returns where each leaf begins, and which point is at each place.
pub(super) fn sort_by_leaf(leaves: &[u32], n_leaves: usize) -> (Vec<u32>, Vec<u32>) {
    let n = leaves.len();
    let parts = Blocks::parts(n, (n / (8 * n_leaves)).clamp(1, PARTS), 4 * n);
    let mut places = parts.map(|range| {
        let mut counts = vec![0; n_leaves];
        leaves[range]
            .iter()
            .for_each(|&leaf| counts[leaf as usize] += 1);
        counts
    });
    let mut starts = vec![0; n_leaves + 1];
    let mut next = 0;
    for leaf in 0..n_leaves {
        starts[leaf] = next;
        for counts in &mut places {
            let count = std::mem::replace(&mut counts[leaf], next);
            next += count;
        }
    }
    starts[n_leaves] = next;
    // Every place is written once, so the order of writing does not matter.
    let order: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
    parts.fill((), |range, ()| {
        let mut places = places[range.start / parts.block_len()].clone();
        for row in range {
            let place = &mut places[leaves[row] as usize];
            order[*place as usize].store(row as u32, Ordering::Relaxed);
            *place += 1;
        }
    });
    let order = order.into_iter().map(AtomicU32::into_inner).collect();
    (starts, order)
}
