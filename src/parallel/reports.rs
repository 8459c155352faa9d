//! Reports of tasks that run side by side, observed one at a time and in the order of the tasks.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where tasks hand in their reports.
///
/// The observer sees those of a task as they come once all tasks before it are done, and sees in between
/// what has been waiting: it is called as if the tasks ran one after another.
///
/// NOTE: no lock is held while the observer is called. It may do parallel work, and a thread that waits
/// for such work takes up other tasks, which hand in reports of their own: they would wait for the
/// observer that waits for them. So a thread that finds the slot of the observer empty leaves its report
/// to the thread that calls it.
pub(super) struct Reports<'a, T> {
    queue: Mutex<Queue<'a, T>>,
    is_over: AtomicBool,
}

struct Queue<'a, T> {
    /// The first task that is not known to be done.
    current: usize,
    /// For that task and those after it the reports that were not observed yet; `None` where a task ends.
    waiting: VecDeque<VecDeque<Option<T>>>,
    /// Empty while a thread calls the observer.
    observer_slot: Option<&'a mut Observer<'a, T>>,
}

/// Sees the number of a task and its report.
pub(super) type Observer<'a, T> = dyn FnMut(usize, T) -> ControlFlow<()> + Send + 'a;

impl<'a, T> Reports<'a, T> {
    pub(super) fn new(observer: &'a mut Observer<'a, T>) -> Self {
        Self {
            queue: Mutex::new(Queue {
                current: 0,
                waiting: VecDeque::new(),
                observer_slot: Some(observer),
            }),
            is_over: AtomicBool::new(false),
        }
    }

    /// `Break` once the observer broke off.
    pub(super) fn flow(&self) -> ControlFlow<()> {
        match self.is_over.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Hands in a report of a task, or its end, and lets the observer see what it may, unless another
    /// thread is about to.
    ///
    /// The observer sees nothing of other tasks after it broke off.
    pub(super) fn hand_in(&self, task: usize, report: Option<T>) -> ControlFlow<()> {
        let mut queue = self.queue();
        queue.push(task, report);
        let Some(observer) = queue.observer_slot.take() else {
            return self.flow();
        };
        // Under one lock it is seen that nothing waits and the slot is filled again: no report is left.
        while let Some((task, report)) = queue.next(self.flow()) {
            drop(queue);
            if observer(task, report).is_break() {
                self.is_over.store(true, Ordering::Relaxed);
            }
            queue = self.queue();
        }
        queue.observer_slot = Some(observer);
        self.flow()
    }

    fn queue(&self) -> MutexGuard<'_, Queue<'a, T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Queue<'_, T> {
    fn push(&mut self, task: usize, report: Option<T>) {
        let place = task - self.current;
        if place >= self.waiting.len() {
            self.waiting.resize_with(place + 1, VecDeque::new);
        }
        self.waiting[place].push_back(report);
    }

    /// The next report to be observed. After a `Break` the current task stays current.
    fn next(&mut self, flow: ControlFlow<()>) -> Option<(usize, T)> {
        loop {
            if let Some(report) = self.waiting.front_mut()?.pop_front()? {
                return Some((self.current, report));
            }
            if flow.is_break() {
                return None;
            }
            self.waiting.pop_front();
            self.current += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_observed_in_the_order_of_the_tasks_until_the_end() {
        let mut seen = Vec::new();
        let mut observer = |task: usize, report: i32| {
            seen.push((task, report));
            match report {
                30 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        let reports = Reports::new(&mut observer);
        for (task, report) in [
            (1, Some(10)),
            (0, Some(0)),
            (1, None),
            (3, Some(30)),
            (0, Some(1)),
            (4, Some(40)),
            (0, None),
            (2, None),
        ] {
            let flow = reports.hand_in(task, report);
            assert_eq!(flow.is_break(), task == 2, "{task}");
        }
        // The task at which it ended may still say what it came to; no other does.
        for (task, report) in [(4, Some(41)), (3, Some(31)), (3, None), (4, None)] {
            assert!(reports.hand_in(task, report).is_break());
        }
        drop(reports);
        assert_eq!(seen, [(0, 0), (0, 1), (1, 10), (3, 30), (3, 31)]);
    }

    #[test]
    fn what_is_handed_in_during_a_call_is_observed_after_it() {
        // Each report is observed while another thread hands in the next one.
        let (tell, hears) = std::sync::mpsc::channel::<()>();
        let (answer, answers) = std::sync::mpsc::channel::<()>();
        let mut order = Vec::new();
        let seen = &mut order;
        let mut observer = move |_, report: usize| {
            if report < 5 {
                tell.send(()).unwrap();
                answers.recv().unwrap();
            }
            seen.push(report);
            ControlFlow::Continue(())
        };
        let reports = Reports::new(&mut observer);
        std::thread::scope(|scope| {
            let shared = &reports;
            scope.spawn(move || {
                for report in 1..6 {
                    hears.recv().unwrap();
                    assert!(shared.hand_in(0, Some(report)).is_continue());
                    answer.send(()).unwrap();
                }
            });
            assert!(reports.hand_in(0, Some(0)).is_continue());
        });
        drop(reports);
        drop(observer);
        assert_eq!(order, [0, 1, 2, 3, 4, 5]);
    }
}
