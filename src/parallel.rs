//! Work cut into fixed blocks, and results in block order. No other module knows of threads.
//!
//! Where a block begins depends on the size of the work alone, never on the number of threads,
//! so that sums over blocks, added in block order, have the same bits however many there are.

mod reports;

use std::ops::{ControlFlow, Range};

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator,
};
use rayon::slice::ParallelSliceMut;

use reports::Reports;

/// Below this many multiply-adds a pass over the data runs on the calling thread.
///
/// PERF: waking the pool takes 5 to 20 microseconds; this much work takes about 50 on one core.
const WORTH_SHARING: usize = 1_000_000;

/// Rows per block of the passes that label or measure rows.
pub(crate) const BLOCK: usize = 256;

/// Parts that a pass with large results is cut into at most.
pub(crate) const PARTS: usize = 64;
/// Blocks in a part at least.
const BLOCKS_PER_PART: usize = 2;

/// The multiply-adds of a pass, without overflow: it only decides about sharing.
pub(crate) fn work(n_rows: usize, n_clusters: usize, n_features: usize) -> usize {
    n_rows.saturating_mul(n_clusters).saturating_mul(n_features)
}

/// Whether a pass of so many multiply-adds should be shared among threads.
pub(crate) fn worth_sharing(work: usize) -> bool {
    work >= WORTH_SHARING && rayon::current_num_threads() > 1
}

/// The most items that a thread takes at a time: small enough that a thread which is late or slow
/// leaves work to the others.
fn share(items: usize) -> usize {
    (items / (16 * rayon::current_num_threads())).max(1)
}

/// Runs `f`, which makes passes of so many multiply-adds, on a thread of the pool if they will be
/// shared.
///
/// PERF: a pass that is started from outside the pool wakes a thread and is woken at the end, each
/// time through the operating system. 20 iterations on 273,280 x 3, k = 8 took 17 ms on two
/// threads and 20 ms on one; from inside the pool they take 11 ms on two.
pub(crate) fn on_pool<R: Send>(work: usize, f: impl FnOnce() -> R + Send) -> R {
    if worth_sharing(work) {
        rayon::scope(|_| f())
    } else {
        f()
    }
}

/// Runs both, at the same time where there are threads for it.
pub(crate) fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if rayon::current_num_threads() > 1 {
        rayon::join(a, b)
    } else {
        (a(), b())
    }
}

/// The blocks of `block` items that `0..len` falls into.
fn block_range(len: usize, block: usize, index: usize) -> Range<usize> {
    index * block..len.min((index + 1) * block)
}

/// The results of `f` for each block of `0..len`, in order. `work` is the whole number of
/// multiply-adds, about.
pub(crate) fn map_blocks<R: Send>(
    len: usize,
    block: usize,
    work: usize,
    f: impl Fn(Range<usize>) -> R + Sync,
) -> Vec<R> {
    map(len.div_ceil(block), work, |index| {
        f(block_range(len, block, index))
    })
}

/// The results of `f` for at most [`PARTS`] ranges of whole blocks that make up `0..len`, in
/// order: for results too large to have one for each block.
pub(crate) fn map_parts<R: Send>(
    len: usize,
    work: usize,
    f: impl Fn(Range<usize>) -> R + Sync,
) -> Vec<R> {
    map_blocks(len, part_len(len, PARTS), work, f)
}

/// [`map_blocks`] with the values of `data` that belong to each block.
pub(crate) fn map_blocks_mut<T: Send, R: Send>(
    data: &mut [T],
    block: usize,
    work: usize,
    f: impl Fn(Range<usize>, &mut [T]) -> R + Sync,
) -> Vec<R> {
    let len = data.len();
    let run = |(index, values): (usize, &mut [T])| f(block_range(len, block, index), values);
    if worth_sharing(work) {
        data.par_chunks_mut(block)
            .enumerate()
            .with_max_len(1)
            .map(run)
            .collect()
    } else {
        data.chunks_mut(block).enumerate().map(run).collect()
    }
}

/// The length of parts of whole blocks that `0..len` falls into, at most so many of them.
pub(crate) fn part_len(len: usize, most: usize) -> usize {
    len.div_ceil(most)
        .max(BLOCKS_PER_PART * BLOCK)
        .next_multiple_of(BLOCK)
}

/// From so many multiply-adds per pass on, passes fill the threads on their own.
///
/// PERF: side by side, restarts wait for one another less; but each needs memory of its own, and a
/// pass of this much work takes some milliseconds, beside which the waiting is nothing.
const FILLS_ALL_THREADS: usize = 100_000_000;

