//! Tasks of their own, and threads for them.

use std::ops::ControlFlow;

use super::pool::{each_in_order, enter};
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
    if !worth_sharing(work) {
        return f();
    }
    let (mut f, mut result) = (Some(f), None);
    enter(&mut || result = f.take().map(|f| f()));
    result.expect("it was called once")
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
        let mut pairs: Vec<_> = left.iter_mut().zip(right.iter_mut().rev()).collect();
        for_each(&mut pairs, work, |(a, b)| f(a, b));
        items[staying..].rotate_right(1);
    }
}

/// Tasks of their own, each of many passes: side by side, unless one pass fills the threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tasks {
    count: usize,
    are_side_by_side: bool,
}

/// Hands in a report of a task. `Break` asks the task to end.
pub(crate) type Report<'a, T> = dyn FnMut(T) -> ControlFlow<()> + Send + 'a;

impl Tasks {
    /// The tasks `0..count`. `work` is the multiply-adds of a pass, about.
    pub(crate) fn new(count: usize, passes: usize, work: usize) -> Self {
        let task = passes.saturating_mul(work);
        Self {
            count,
            are_side_by_side: count > 1 && work < FILLS_ALL_THREADS && worth_sharing(task),
        }
    }

    /// Runs the tasks. `observer` sees their reports one at a time, called from any thread, in the order in
    /// which they would come if the tasks ran one after another. Once it breaks off, tasks are asked to end
    /// and no other task begins; of the task at which it broke off, and of no other, it sees further reports.
    pub(crate) fn run<T: Send>(
        self,
        task: impl Fn(usize, &mut Report<'_, T>) + Sync,
        observer: &mut (dyn FnMut(usize, T) -> ControlFlow<()> + Send),
    ) {
        let mut observer = |task, report| observer(task, report);
        let reports = Reports::new(&mut observer);
        let run = |index: usize| {
            if reports.flow().is_continue() {
                task(index, &mut |report| reports.hand_in(index, Some(report)));
                // How things stand then is asked before the next task.
                let _ = reports.hand_in(index, None);
            }
        };
        if self.are_side_by_side {
            each_in_order(0..self.count, &run);
        } else {
            (0..self.count).for_each(run);
        }
    }

    /// The results of `f` in order. `observer` sees each of them in this order; one at which it breaks off is
    /// the last.
    pub(crate) fn map<R: Send>(
        self,
        f: impl Fn(usize) -> R + Sync,
        observer: &mut (dyn FnMut(&R) -> ControlFlow<()> + Send),
    ) -> Vec<R> {
        let mut results = Vec::new();
        let task = |index, report: &mut Report<'_, R>| {
            let _ = report(f(index));
        };
        self.run(task, &mut |_, result| {
            let flow = observer(&result);
            results.push(result);
            flow
        });
        results
    }
}

#[cfg(test)]
mod tests {
    use super::super::WORTH_SHARING;
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

    #[test]
    fn tasks_are_observed_in_order_and_end_at_a_break() {
        for work in [0, WORTH_SHARING] {
            let tasks = Tasks::new(50, 1, work);
            let all = tasks.map(|task| task, &mut |_| ControlFlow::Continue(()));
            assert!(all.into_iter().eq(0..50));
            let ended = tasks.map(|task| task, &mut |&task| match task {
                7 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            });
            assert!(ended.into_iter().eq(0..8));
        }
    }
}
