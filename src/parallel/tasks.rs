//! Tasks of their own, and threads for them.

use std::ops::ControlFlow;

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator,
};

use super::reports::Reports;
use super::{Blocks, worth_sharing};

/// From this many multiply-adds per pass on, passes fill the threads on their own.
///
/// PERF: side by side, restarts wait for one another less; but each needs memory of its own, and a
/// pass of this much work takes some milliseconds, next to which the waiting is nothing.
const FILLS_ALL_THREADS: usize = 100_000_000;

/// Runs `f`, which makes passes of this many multiply-adds, on a thread of the pool if they will be
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

/// The results of `f` for `0..count`, in order.
pub(crate) fn map<R: Send>(count: usize, work: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    Blocks::new(count, 1, work).map(|tasks| f(tasks.start))
}

/// Calls `f` for each item.
pub(crate) fn for_each<T: Send>(items: &mut [T], work: usize, f: impl Fn(&mut T) + Sync) {
    Blocks::new(items.len(), 1, work).fill(items, |_, own| own.iter_mut().for_each(&f));
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
