//! Observers of running work, and the reasons why a fit ended.

use std::fmt;
use std::ops::ControlFlow;

/// Why a fit ended: see [`KMeansModel`](crate::KMeansModel#example) for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Stop {
    /// The labels no longer changed: a fixed point of Lloyd's algorithm was reached.
    Converged,
    /// The centroids moved no more than `tol` allows.
    Tolerance,
    /// `max_iter` iterations were done.
    MaxIterations,
    /// The smoothed inertia of the batches no longer fell. Only for
    /// [`MiniBatchKMeans`](crate::MiniBatchKMeans).
    NoImprovement,
    /// The observer, or [`Driver::interrupt`](crate::passes::Driver::interrupt), ended the fit.
    Interrupted,
    /// There was no fit: the model was made from given centroids.
    NotFitted,
}

/// The caller's function, if there is one. It sees each report of some work, and may end the work by
/// [`ControlFlow::Break`].
pub(crate) struct Observer<'a, T>(Option<&'a mut Function<'a, T>>);

type Function<'a, T> = dyn FnMut(&T) -> ControlFlow<()> + Send + 'a;

impl<'a, T> Observer<'a, T> {
    pub(crate) fn new(function: &'a mut Function<'a, T>) -> Self {
        Self(Some(function))
    }

    /// No function, so nothing ends the work.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Calls the function.
    pub(crate) fn observe(&mut self, report: &T) -> ControlFlow<()> {
        match &mut self.0 {
            Some(function) => function(report),
            None => ControlFlow::Continue(()),
        }
    }

    /// The same observer, for a part of the work.
    pub(crate) fn by_ref(&mut self) -> Observer<'_, T> {
        Observer(self.0.as_mut().map(|function| &mut **function as _))
    }
}

impl<T> Default for Observer<'_, T> {
    fn default() -> Self {
        Self::none()
    }
}

impl<T> fmt::Debug for Observer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_some() { "Some(..)" } else { "None" })
    }
}