/// The result of `f` for that of `0..count` which `better` prefers, where the first argument is of
/// the lower index. `work` is that of a pass; each `f` makes many. Middling ones run side by side,
/// each with results of its own.
pub(crate) fn best<R: Send>(
    count: usize,
    work: usize,
    f: impl Fn(usize) -> R + Sync,
    better: impl Fn(R, R) -> R + Sync,
) -> Option<R> {
    if count > 1 && work < FILLS_ALL_THREADS && worth_sharing(work) {
        // NOTE: an indexed reduction joins neighbours, the lower index on the left.
        (0..count)
            .into_par_iter()
            .with_max_len(1)
            .map(&f)
            .reduce_with(&better)
    } else {
        (0..count).map(&f).reduce(&better)
    }
}

/// The results of `f` for `0..count`, in order.
pub(crate) fn map<R: Send>(count: usize, work: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    if count > 1 && worth_sharing(work) {
        (0..count)
            .into_par_iter()
            .with_max_len(share(count))
            .map(&f)
            .collect()
    } else {
        (0..count).map(f).collect()
    }
}

/// The results of `f` for `0..count`, in order: tasks of their own, made of passes of so many
/// multiply-adds each, side by side unless one fills the threads. Each result is put to `observer`, one
/// at a time and by any thread; after it broke off, no other task is begun, and those that were not put
/// to it have no result.
pub(crate) fn map_tasks<R: Send>(
    count: usize,
    passes: usize,
    work: usize,
    f: impl Fn(usize) -> R + Sync,
    observer: &mut (dyn FnMut(&R) -> ControlFlow<()> + Send),
) -> Vec<Option<R>> {
    let reports = Reports::new(count, observer);
    let run = |index| {
        if !reports.are_over() {
            reports.hand_in(index, f(index));
        }
    };
    let side_by_side = work < FILLS_ALL_THREADS && worth_sharing(passes.saturating_mul(work));
    if count > 1 && side_by_side {
        let tasks = (0..count).into_par_iter().with_max_len(1);
        tasks.for_each(run);
    } else {
        (0..count).for_each(run);
    }
    reports.told()
}

/// The results of `f` for the blocks of `0..len`, put together by `both`, which must not depend on
/// their order. Allocates nothing where the work is not shared.
pub(crate) fn reduce_blocks<R: Copy + Send + Sync>(
    len: usize,
    block: usize,
    work: usize,
    none: R,
    f: impl Fn(Range<usize>) -> R + Sync,
    both: impl Fn(R, R) -> R + Send + Sync,
) -> R {
    let run = |index| f(block_range(len, block, index));
    let count = len.div_ceil(block);
    if worth_sharing(work) {
        let blocks = (0..count).into_par_iter().with_max_len(share(count));
        blocks.map(run).reduce(|| none, both)
    } else {
        (0..count).map(run).fold(none, both)
    }
}

/// Calls `f` for each block of `0..len` with the values of `data` that belong to it, `per_item`
/// for each item. Returns the sum of the results, which must not depend on the order of addition.
pub(crate) fn fill_blocks<T: Send, R: Send + Default + std::ops::AddAssign>(
    data: &mut [T],
    per_item: usize,
    block: usize,
    work: usize,
    f: impl Fn(Range<usize>, &mut [T]) -> R + Sync,
) -> R {
    let len = data.len() / per_item;
    let add = |mut sum: R, part| {
        sum += part;
        sum
    };
    let run = |(index, part): (usize, &mut [T])| f(block_range(len, block, index), part);
    if worth_sharing(work) {
        let blocks = data.par_chunks_mut(block * per_item).enumerate();
        blocks
            .with_max_len(share(len.div_ceil(block)))
            .map(run)
            .reduce(R::default, add)
    } else {
        data.chunks_mut(block * per_item)
            .enumerate()
            .map(run)
            .fold(R::default(), add)
    }
}

/// [`fill_blocks`] for two arrays at a time, of one and of `per_item` values for each item.
pub(crate) fn fill_both<T: Send, U: Send, R: Send + Default + std::ops::AddAssign>(
    first: &mut [T],
    (second, per_item): (&mut [U], usize),
    block: usize,
    work: usize,
    f: impl Fn(Range<usize>, &mut [T], &mut [U]) -> R + Sync,
) -> R {
    let len = first.len();
    let add = |mut sum: R, part| {
        sum += part;
        sum
    };
    let run =
        |(index, (a, b)): (usize, (&mut [T], &mut [U]))| f(block_range(len, block, index), a, b);
    if worth_sharing(work) {
        let pairs = first
            .par_chunks_mut(block)
            .zip(second.par_chunks_mut(block * per_item));
        pairs
            .enumerate()
            .with_max_len(share(len.div_ceil(block)))
            .map(run)
            .reduce(R::default, add)
    } else {
        let pairs = first
            .chunks_mut(block)
            .zip(second.chunks_mut(block * per_item));
        pairs.enumerate().map(run).fold(R::default(), add)
    }
}

