//! Rows of a `.npy` file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::marker::PhantomData;
use std::path::Path;

use super::blocks::RowBlocks;
use crate::float::Float;

/// The approximate size of a block in bytes.
const BLOCK: usize = 1 << 21;

/// The rows of a two-dimensional array in a `.npy` file, as NumPy's `save` writes it: of type `F`, in either
/// byte order, in C order. The file is read, not mapped: only one block is in memory at a time. Needs the
/// feature `npy`.
///
/// # Example
/// ```
/// use centroid::{KMeans, NpyBlocks};
/// use ndarray::array;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("vectors.npy");
/// ndarray_npy::write_npy(&path, &array![[0.0_f32, 0.0], [0.0, 2.0], [9.0, 0.0]])?;
/// let mut source = NpyBlocks::<f32>::open(&path)?;
/// assert_eq!((source.n_rows(), source.n_features()), (3, 2));
/// let model = KMeans::new(2).n_init(1).fit_blocks(&mut source)?;
/// assert_eq!(model.inertia(), 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NpyBlocks<F> {
    file: File,
    /// Where the first row begins.
    data: u64,
    n_rows: usize,
    n_features: usize,
    is_swapped: bool,
    /// Rows given so far in this pass.
    next: usize,
    float: PhantomData<F>,
}

impl<F: Float> NpyBlocks<F> {
    /// Opens a file and checks its header and its length. See the [example](Self#example).
    ///
    /// # Errors
    /// - of kind [`InvalidData`](io::ErrorKind::InvalidData): it is not a `.npy` file, or not a matrix of
    ///   `F` in C order with at least one column;
    /// - of kind [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): it is shorter than its header says;
    /// - any error of opening or reading the file.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let no_npy = |error: io::Error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                invalid(format!("not a .npy file: {error}"))
            }
            _ => error,
        };
        let mut reader = BufReader::new(File::open(path)?);
        check_header(&mut reader).map_err(no_npy)?;
        let header = npyz::NpyHeader::from_reader(&mut reader).map_err(no_npy)?;
        let &[n_rows, n_features] = header.shape() else {
            let dimensions = header.shape().len();
            return Err(invalid(format!(
                "expected 2 dimensions, found {dimensions}"
            )));
        };
        let size = size_of::<F>();
        let found = header.dtype().descr();
        let matches = |order: char| found == format!("'{order}f{size}'");
        let (is_little, is_big) = (matches('<'), matches('>'));
        if !is_little && !is_big {
            return Err(invalid(format!(
                "expected values of type 'f{size}', found {found}"
            )));
        }
        if header.order() != npyz::Order::C {
            return Err(invalid("the rows are in Fortran order".to_owned()));
        }
        let data = reader.stream_position()?;
        let file = reader.into_inner();
        let (expected, found) = (
            n_features
                .checked_mul(size as u64)
                .filter(|_| n_features > 0)
                .and_then(|row| row.checked_mul(n_rows))
                .ok_or_else(|| invalid(format!("{n_rows} x {n_features} values are no data")))?,
            file.metadata()?.len().saturating_sub(data),
        );
        if found < expected {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the file is cut off: {expected} bytes of data expected, {found} found"),
            ));
        }
        let too_many = |_| invalid(format!("{n_rows} x {n_features} values are too many here"));
        Ok(Self {
            file,
            data,
            n_rows: n_rows.try_into().map_err(too_many)?,
            n_features: n_features.try_into().map_err(too_many)?,
            is_swapped: is_big != cfg!(target_endian = "big"),
            next: 0,
            float: PhantomData,
        })
    }

    /// The number of rows. See the [example](Self#example).
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The number of features of each row. See the [example](Self#example).
    pub fn n_features(&self) -> usize {
        self.n_features
    }
}

impl<F: Float> NpyBlocks<F> {
    /// Overwrites `rows`, whole rows, with the next ones.
    fn read(&mut self, rows: &mut [F]) -> io::Result<()> {
        self.file.read_exact(F::bytes_mut(rows))?;
        if self.is_swapped {
            rows.iter_mut().for_each(|x| *x = x.swap_bytes());
        }
        self.next += rows.len() / self.n_features;
        Ok(())
    }
}

/// The longest header that NumPy reads, and the deepest nesting of brackets: a dictionary that contains a
/// tuple has two levels.
const MOST_BYTES: usize = 10_000;
const MOST_NESTING: i32 = 3;

/// Refuses a header that cannot be one of a matrix, and goes back to the first byte.
///
/// NOTE: the parser of headers tries all ways to read nested brackets. A malicious file could have too many
/// of them.
fn check_header(reader: &mut BufReader<File>) -> io::Result<()> {
    let invalid = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    let mut start = [0; 12];
    let mut file = reader.by_ref().take(12);
    let mut n = 0;
    while let read @ 1.. = file.read(&mut start[n..])? {
        n += read;
    }
    let (text, len) = match start {
        [_, _, _, _, _, _, 0 | 1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([a, b]))),
        [.., a, b, c, d] => (12, u32::from_le_bytes([a, b, c, d]) as usize),
    };
    if len > MOST_BYTES {
        return invalid("the header is too long");
    }
    reader.seek(SeekFrom::Start(text))?;
    let (mut depth, mut deepest) = (0, 0);
    for byte in reader.by_ref().take(len as u64).bytes() {
        match byte? {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MOST_NESTING {
        return invalid("the header has too many nested brackets");
    }
    reader.rewind()
}

impl<F: Float> RowBlocks<F> for NpyBlocks<F> {
    fn n_features(&self) -> usize {
        self.n_features
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.next = 0;
        self.file.seek(SeekFrom::Start(self.data))?;
        Ok(())
    }

    fn next_block(&mut self, rows: &mut Vec<F>) -> io::Result<()> {
        let row = self.n_features * size_of::<F>();
        let left = (self.n_rows - self.next) * self.n_features;
        let (before, len) = (rows.len(), left.min(BLOCK.div_ceil(row) * self.n_features));
        rows.resize(before + len, F::ZERO);
        self.read(&mut rows[before..])
    }

    fn read_into(&mut self, rows: &mut [F]) -> io::Result<Option<usize>> {
        let left = (self.n_rows - self.next) * self.n_features;
        let len = left.min(rows.len() / self.n_features * self.n_features);
        self.read(&mut rows[..len])?;
        Ok(Some(len))
    }
}
