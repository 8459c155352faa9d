//! Merging equal points.

use crate::data::{DistinctRows, MOST_COPIES, Points, RowValues};
use crate::float::Float;
use crate::numeric::few_features;
use crate::parallel;

/// Whether merging equal points would leave out many, going by some of the leaves.
pub(super) fn pays<F: Float>(
    points: &Points<'_, F>,
    starts: &[u32],
    order: &[u32],
    leaf_size: usize,
) -> bool {
    const LOOKED_AT: usize = 64;
    let (mut all, mut distinct) = (0, 0);
    // A leaf is met as often as its points ask for: one value may fill a leaf of half of all.
    for place in (0..order.len()).step_by((order.len() / LOOKED_AT).max(1)) {
        let leaf = starts.partition_point(|&start| start as usize <= place) - 1;
        let rows = &order[starts[leaf] as usize..starts[leaf + 1] as usize];
        // Of a leaf with many more than others a part is enough.
        let rows = &rows[..rows.len().min(16 * leaf_size)];
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

/// A tree with one point for all equal ones.
pub(super) struct Merged<F: Float> {
    /// The distinct points in the order of the leaves.
    pub(super) points: Points<'static, F>,
    /// Where each leaf begins, and the end of the last.
    pub(super) starts: Vec<u32>,
    /// The original points, equal ones side by side.
    pub(super) order: Vec<u32>,
    /// Where the original points of each point begin in `order`, and its length.
    pub(super) firsts: Vec<u32>,
}

impl<F: Float> Merged<F> {
    /// IN: where each leaf begins, and the points in the order of the leaves.
    pub(super) fn new(points: &Points<'_, F>, starts: &[u32], order: &[u32]) -> Self {
        let work = 16 * points.len() * points.n_features();
        let leaves = parallel::map(starts.len() - 1, work, |leaf| {
            let places = starts[leaf] as usize..starts[leaf + 1] as usize;
            Distinct::new(points, &order[places])
        });
        let n_distinct = leaves.iter().map(|leaf| leaf.firsts.len()).sum();
        let mut rows = Vec::with_capacity(n_distinct);
        let mut counts = Vec::with_capacity(n_distinct);
        let mut firsts = Vec::with_capacity(n_distinct + 1);
        let mut merged_order = Vec::with_capacity(order.len());
        let mut merged_starts = vec![0];
        for leaf in leaves {
            let before = merged_order.len() as u32;
            rows.extend(leaf.firsts.iter().map(|&first| leaf.order[first as usize]));
            firsts.extend(leaf.firsts.iter().map(|first| before + first));
            counts.extend(leaf.counts);
            merged_order.extend(leaf.order);
            merged_starts.push(rows.len() as u32);
        }
        firsts.push(order.len() as u32);
        Self {
            points: points.gather(&rows).with_counts(counts),
            starts: merged_starts,
            order: merged_order,
            firsts,
        }
    }
}
