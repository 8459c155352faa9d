//! Results that are told to an observer, one at a time.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where tasks hand in their results.
///
/// NOTE: no lock is held while the observer is called. What it does may be parallel work, and a thread
/// that waits for such work takes up other tasks, which hand in results of their own: they would wait
/// for the observer that waits for them. So a thread that finds the teller away leaves its result to
/// whoever has it.
pub(super) struct Reports<'a, R> {
    desk: Mutex<Desk<'a, R>>,
    over: AtomicBool,
}

struct Desk<'a, R> {
    /// The numbers of tasks and their results, in the order in which they came.
    waiting: VecDeque<(usize, R)>,
    /// Away while a thread tells.
    teller: Option<Teller<'a, R>>,
}

struct Teller<'a, R> {
    observer: &'a mut (dyn FnMut(&R) -> ControlFlow<()> + Send),
    /// For each task its result, once it was told.
    told: Vec<Option<R>>,
}

impl<'a, R> Reports<'a, R> {
    pub(super) fn new(
        count: usize,
        observer: &'a mut (dyn FnMut(&R) -> ControlFlow<()> + Send),
    ) -> Self {
        let told = (0..count).map(|_| None).collect();
        let desk = Desk {
            waiting: VecDeque::new(),
            teller: Some(Teller { observer, told }),
        };
        Self {
            desk: Mutex::new(desk),
            over: AtomicBool::new(false),
        }
    }

    /// Whether the observer broke off.
    pub(super) fn are_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Leaves the result of a task, and tells what waits unless another thread is about to.
    pub(super) fn hand_in(&self, task: usize, result: R) {
        let mut desk = self.desk();
        desk.waiting.push_back((task, result));
        let Some(mut teller) = desk.teller.take() else {
            return;
        };
        // Under one lock it is seen that nothing waits and the teller is put back: no result is left.
        while let Some((task, result)) = desk.waiting.pop_front() {
            drop(desk);
            if !self.are_over() {
                if (teller.observer)(&result).is_break() {
                    self.over.store(true, Ordering::Relaxed);
                }
                teller.told[task] = Some(result);
            }
            desk = self.desk();
        }
        desk.teller = Some(teller);
    }

    /// The results that were told, by the numbers of their tasks.
    pub(super) fn told(self) -> Vec<Option<R>> {
        let desk = self.desk.into_inner();
        // The teller is lost by a panic of the observer alone, which goes on to the caller.
        let teller = desk.unwrap_or_else(PoisonError::into_inner).teller;
        teller.map_or_else(Vec::new, |teller| teller.told)
    }

    fn desk(&self) -> MutexGuard<'_, Desk<'a, R>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_told_one_at_a_time_until_the_end() {
        let mut order = Vec::new();
        let mut observer = |&result: &i32| {
            order.push(result);
            if order.len() < 3 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let reports = Reports::new(4, &mut observer);
        for (task, result) in [(2, 20), (0, 0), (3, 30), (1, 10)] {
            reports.hand_in(task, result);
        }
        assert!(reports.are_over());
        assert_eq!(reports.told(), [Some(0), None, Some(20), Some(30)]);
        assert_eq!(order, [20, 0, 30]);
    }

    #[test]
    fn what_is_handed_in_meanwhile_is_told_after() {
        // Each result is observed while another thread hands in the next one.
        let (tell, hears) = std::sync::mpsc::channel::<()>();
        let (answer, answers) = std::sync::mpsc::channel::<()>();
        let mut order = Vec::new();
        let seen = &mut order;
        let mut observer = move |&result: &usize| {
            if result < 5 {
                tell.send(()).unwrap();
                answers.recv().unwrap();
            }
            seen.push(result);
            ControlFlow::Continue(())
        };
        let reports = Reports::new(6, &mut observer);
        std::thread::scope(|scope| {
            let desk = &reports;
            scope.spawn(move || {
                for task in 1..6 {
                    hears.recv().unwrap();
                    desk.hand_in(task, task);
                    answer.send(()).unwrap();
                }
            });
            reports.hand_in(0, 0);
        });
        assert!(reports.told().into_iter().flatten().eq(0..6));
        assert_eq!(order, [0, 1, 2, 3, 4, 5]);
    }
}
