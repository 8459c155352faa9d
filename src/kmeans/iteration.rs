//! What an observer of a fit sees.

/// One iteration of a fit, as an observer sees it.
///
/// See [`FitOptions::observer`](crate::FitOptions::observer), and the [example](crate::FitOptions#example)
/// there.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Iteration {
    /// The number of the restart, counted from 0.
    pub restart: usize,
    /// The number of the iteration within the restart, counted from 1.
    pub index: usize,
    /// The weighted sum of squared distances of the rows to the centroids they were assigned to, before the
    /// centroids moved. It never grows from one iteration to the next, except possibly after an empty
    /// cluster was relocated.
    pub inertia: f64,
    /// The largest Euclidean distance that a centroid moved.
    pub max_shift: f64,
    /// Rows whose label changed.
    pub reassigned: usize,
    /// The number of clusters that had no rows. Each is relocated to a row that lies away from its
    /// centroid, if there is one.
    pub empty_clusters: usize,
    /// The number of distances between rows and centroids that were computed, or of scores computed
    /// instead: about `n k`, or fewer if the [`Algorithm`](crate::Algorithm) could skip some. The last
    /// iteration takes `n k` more, to confirm that the labels no longer change.
    pub distances: usize,
}
