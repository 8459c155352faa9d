//! The threads of the current rayon pool.
//!
//! PERF: work is handed over as `dyn Fn`, so that what hands it to threads is compiled once and not for
//! each pass again: that was 45 % of the code that the compiler worked on.

use std::ops::Range;

/// Calls `task` for each number, on any threads and in any order.
pub(super) fn each(numbers: Range<usize>, task: &(dyn Fn(usize) + Sync)) {
    match numbers.len() {
        0 => {}
        1 => task(numbers.start),
        _ => {
            let middle = numbers.start.midpoint(numbers.end);
            rayon::join(
                || each(numbers.start..middle, task),
                || each(middle..numbers.end, task),
            );
        }
    }
}

/// Calls `task` for each number, on any threads. Tasks begin in order.
pub(super) fn each_in_order(numbers: Range<usize>, task: &(dyn Fn(usize) + Sync)) {
    rayon::scope(|scope| begin(scope, numbers, task));
}

/// Begins the first task, after it has left the others to whichever thread is free.
fn begin<'a>(scope: &rayon::Scope<'a>, numbers: Range<usize>, task: &'a (dyn Fn(usize) + Sync)) {
    let Range { start, end } = numbers;
    if start + 1 < end {
        scope.spawn(move |scope| begin(scope, start + 1..end, task));
    }
    task(start);
}

/// Calls `task` on a thread of the pool.
pub(super) fn enter(task: &mut (dyn FnMut() + Send)) {
    rayon::scope(|_| task());
}
