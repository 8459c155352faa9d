//! The points in the order of a k-d tree, equal ones merged.
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

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::float::Float;
use crate::parallel::{self, BLOCK};
use crate::points::{MOST_COPIES, Points};
use crate::random::Stream;

/// Points per leaf, on average at most.
const LEAF: usize = 64;
/// Sampled points per leaf.
const SAMPLED: usize = 4;

/// Points in the order of a k-d tree.
#[derive(Debug)]
pub(crate) struct Tree<F: Float> {
    /// In the order of the leaves, each weighing as much as the points that it stands for.
    pub(crate) points: Points<'static, F>,
    /// For each original point where it is now.
    place_of: Vec<u32>,
    /// Where each leaf begins, and the end of the last.
    starts: Vec<u32>,
    /// For each node, the root being number 1 and the children of `i` numbers `2i` and `2i + 1`,
    /// the low corner of the box of its points and the high one.
    corners: Vec<f64>,
}

impl<F: Float> Tree<F> {
    /// `None` where labels could not be told for so many points.
    pub(crate) fn new(points: &Points<'_, F>) -> Option<Self> {
        let (n, d) = (points.len(), points.n_features());
        u32::try_from(n).ok()?;
        let depth = (n / LEAF).max(1).ilog2();
        let leaves = Splits::new(points, depth).leaves(points);
        let (starts, order) = sort(&leaves, 1 << depth);
        drop(leaves);
        let merges = points.count().is_some() && repeats(points, &starts, &order);
        let (points, starts, place_of) = if merges {
            merge(points, &starts, &order)
        } else {
            let place_of = inverse(&order);
            (points.gather(&order), starts, place_of)
        };
        let mut tree = Self {
            points,
            place_of,
            starts,
            corners: vec![0.0; 4 * d << depth],
        };
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

    /// IN: a value for each place. Returns the value of each original point.
    pub(crate) fn spread(&self, values: &[u32]) -> Vec<u32> {
        let mut spread = vec![0; self.place_of.len()];
        let work = 8 * spread.len();
        parallel::fill_blocks(&mut spread, 1, 16 * BLOCK, work, |range, out| {
            let places = self.place_of[range].iter();
            let pairs = out.iter_mut().zip(places);
            pairs.for_each(|(out, &place)| *out = values[place as usize]);
            0
        });
        spread
    }

    fn set_corners(&mut self) {
        let d = self.points.n_features();
        let n_leaves = self.starts.len() - 1;
        let (inner, leaves) = self.corners.split_at_mut(2 * d * n_leaves);
        let work = self.points.len() * d;
        parallel::fill_blocks(leaves, 2 * d, 16, work, |range, corners| {
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
            0
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

/// Where the inner nodes of the tree are cut: points whose value is smaller go to the left.
struct Splits<F> {
    depth: u32,
    /// By number of the node.
    cuts: Vec<(u32, F)>,
}

impl<F: Float> Splits<F> {
    fn new(points: &Points<'_, F>, depth: u32) -> Self {
        let mut stream = Stream::new(0, 0);
        let mut sample: Vec<u32> = (0..SAMPLED << depth)
            .map(|_| stream.below(points.len()) as u32)
            .collect();
        let mut cuts = vec![(0, F::ZERO); 1 << depth];
        for level in 0..depth {
            let (first, len) = (1 << level, sample.len() >> level);
            let work = 16 * sample.len() * points.n_features();
            let halves = sample.chunks_exact_mut(len);
            let nodes = halves.zip(&mut cuts[first..2 * first]).collect();
            parallel::for_each(nodes, work, |(sample, cut)| *cut = halve(points, sample));
        }
        Self { depth, cuts }
    }

    /// The leaf of each point.
    fn leaves(&self, points: &Points<'_, F>) -> Vec<u32> {
        const TOGETHER: usize = 16;
        let mut leaves = vec![0; points.len()];
        let work = 8 * points.len() * self.depth as usize;
        parallel::fill_blocks(&mut leaves, 1, 4 * BLOCK, work, |range, out| {
            let d = points.n_features();
            let rows = points.rows().slice(range);
            // PERF: a step waits for the last one of the same point, but not for other points.
            let batches = out.chunks_mut(TOGETHER);
            for (out, rows) in batches.zip(rows.data().chunks(TOGETHER * d)) {
                let mut nodes = [1; TOGETHER];
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
            0
        });
        leaves
    }
}

/// Sorts a sample into halves across the feature of most variance. Returns the cut.
fn halve<F: Float>(points: &Points<'_, F>, sample: &mut [u32]) -> (u32, F) {
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
fn sort(leaves: &[u32], n_leaves: usize) -> (Vec<u32>, Vec<u32>) {
    let n = leaves.len();
    let part = parallel::part_len(n, (n / (8 * n_leaves)).clamp(1, parallel::PARTS));
    let mut places = parallel::map_blocks(n, part, 4 * n, |range| {
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
    // Every place is written once, so the order of writing is no matter.
    let order: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
    parallel::map_blocks(n, part, 4 * n, |range| {
        let mut places = places[range.start / part].clone();
        for row in range {
            let place = &mut places[leaves[row] as usize];
            order[*place as usize].store(row as u32, Ordering::Relaxed);
            *place += 1;
        }
    });
    let order = order.into_iter().map(AtomicU32::into_inner).collect();
    (starts, order)
}

/// Where each point is, from which point is at each place.
fn inverse(order: &[u32]) -> Vec<u32> {
    let places: Vec<AtomicU32> = order.iter().map(|_| AtomicU32::new(0)).collect();
    parallel::map_blocks(order.len(), 16 * BLOCK, 4 * order.len(), |range| {
        for place in range {
            places[order[place] as usize].store(place as u32, Ordering::Relaxed);
        }
    });
    places.into_iter().map(AtomicU32::into_inner).collect()
}

/// Whether merging equal points would leave out many, going by some of the leaves.
fn repeats<F: Float>(points: &Points<'_, F>, starts: &[u32], order: &[u32]) -> bool {
    const LOOKED_AT: usize = 64;
    let (mut all, mut distinct) = (0, 0);
    for leaf in (0..starts.len() - 1).step_by((starts.len() / LOOKED_AT).max(1)) {
        let rows = &order[starts[leaf] as usize..starts[leaf + 1] as usize];
        // Of a leaf with very many a part is enough.
        let rows = &rows[..rows.len().min(16 * LEAF)];
        all += rows.len();
        distinct += Distinct::new(points, rows).rows.len();
    }
    10 * distinct < 8 * all
}

/// The distinct points among some.
struct Distinct<F> {
    /// One of each.
    rows: Vec<u32>,
    /// How many there are of each, weights counted.
    counts: Vec<F>,
    /// For each point which of these it is equal to.
    numbers: Vec<u32>,
}

impl<F: Float> Distinct<F> {
    fn new(points: &Points<'_, F>, rows: &[u32]) -> Self {
        const FREE: u32 = u32::MAX;
        let mut distinct = Self {
            rows: Vec::with_capacity(rows.len()),
            counts: Vec::with_capacity(rows.len()),
            numbers: Vec::with_capacity(rows.len()),
        };
        let mask = (2 * rows.len()).next_power_of_two() - 1;
        let mut slots = vec![FREE; mask + 1];
        for &row in rows {
            let values = points.rows().row(row as usize);
            let count = points.weight(row as usize);
            let mut slot = hash(values) as usize & mask;
            let number = loop {
                let number = slots[slot];
                if number == FREE {
                    slots[slot] = distinct.rows.len() as u32;
                    distinct.rows.push(row);
                    distinct.counts.push(F::from_f64(count));
                    break slots[slot];
                }
                let own = number as usize;
                let total = distinct.counts[own].to_f64() + count;
                if total <= MOST_COPIES && points.rows().row(distinct.rows[own] as usize) == values
                {
                    distinct.counts[own] = F::from_f64(total);
                    break number;
                }
                slot = (slot + 1) & mask;
            };
            distinct.numbers.push(number);
        }
        distinct
    }
}

/// Equal rows have equal hashes.
fn hash<F: Float>(row: &[F]) -> u64 {
    let mix = |hash: u64, x: &F| {
        // Adding zero makes one zero of the two.
        (hash ^ (x.to_f64() + 0.0).to_bits())
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    let hash = row.iter().fold(0, mix);
    hash ^ (hash >> 32)
}

/// One of each of the points of every leaf. Returns them, where each leaf begins, and where each of
/// the points is now.
fn merge<F: Float>(
    points: &Points<'_, F>,
    starts: &[u32],
    order: &[u32],
) -> (Points<'static, F>, Vec<u32>, Vec<u32>) {
    let n = points.len();
    let work = 16 * n * points.n_features();
    let leaves = parallel::map(starts.len() - 1, work, |leaf| {
        Distinct::new(
            points,
            &order[starts[leaf] as usize..starts[leaf + 1] as usize],
        )
    });
    let mut merged_starts = vec![0];
    let (mut rows, mut counts) = (Vec::new(), Vec::new());
    for leaf in &leaves {
        rows.extend_from_slice(&leaf.rows);
        counts.extend_from_slice(&leaf.counts);
        merged_starts.push(rows.len() as u32);
    }
    let place_of: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
    parallel::map(leaves.len(), 4 * n, |leaf| {
        let rows = order[starts[leaf] as usize..].iter();
        for (&row, number) in rows.zip(&leaves[leaf].numbers) {
            place_of[row as usize].store(merged_starts[leaf] + number, Ordering::Relaxed);
        }
    });
    let place_of = place_of.into_iter().map(AtomicU32::into_inner).collect();
    let merged = points.gather(&rows).with_counts(counts);
    (merged, merged_starts, place_of)
}
