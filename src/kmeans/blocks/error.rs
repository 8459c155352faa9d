//! Why a fit of blocks failed.

use std::fmt;
use std::io;

use crate::error::Error;
use crate::float::Float;
use crate::kmeans::KMeansModel;
use crate::kmeans::passes::Failure;

/// Why [`KMeans::fit_blocks`](crate::KMeans::fit_blocks) failed, and the best model found until then.
///
/// # Example
/// ```
/// use centroid::{Error, IterBlocks, KMeans};
/// use ndarray::{Array2, array};
///
/// let mut passes = 0;
/// let mut source = IterBlocks::new(1, || {
///     passes += 1;
///     let lost = std::io::Error::other("the disk is gone");
///     let rows: Array2<f64> = array![[0.0], [1.0], [9.0]];
///     [if passes < 12 { Ok(rows) } else { Err(lost) }].into_iter()
/// });
/// let error = KMeans::new(2).n_init(3).fit_blocks(&mut source).unwrap_err();
/// assert!(matches!(error.error(), Error::SourceFailed { rows: 0, .. }));
/// assert_eq!(error.cause().unwrap().to_string(), "the disk is gone");
/// assert_eq!(error.model().unwrap().inertia(), 0.5);
/// assert_eq!(error.into_model().unwrap().n_clusters(), 2);
/// ```
pub struct BlocksError<F: Float> {
    error: Error,
    cause: Option<io::Error>,
    model: Option<Box<KMeansModel<F>>>,
}

impl<F: Float> BlocksError<F> {
    pub(super) fn new(failure: Failure, model: Option<KMeansModel<F>>) -> Self {
        let (error, cause) = match failure {
            Failure::Refused(error) => (error, None),
            Failure::Source { rows, cause } => {
                let kind = cause.kind();
                (Error::SourceFailed { rows, kind }, Some(cause))
            }
        };
        Self {
            error,
            cause,
            model: model.map(Box::new),
        }
    }

    /// What was wrong. See the [example](Self#example).
    pub fn error(&self) -> Error {
        self.error
    }

    /// The error of the source, if it failed. See the [example](Self#example).
    pub fn cause(&self) -> Option<&io::Error> {
        self.cause.as_ref()
    }

    /// The best model so far: that of the best finished restart, or the centroids of the last complete pass if
    /// their inertia is lower. The latter have [`Stop::Interrupted`](crate::Stop::Interrupted). There are no
    /// labels. See the [example](Self#example).
    pub fn model(&self) -> Option<&KMeansModel<F>> {
        self.model.as_deref()
    }

    /// The [`model`](Self::model), as an owned value. See the [example](Self#example).
    pub fn into_model(self) -> Option<KMeansModel<F>> {
        self.model.map(|model| *model)
    }
}

impl<F: Float> From<Failure> for BlocksError<F> {
    fn from(failure: Failure) -> Self {
        Self::new(failure, None)
    }
}

impl<F: Float> From<Error> for BlocksError<F> {
    fn from(error: Error) -> Self {
        Self {
            error,
            cause: None,
            model: None,
        }
    }
}

impl<F: Float> From<BlocksError<F>> for Error {
    fn from(error: BlocksError<F>) -> Self {
        error.error
    }
}

impl<F: Float> fmt::Debug for BlocksError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlocksError")
            .field("error", &self.error)
            .field("cause", &self.cause)
            .field("model", &self.model)
            .finish()
    }
}

impl<F: Float> fmt::Display for BlocksError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl<F: Float> std::error::Error for BlocksError<F> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause
            .as_ref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
