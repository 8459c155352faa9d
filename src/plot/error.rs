//! What can be wrong with a picture.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use plotters::drawing::DrawingAreaErrorKind;

/// Why there is no picture. Nothing was written then.
///
/// # Example
/// ```
/// use centroid::plot::{self, ClustersOptions, Error};
/// use ndarray::array;
///
/// let options = ClustersOptions::new();
/// let result = plot::clusters("blob.pdf", &array![[0.0, 1.0]], &array![0], None, options);
/// assert!(matches!(result, Err(Error::UnknownEnding { .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kind of picture is told by the ending of its file.
    #[error("the ending of {} is neither .svg nor .png", path.display())]
    UnknownEnding {
        /// The path that was given.
        path: PathBuf,
    },
    /// The file could not be written. One that was there before is as it was.
    #[error("cannot write {}: {kind}", path.display())]
    NotWritten {
        /// The path that was given.
        path: PathBuf,
        /// What the operating system said.
        kind: ErrorKind,
    },
    /// There is not one label, score or size for each row.
    #[error("{found} {what} do not fit {expected} {rows}")]
    DoesNotFit {
        /// What was counted: labels, silhouettes, sizes, pixels.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// What they belong to: points, centroids, labels.
        rows: &'static str,
        /// How many of these there are.
        expected: usize,
    },
    /// There are no points, no scores, no images.
    #[error("there are no {what} to draw")]
    NothingToDraw {
        /// What is missing.
        what: &'static str,
    },
    /// A number is NaN or infinite, or so large that axes cannot show it.
    #[error("{what} {index} is not finite, or too large to be drawn")]
    NotDrawable {
        /// What kind of number it is.
        what: &'static str,
        /// Its place, counted from 0.
        index: usize,
    },
    /// The picture, or a part of it, has too few pixels for its axes and text, or too many.
    #[error(
        "{width} x {height} pixels are not enough or too many: at least {least_width} x {least_height} are needed, and at most {most} each way"
    )]
    Size {
        /// The width that was given.
        width: u32,
        /// The height that was given.
        height: u32,
        /// The least width for this picture.
        least_width: u32,
        /// The least height for this picture.
        least_height: u32,
        /// The largest width and height.
        most: u32,
    },
    /// The data is refused by the rest of the crate.
    #[error(transparent)]
    Data(#[from] crate::Error),
    /// The drawing area said no.
    #[error("cannot draw: {message}")]
    Drawing {
        /// What it said.
        message: String,
    },
}

/// A `Result` whose error is that of a picture: see [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(super) fn not_written(path: &Path, error: &std::io::Error) -> Self {
        Self::NotWritten {
            path: path.to_owned(),
            kind: error.kind(),
        }
    }
}

impl<E: StdError + Send + Sync> From<DrawingAreaErrorKind<E>> for Error {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        let message = error.to_string();
        Self::Drawing { message }
    }
}
