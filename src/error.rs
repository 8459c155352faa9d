//! Why a request failed.

/// Why a request failed. Arguments are checked before any work is done, and are left unchanged.
///
/// Rows, columns and indices count from 0. An `argument` names what was at fault, as the documentation
/// does: `x`, `weights`, `initial centroids`.
///
/// # Example
/// ```
/// use centroid::{Error, FitOptions, KMeans};
/// use ndarray::array;
///
/// let x = array![[0.0, 1.0], [2.0, 3.0]];
/// let start = array![[0.0, f64::NAN]];
/// let options = FitOptions::new().initial_centroids(&start);
/// let error = KMeans::new(1).fit_with(&x, options).unwrap_err();
/// assert!(matches!(error, Error::NotFinite { row: 0, column: 1, .. }));
/// assert_eq!(error.to_string(), "initial centroids: row 0, column 1 is NaN or infinite");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array or a source has no rows, or no columns.
    #[error("{argument}: there are no values")]
    EmptyData {
        /// What is empty.
        argument: &'static str,
    },
    /// There are fewer rows than clusters. Rows of weight 0 do not count.
    #[error("n_clusters is {n_clusters}, but there are only {rows} rows to cluster")]
    TooFewRows {
        /// Rows of positive weight.
        rows: usize,
        /// The requested number of clusters.
        n_clusters: usize,
    },
    /// A value is NaN or infinite.
    #[error("{argument}: row {row}, column {column} is NaN or infinite")]
    NotFinite {
        /// What holds the value.
        argument: &'static str,
        /// Row of the first such value, or its index if there is one value for each row.
        row: usize,
        /// Column of the first such value.
        column: usize,
    },
    /// The magnitude of a value is above [`Float::MAX_MAGNITUDE`](crate::Float::MAX_MAGNITUDE), so
    /// that distances could overflow.
    #[error(
        "{argument}: row {row}, column {column} is too large in magnitude for distances to be computed"
    )]
    TooLarge {
        /// What holds the value.
        argument: &'static str,
        /// Row of the first such value.
        row: usize,
        /// Column of the first such value.
        column: usize,
    },
    /// A matrix has the wrong number of columns. It needs one for each feature, or, in a matrix of
    /// distances, one for each cluster.
    #[error("{argument}: expected {expected} columns, found {found}")]
    DimensionMismatch {
        /// The matrix.
        argument: &'static str,
        /// Columns that are needed.
        expected: usize,
        /// Columns of the matrix given.
        found: usize,
    },
    /// An array does not have exactly one entry for each row, or for each cluster.
    #[error("{argument}: expected {expected} entries, found {found}")]
    LengthMismatch {
        /// What has too few or too many entries.
        argument: &'static str,
        /// Entries that are needed.
        expected: usize,
        /// Entries given.
        found: usize,
    },
    /// A sample weight is negative, NaN, infinite or above
    /// [`Float::MAX_MAGNITUDE`](crate::Float::MAX_MAGNITUDE).
    #[error("weights: entry {index} is negative, too large or not a number")]
    InvalidWeight {
        /// Index of the first such weight.
        index: usize,
    },
    /// All sample weights are zero.
    #[error("weights: all are zero")]
    ZeroWeights,
    /// A parameter has a value outside its range.
    #[error("{name} must be {requirement}")]
    InvalidParameter {
        /// The name of the parameter.
        name: &'static str,
        /// The requirement that the value does not meet.
        requirement: &'static str,
    },
    /// The labels name a single cluster, or as many clusters as there are rows, so that there is nothing to
    /// compare.
    #[error(
        "labels: {n_clusters} clusters of {rows} rows cannot be scored: at least 2 are needed, and fewer than rows"
    )]
    InvalidClusterCount {
        /// Distinct labels.
        n_clusters: usize,
        /// Rows of the data.
        rows: usize,
    },
    /// The rows cannot be divided into this many folds. Each fold needs at least one row, and at least one
    /// other to train with.
    #[error("n_folds is {n_folds}, but must be at least 2 and at most {rows}, the number of rows")]
    InvalidFoldCount {
        /// The requested number of folds.
        n_folds: usize,
        /// The number of rows to divide.
        rows: usize,
    },
    /// A sample is too small for 2 rows of each cluster.
    #[error("sample_size is {sample_size}, but must be at least {needed}: 2 rows of each cluster")]
    SampleTooSmall {
        /// The requested number of rows.
        sample_size: usize,
        /// The smallest sufficient size. Clusters of a single row need only that row.
        needed: usize,
    },
    /// A stream has not yet had as many distinct rows of positive weight as there are clusters.
    #[error("n_clusters is {n_clusters}, but there were only {rows} distinct rows so far")]
    TooFewDistinctRows {
        /// The number of distinct rows so far, which is less than that of clusters.
        rows: usize,
        /// The requested number of clusters.
        n_clusters: usize,
    },
    /// A source of rows failed.
    #[error("source: reading failed after {rows} rows: {kind}")]
    SourceFailed {
        /// The rows of that pass that were processed before the failure.
        rows: usize,
        /// What went wrong.
        kind: std::io::ErrorKind,
    },
    /// In a later pass, a source did not return what it returned in the first: there are fewer or more
    /// rows, or a value larger than any before.
    #[error("source: row {row} is not as it was in the first pass")]
    SourceChanged {
        /// The first row that is missing, new or different.
        row: usize,
    },
    /// An [`Answer`](crate::passes::Answer) was made for another request: of another fit, or of another pass.
    #[error("answer: not to this request ({expected:016x}), but to {found:016x}, or damaged")]
    ForeignAnswer {
        /// The fingerprint of the request that was to be answered.
        expected: u64,
        /// The fingerprint of the request for which the answer was made.
        found: u64,
    },
    /// In a later pass, the weights of the rows do not have the sum that they had in the first.
    #[error("weights: their sum is not that of the first pass")]
    WeightsChanged,
    /// A row is in two [`Answer`](crate::passes::Answer)s to the same request, or beyond the last row.
    #[error("answer: row {row} is in two answers, or beyond the last row")]
    AnsweredTwice {
        /// The first such row.
        row: u64,
    },
    /// A row is in no [`Answer`](crate::passes::Answer) to a request.
    #[error("answer: row {row} is missing")]
    NotAnswered {
        /// The first such row.
        row: u64,
    },
    /// A result, or a copy of the data in row-major order, does not fit in memory.
    #[error("an array of {rows} x {columns} values does not fit in memory")]
    ResultTooLarge {
        /// Rows of that array.
        rows: usize,
        /// Columns of that array.
        columns: usize,
    },
}

/// The result of a request.
///
/// # Example
/// ```
/// use centroid::{KMeans, Result};
/// use ndarray::{Array2, array};
///
/// fn inertia_of_two(x: &Array2<f64>) -> Result<f64> {
///     Ok(KMeans::new(2).fit(x)?.inertia())
/// }
/// assert_eq!(inertia_of_two(&array![[0.0], [1.0], [9.0]]), Ok(0.5));
/// ```
pub type Result<T> = std::result::Result<T, Error>;
