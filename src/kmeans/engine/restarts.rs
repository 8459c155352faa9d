//! The best of several runs. No other module compares runs or knows what an interrupted one does to
//! those after it.

use std::ops::ControlFlow;

use super::Run;
use crate::float::Float;
use crate::kmeans::iteration::Iteration;
use crate::parallel::{Report, Tasks};
use crate::progress::{Observer, Stop};

/// The runs so far: of them the one of least inertia, the first among equals.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Best<F: Float>(pub(crate) Option<Run<F>>);

impl<F: Float> Best<F> {
    /// Takes in the next run. `Break` if it was interrupted: what is kept is then said to be.
    pub(crate) fn add(&mut self, run: Run<F>) -> ControlFlow<()> {
        let is_interrupted = run.stop == Stop::Interrupted;
        let mut kept = match self.0.take() {
            Some(best) => better(best, run),
            None => run,
        };
        if is_interrupted {
            kept.stop = Stop::Interrupted;
        }
        self.0 = Some(kept);
        match is_interrupted {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// The run of less inertia, the first of equal ones.
pub(crate) fn better<F: Float>(a: Run<F>, b: Run<F>) -> Run<F> {
    if b.inertia < a.inertia { b } else { a }
}

/// The best of runs that are made one after another, up to the first that is interrupted.
pub(crate) fn best_of<F: Float>(runs: impl IntoIterator<Item = Run<F>>) -> Run<F> {
    let mut best = Best(None);
    for run in runs {
        if best.add(run).is_break() {
            break;
        }
    }
    best.0.expect("there is at least one run")
}

/// One of several runs in memory.
#[derive(Debug)]
pub(crate) struct Restart<'a> {
    pub(crate) index: usize,
    /// The run is to end after this iteration.
    pub(crate) last: usize,
    pub(crate) observer: Observer<'a, Iteration>,
}

/// What a restart reports.
enum Event<F: Float> {
    Iteration(Iteration),
    End(Run<F>),
}

/// The best of `n_init` runs, side by side where that pays.
///
/// The observer sees all iterations of one restart before those of the next, so that what it does, and the
/// result, are the same on any number of threads. Where it breaks off, that restart and those before it
/// count.
pub(crate) fn restarts<F: Float>(
    n_init: usize,
    work: usize,
    mut observer: Observer<'_, Iteration>,
    run: impl Fn(Restart<'_>) -> Run<F> + Sync,
) -> Run<F> {
    let is_observed = observer.is_some();
    let task = |index: usize, report: &mut Report<'_, Event<F>>| {
        let mut observer = |iteration: &Iteration| report(Event::Iteration(*iteration));
        let run = run(Restart {
            index,
            last: usize::MAX,
            observer: match is_observed {
                true => Observer::new(&mut observer),
                false => Observer::none(),
            },
        });
        // The task ends in any case.
        let _ = report(Event::End(run));
    };
    let mut best = Best(None);
    // The restart and the iteration at which the observer broke off, until that run is taken in.
    let mut end = None;
    Tasks::new(n_init, 1, work).run(task, &mut |index, event| match event {
        Event::Iteration(_) if end.is_some() => ControlFlow::Break(()),
        Event::Iteration(iteration) => {
            let flow = observer.observe(&iteration);
            if flow.is_break() {
                end = Some((index, iteration.index));
            }
            flow
        }
        Event::End(mut run) => match end {
            None => best.add(run),
            Some((_, last)) => {
                if run.n_iter == last {
                    run.stop = Stop::Interrupted;
                    end = None;
                    return best.add(run);
                }
                ControlFlow::Break(())
            }
        },
    });
    if let Some((index, last)) = end {
        // Other threads were to be observed first, and the run went on in the meantime: as far as it was
        // to go, it is repeated.
        let mut run = run(Restart {
            index,
            last,
            observer: Observer::none(),
        });
        run.stop = Stop::Interrupted;
        let _ = best.add(run);
    }
    best.0.expect("there is at least one run")
}
