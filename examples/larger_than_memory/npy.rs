//! Matrices in `.npy` files: read through a map of the file, and written so that a file is whole or not
//! there.

use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use ndarray::{ArrayView2, IntoDimension, s};
use ndarray_npy::npy::header::ParseHeaderError;
use ndarray_npy::{ViewNpyError, ViewNpyExt, WritableElement, write_zeroed_npy};
use tempfile::NamedTempFile;

use crate::Result;

/// Bytes of a block that is written or read at a time.
pub(crate) const BLOCK: usize = 4 << 20;

/// Names what was being done when something went wrong.
pub(crate) trait While<T> {
    fn doing(self, what: &str, path: &Path) -> Result<T>;
}

impl<T, E: Display> While<T> for std::result::Result<T, E> {
    fn doing(self, what: &str, path: &Path) -> Result<T> {
        self.map_err(|error| {
            let error = format!("cannot {what} {}: {error}", path.display());
            error.replace('\n', " ").into()
        })
    }
}

/// The file of an array of zeros, to be written over from the first value on. It goes when it is dropped,
/// unless it is given its name before.
pub(crate) fn new_npy<T: WritableElement, D: IntoDimension>(
    path: &Path,
    shape: D,
) -> Result<NamedTempFile> {
    let file = temporary_beside(path)?;
    write_zeroed_npy::<T, _>(file.as_file(), shape).doing("write", path)?;
    Ok(file)
}

/// Temporary files are for their owner alone by default; these become results.
pub(crate) fn temporary_beside(path: &Path) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    builder.tempfile_in(folder).doing("write", path)
}

/// A matrix in a `.npy` file.
pub(crate) struct Matrix {
    path: PathBuf,
    pub(crate) file: File,
    pub(crate) n_rows: usize,
    pub(crate) n_features: usize,
}

impl Matrix {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut matrix = Self {
            path: path.to_owned(),
            file: File::open(path).doing("read", path)?,
            n_rows: 0,
            n_features: 0,
        };
        if matrix.file.metadata().doing("read", path)?.is_dir() {
            return Err("it is a folder").doing("read", path);
        }
        (matrix.n_rows, matrix.n_features) = matrix.look(|rows| Ok(rows.dim()))?;
        if matrix.n_rows == 0 || matrix.n_features == 0 {
            let (n, d) = (matrix.n_rows, matrix.n_features);
            return Err(format!("the matrix is empty, {n} x {d}")).doing("read", path);
        }
        Ok(matrix)
    }

    /// Gives the matrix to `f`, mapped for as long as that takes.
    fn look<T>(&self, f: impl FnOnce(ArrayView2<'_, f32>) -> Result<T>) -> Result<T> {
        #[allow(unsafe_code, reason = "nothing else maps a file")]
        // SAFETY: The map is read-only, and lives in this function. What is left to the person who runs
        // this is that nobody changes the file meanwhile. A file that was cut between two calls is seen
        // by its length before any value is looked at.
        let map = unsafe { Mmap::map(&self.file) }.doing("read", &self.path)?;
        let rows = ArrayView2::view_npy(&map);
        let rows = rows.map_err(|error| fault(&error));
        f(rows.doing("read", &self.path)?)
    }

    /// Gives some of the rows to `f`.
    pub(crate) fn look_at<T>(
        &self,
        range: Range<usize>,
        f: impl FnOnce(ArrayView2<'_, f32>) -> Result<T>,
    ) -> Result<T> {
        self.look(|rows| match rows.dim() == (self.n_rows, self.n_features) {
            true => f(rows.slice(s![range, ..])),
            false => Err("the file was replaced").doing("read", &self.path),
        })
    }

    /// The rows in ranges of so many.
    pub(crate) fn ranges(&self, len: usize) -> impl Iterator<Item = Range<usize>> {
        let n_rows = self.n_rows;
        (0..n_rows)
            .step_by(len)
            .map(move |start| start..n_rows.min(start.saturating_add(len)))
    }

    /// The rows of a block.
    pub(crate) fn block(&self) -> usize {
        (BLOCK / size_of::<f32>()).div_ceil(self.n_features)
    }
}

/// What is wrong with a file, in the words of a person who does not know its format.
fn fault(error: &ViewNpyError) -> String {
    match error {
        ViewNpyError::ParseHeader(ParseHeaderError::MagicString) => "it is no .npy file".to_owned(),
        ViewNpyError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the file ends within its header".to_owned()
        }
        ViewNpyError::MissingBytes(missing) => {
            format!("the file is cut off, {missing} bytes are missing")
        }
        ViewNpyError::WrongDescriptor(found) => format!("its values are {found}, not f32"),
        ViewNpyError::NonNativeEndian => "its values have the other byte order".to_owned(),
        ViewNpyError::WrongNdim(_, found) => format!("it has {found} dimensions, not 2"),
        ViewNpyError::LengthOverflow => "its shape is beyond all memory".to_owned(),
        ViewNpyError::ExtraBytes(extra) => format!("there are {extra} bytes behind its data"),
        error => error.to_string(),
    }
}
