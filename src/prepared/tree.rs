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

use crate::data::{DistinctRows, MOST_COPIES, Points, RowValues};
use crate::float::Float;
use crate::numeric::few_features;
use crate::parallel::{self, BLOCK};
use crate::random::Stream;

/// Points per leaf, on average at most.
const LEAF: usize = 128;
/// Sampled points per leaf.
const SAMPLED: usize = 4;

/// Points in the order of a k-d tree.
#[derive(Debug)]
pub(crate) struct Tree<F: Float> {
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
        let (points, starts, order, firsts) = if merges {
            merge(points, &starts, &order)
        } else {
            (points.gather(&order), starts, order, None)
        };
        let mut tree = Self {
            points,
            order,
            firsts,
            starts,
            corners: vec![0.0; (4 * d) << depth],
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

    /// The original points that one stands for.
    pub(crate) fn originals(&self, place: usize) -> &[u32] {
        match &self.firsts {
            None => &self.order[place..=place],
            Some(firsts) => &self.order[firsts[place] as usize..firsts[place + 1] as usize],
        }
    }

    /// IN: a value for each point. Returns the value of each original point.
    pub(crate) fn spread(&self, values: &[u32]) -> Vec<u32> {
        let n = self.order.len();
        // Every place is written once, so the order of writing is no matter.
        let spread: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
        parallel::map_blocks(values.len(), 16 * BLOCK, 4 * n, |places| {
            for place in places {
                for &row in self.originals(place) {
                    spread[row as usize].store(values[place], Ordering::Relaxed);
                }
            }
        });
        spread.into_iter().map(AtomicU32::into_inner).collect()
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

/// Whether merging equal points would leave out many, going by some of the leaves.
fn repeats<F: Float>(points: &Points<'_, F>, starts: &[u32], order: &[u32]) -> bool {
    const LOOKED_AT: usize = 64;
    let (mut all, mut distinct) = (0, 0);
    // A leaf is met as often as its points ask for: one value may fill a leaf of half of all.
    for place in (0..order.len()).step_by((order.len() / LOOKED_AT).max(1)) {
        let leaf = starts.partition_point(|&start| start as usize <= place) - 1;
        let rows = &order[starts[leaf] as usize..starts[leaf + 1] as usize];
        // Of a leaf with very many a part is enough.
        let rows = &rows[..rows.len().min(16 * LEAF)];
        all += rows.len();
        distinct += Distinct::new(points, rows).firsts.len();
    }
    10 * distinct < 8 * all
}

/// The distinct points among some.
struct Distinct<F> {
    /// All of them, equal ones side by side.
    order: Vec<u32>,
    /// Where each of the distinct ones begins in `order`.
    firsts: Vec<u32>,
    /// How many there are of each, weights counted.
    counts: Vec<F>,
}

impl<F: Float> Distinct<F> {
    fn new(points: &Points<'_, F>, rows: &[u32]) -> Self {
        few_features!(
            points.n_features(),
            D => {
                let (arrays, _) = points.rows().data().as_chunks::<D>();
                Self::of_values(points, rows, |row| arrays[row as usize])
            },
            else Self::of_values(points, rows, |row| points.rows().row(row as usize))
        )
    }

    fn of_values<R: RowValues>(
        points: &Points<'_, F>,
        rows: &[u32],
        values: impl Fn(u32) -> R,
    ) -> Self {
        // PERF: rows are fetched from all over the memory here, several at a time.
        let values: Vec<R> = rows.iter().map(|&row| values(row)).collect();
        let mut distinct = DistinctRows::with_capacity(rows.len());
        // For each distinct row the number of its rows, and their total weight.
        let mut totals: Vec<(u32, f64)> = Vec::with_capacity(rows.len());
        let mut ids = Vec::with_capacity(rows.len());
        for (&row, values) in rows.iter().zip(values) {
            let weight = points.weight(row as usize);
            let mut id = distinct.id(values);
            if let Some(&(_, total)) = totals.get(id as usize)
                && total + weight > MOST_COPIES
            {
                id = distinct.renew(values);
            }
            if id as usize == totals.len() {
                totals.push((0, 0.0));
            }
            let (count, total) = &mut totals[id as usize];
            *count += 1;
            *total += weight;
            ids.push(id);
        }
        let mut next = 0;
        let begin = |&(count, _): &(u32, f64)| {
            next += count;
            next - count
        };
        let firsts: Vec<u32> = totals.iter().map(begin).collect();
        let (mut places, mut order) = (firsts.clone(), vec![0; rows.len()]);
        for (&row, id) in rows.iter().zip(ids) {
            let place = &mut places[id as usize];
            order[*place as usize] = row;
            *place += 1;
        }
        Self {
            order,
            firsts,
            counts: totals
                .iter()
                .map(|&(_, total)| F::from_f64(total))
                .collect(),
        }
    }
}

/// What [`merge`] makes of a tree: points, where each leaf begins, the order of the original points
/// and where those of each point begin.
type Merged<F> = (Points<'static, F>, Vec<u32>, Vec<u32>, Option<Vec<u32>>);

/// Takes one of each of the points of every leaf.
fn merge<F: Float>(points: &Points<'_, F>, starts: &[u32], order: &[u32]) -> Merged<F> {
    let work = 16 * points.len() * points.n_features();
    let leaves = parallel::map(starts.len() - 1, work, |leaf| {
        Distinct::new(
            points,
            &order[starts[leaf] as usize..starts[leaf + 1] as usize],
        )
    });
    let n_distinct = leaves.iter().map(|leaf| leaf.firsts.len()).sum();
    let mut merged_starts = vec![0];
    let (mut rows, mut counts) = (
        Vec::with_capacity(n_distinct),
        Vec::with_capacity(n_distinct),
    );
    let (mut merged_order, mut firsts) = (
        Vec::with_capacity(order.len()),
        Vec::with_capacity(n_distinct + 1),
    );
    for leaf in leaves {
        let before = merged_order.len() as u32;
        rows.extend(leaf.firsts.iter().map(|&first| leaf.order[first as usize]));
        firsts.extend(leaf.firsts.iter().map(|first| before + first));
        counts.extend(leaf.counts);
        merged_order.extend(leaf.order);
        merged_starts.push(rows.len() as u32);
    }
    firsts.push(order.len() as u32);
    let merged = points.gather(&rows).with_counts(counts);
    (merged, merged_starts, merged_order, Some(firsts))
}
