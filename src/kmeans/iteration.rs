//! What an observer of a fit sees.

/// One iteration of a fit, as an observer sees it.
///
/// See [`FitOptions::observer`](crate::FitOptions::observer), and the [example](crate::FitOptions#example)
/// there.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Iteration {
    /// Which of the `n_init` restarts, counted from 0.
    pub restart: usize,
    /// The number of the iteration within the restart, counted from 1.
    pub index: usize,
    /// The weighted sum of squared distances of the rows to the centroids they were assigned to,
    /// before the centroids moved. It never grows from one iteration to the next, except that
    /// relocating an empty cluster may let it.
    pub inertia: f64,
    /// The largest Euclidean distance that a centroid moved.
    pub max_shift: f64,
    /// Rows whose label changed.
    pub reassigned: usize,
    /// Clusters that had no rows, and were relocated if a row at a distance from its centroid
    /// could be found.
    pub empty_clusters: usize,
    /// Distances between rows and centroids that were computed, or scores in their place: about
    /// `n k`, or less where the [`Algorithm`](crate::Algorithm) could do without. The last iteration
    /// takes `n k` more, to confirm that the labels stand still.
    pub distances: usize,
}
