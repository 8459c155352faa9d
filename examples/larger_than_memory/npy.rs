//! Matrices in `.npy` files. They are read through a memory map, and written completely or not at all.

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

/// The size in bytes of the blocks that are written or read at a time.
pub(crate) const BLOCK: usize = 4 << 20;

/// Adds what the program was doing to an error.
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

/// A file with an array of zeros, positioned at the first value, so that the values can be overwritten. It is
/// deleted on drop, unless it was moved to its path before.
pub(crate) fn new_npy<T: WritableElement, D: IntoDimension>(
    path: &Path,
    shape: D,
) -> Result<NamedTempFile> {
    let file = temporary_beside(path)?;
    write_zeroed_npy::<T, _>(file.as_file(), shape).doing("write", path)?;
    Ok(file)
}

/// A temporary file with the usual permissions, because it becomes a result. By default only the owner could
/// read it.
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

    /// Calls `f` with the matrix, which is mapped only during the call.
    fn look<T>(&self, f: impl FnOnce(ArrayView2<'_, f32>) -> Result<T>) -> Result<T> {
        #[allow(unsafe_code, reason = "nothing else maps a file")]
        // SAFETY: The map is read-only and lives only in this function. The person who runs the program must
        // not change the file while it runs. A file that was cut between two calls is detected by its length,
        // before any value is accessed.
        let map = unsafe { Mmap::map(&self.file) }.doing("read", &self.path)?;
        let rows = ArrayView2::view_npy(&map);
        let rows = rows.map_err(|error| fault(&error));
        f(rows.doing("read", &self.path)?)
    }

    /// Calls `f` with some of the rows.
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

    /// Splits the rows into ranges of `len`.
    pub(crate) fn ranges(&self, len: usize) -> impl Iterator<Item = Range<usize>> {
        let n_rows = self.n_rows;
        (0..n_rows)
            .step_by(len)
            .map(move |start| start..n_rows.min(start.saturating_add(len)))
    }

    /// The number of rows in a block.
    pub(crate) fn block(&self) -> usize {
        (BLOCK / size_of::<f32>()).div_ceil(self.n_features)
    }
}

/// Describes what is wrong with a file, for a person who does not know the format.
fn fault(error: &ViewNpyError) -> String {
    match error {
        ViewNpyError::ParseHeader(ParseHeaderError::MagicString) => {
            "it is not a .npy file".to_owned()
        }
        ViewNpyError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the file ends within its header".to_owned()
        }
        ViewNpyError::MissingBytes(missing) => {
            format!("the file is cut off, {missing} bytes are missing")
        }
        ViewNpyError::WrongDescriptor(found) => format!("its values are {found}, not f32"),
        ViewNpyError::NonNativeEndian => "its values have the other byte order".to_owned(),
        ViewNpyError::WrongNdim(_, found) => format!("it has {found} dimensions, not 2"),
        ViewNpyError::LengthOverflow => "its shape is too large for any memory".to_owned(),
        ViewNpyError::ExtraBytes(extra) => format!("there are {extra} bytes after its data"),
        error => error.to_string(),
    }
}