/// Calls `f` for each range of items, of which `bounds` are the ends, with its number and with the
/// values of `data` that belong to it, `per_item` for each item. Returns the sum of the results,
/// which must not depend on the order of addition.
pub(crate) fn fill_ranges<T: Send, R: Send + Default + std::ops::AddAssign>(
    mut data: &mut [T],
    per_item: usize,
    bounds: &[u32],
    work: usize,
    f: impl Fn(usize, &mut [T]) -> R + Sync,
) -> R {
    let mut parts = Vec::with_capacity(bounds.len());
    for (index, ends) in bounds.windows(2).enumerate() {
        let len = (ends[1] - ends[0]) as usize * per_item;
        let (part, rest) = data.split_at_mut(len);
        parts.push((index, part));
        data = rest;
    }
    let add = |mut sum: R, part| {
        sum += part;
        sum
    };
    let run = |(index, part): (usize, &mut [T])| f(index, part);
    if worth_sharing(work) {
        let most = share(parts.len());
        let parts = parts.into_par_iter().with_max_len(most);
        parts.map(run).reduce(R::default, add)
    } else {
        parts.into_iter().map(run).fold(R::default(), add)
    }
}

/// Calls `f` for each two of the items, in rounds in which no item takes part twice, so that `f` may
/// change both. Which meet in which round depends on their number alone. The items come back in
/// another order.
///
/// The rounds are those of a tournament: the items stand in two rows, opposite ones meet, then all
/// but the first move on by one place (all, if one of them has no opponent).
pub(crate) fn for_each_pair<T: Send>(
    items: &mut [T],
    work: usize,
    f: impl Fn(&mut T, &mut T) + Sync,
) {
    let n = items.len();
    let staying = usize::from(n.is_multiple_of(2)).min(n);
    for _ in staying..n {
        let (left, right) = items.split_at_mut(n / 2);
        let right = &mut right[n % 2..];
        if worth_sharing(work) {
            let pairs = left.par_iter_mut().zip(right.par_iter_mut().rev());
            pairs.with_max_len(1).for_each(|(a, b)| f(a, b));
        } else {
            let pairs = left.iter_mut().zip(right.iter_mut().rev());
            pairs.for_each(|(a, b)| f(a, b));
        }
        items[staying..].rotate_right(1);
    }
}

/// Calls `f` for each item.
pub(crate) fn for_each<T: Send>(items: Vec<T>, work: usize, f: impl Fn(T) + Sync) {
    if worth_sharing(work) {
        let most = share(items.len());
        items.into_par_iter().with_max_len(most).for_each(&f);
    } else {
        items.into_iter().for_each(f);
    }
}

/// Items per block for passes that may be cut anywhere: enough for their work to outweigh the call,
/// few enough to be shared evenly.
pub(crate) fn block_for(len: usize, work: usize) -> usize {
    const WORTH_A_CALL: usize = 1 << 16;
    let per_item = (work / len.max(1)).max(1);
    (WORTH_A_CALL / per_item)
        .next_multiple_of(BLOCK)
        .clamp(BLOCK, 16 * BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_the_range_once() {
        for len in [0, 1, 255, 256, 257, 1000] {
            let blocks = map_blocks(len, BLOCK, usize::MAX, |range| range);
            assert!(
                blocks.iter().flat_map(Clone::clone).eq(0..len),
                "{len}: {blocks:?}"
            );
        }
    }

    #[test]
    fn each_two_meet_once() {
        for n in 0..12 {
            for work in [0, usize::MAX] {
                let mut items: Vec<(usize, Vec<usize>)> = (0..n).map(|i| (i, vec![i])).collect();
                for_each_pair(&mut items, work, |a, b| {
                    a.1.push(b.0);
                    b.1.push(a.0);
                });
                for (_, met) in &mut items {
                    met.sort_unstable();
                    assert!(met.iter().copied().eq(0..n), "{n}: {met:?}");
                }
            }
        }
    }

    #[test]
    fn filling_reaches_every_item() {
        let mut data = vec![0; 3 * 700];
        let total = fill_blocks(&mut data, 3, BLOCK, usize::MAX, |range, part| {
            assert_eq!(part.len(), 3 * range.len());
            part.iter_mut()
                .zip(3 * range.start..)
                .for_each(|(value, index)| *value = index);
            part.len()
        });
        assert_eq!(total, data.len());
        assert!(data.iter().copied().eq(0..data.len()));
    }
}
