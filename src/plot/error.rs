//! The errors of pictures.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use plotters::drawing::DrawingAreaErrorKind;

/// Why a picture could not be drawn. No file is written in that case.
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
    /// The path ends neither in `.svg` nor in `.png`, so the file format is unknown.
    #[error("the ending of {} is neither .svg nor .png", path.display())]
    UnknownEnding {
        /// The path that was given.
        path: PathBuf,
    },
    /// The file could not be written. An existing file is left unchanged.
    #[error("cannot write {}: {kind}", path.display())]
    NotWritten {
        /// The path that was given.
        path: PathBuf,
        /// The error of the operating system.
        kind: ErrorKind,
    },
    /// The number of labels, scores or sizes is not the number of rows that they belong to.
    #[error("{found} {what} do not fit {expected} {rows}")]
    DoesNotFit {
        /// What was counted, such as labels, silhouettes, sizes or bytes.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// What they belong to, such as points, centroids or scores.
        rows: &'static str,
        /// How many there should be.
        expected: usize,
    },
    /// There are no points, scores or images to draw.
    #[error("there are no {what} to draw")]
    NothingToDraw {
        /// What is missing.
        what: &'static str,
    },
    /// A number is NaN, infinite, or too large for the axes.
    #[error("{what} {index} is not finite, or too large to be drawn")]
    NotDrawable {
        /// What the number is.
        what: &'static str,
        /// Its index, counted from 0.
        index: usize,
    },
    /// The picture, or a part of it, is too small for its axes and text, or too large.
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
    /// The rest of the crate rejects the data.
    #[error(transparent)]
    Data(#[from] crate::Error),
    /// The backend of the drawing area failed.
    #[error("cannot draw: {message}")]
    Drawing {
        /// The message of the backend.
        message: String,
    },
}

/// A `Result` with the [`Error`] of pictures.
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
