//! Sources of rows that are read block by block.

use std::fmt;
use std::io;
use std::ops::Range;

use ndarray::{Array2, ArrayRef2, ArrayView2, s};

use crate::float::Float;

/// Rows that can be read several times, block by block: from a file, a query, or the partitions of another
/// engine. The input of [`KMeans::fit_blocks`](crate::KMeans::fit_blocks), and of [`passes`](crate::passes) for
/// each part.
///
/// Each pass must give the same rows in the same order. How they are cut into blocks does not matter
/// and may change.
///
/// # Example
/// A source of the numbers 0 to 9 as rows of one feature:
/// ```
/// use centroid::{KMeans, RowBlocks};
///
/// struct Digits(u8);
///
/// impl RowBlocks<f64> for Digits {
///     fn n_features(&self) -> usize {
///         1
///     }
///     fn rewind(&mut self) -> std::io::Result<()> {
///         self.0 = 0;
///         Ok(())
///     }
///     fn next_block(&mut self, rows: &mut Vec<f64>) -> std::io::Result<()> {
///         let end = 10.min(self.0 + 4);
///         rows.extend((self.0..end).map(f64::from));
///         self.0 = end;
///         Ok(())
///     }
/// }
///
/// let model = KMeans::new(2).fit_blocks(&mut Digits(0))?;
/// assert_eq!(model.inertia(), 20.0);
/// # Ok::<(), centroid::BlocksError<f64>>(())
/// ```
pub trait RowBlocks<F: Float>: Send {
    /// The number of features of every row. See the [example](RowBlocks#example).
    fn n_features(&self) -> usize;

    /// Goes to the first row. Called at the beginning of each pass. See the
    /// [example](RowBlocks#example).
    ///
    /// # Errors
    /// Any error that prevents the rows from being read.
    fn rewind(&mut self) -> io::Result<()>;

    /// Appends the next rows to `rows`, row-major: one or more whole rows, or nothing after the last one.
    /// Blocks of a few megabytes are best. See the [example](RowBlocks#example).
    ///
    /// # Errors
    /// Any error that prevents the rows from being read.
    fn next_block(&mut self, rows: &mut Vec<F>) -> io::Result<()>;

    /// Overwrites the beginning of `rows`, which has room for one or more whole rows, with the next rows, and
    /// returns how many values these are: 0 after the last row. The same rows are not returned by
    /// [`next_block`](Self::next_block).
    ///
    /// Sources that can read into existing memory, such as files, save a pass over it by this. The default is
    /// `None`: the rows are asked for by `next_block`.
    ///
    /// # Errors
    /// Any error that prevents the rows from being read.
    fn read_into(&mut self, _rows: &mut [F]) -> io::Result<Option<usize>> {
        Ok(None)
    }
}

/// The rows of an array in memory, in any order and with any strides: for parts of the rows of a fit by
/// [`passes`](crate::passes), and to try out code that is meant for larger data. To cluster the array itself,
/// you need no blocks.
///
/// # Example
/// ```
/// use centroid::{ArrayBlocks, Init, KMeans};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [9.0]];
/// let kmeans = KMeans::new(2).init(Init::Parallel);
/// let model = kmeans.fit_blocks(&mut ArrayBlocks::new(&x, 2))?;
/// assert_eq!(model, kmeans.fit(&x)?);
/// # Ok::<(), centroid::BlocksError<f64>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ArrayBlocks<'a, F> {
    rows: ArrayView2<'a, F>,
    block: usize,
    next: usize,
}

impl<'a, F> ArrayBlocks<'a, F> {
    /// The rows of an `n x d` array, `block` of them at a time (at least one). See the
    /// [example](Self#example).
    pub fn new(rows: &'a ArrayRef2<F>, block: usize) -> Self {
        Self {
            rows: rows.view(),
            block: block.max(1),
            next: 0,
        }
    }
}

impl<F: Float> RowBlocks<F> for ArrayBlocks<'_, F> {
    fn n_features(&self) -> usize {
        self.rows.ncols()
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.next = 0;
        Ok(())
    }

    fn next_block(&mut self, rows: &mut Vec<F>) -> io::Result<()> {
        let range = next_range(&mut self.next, self.block, self.rows.nrows());
        let block = self.rows.slice(s![range, ..]);
        match block.as_slice() {
            Some(values) => rows.extend_from_slice(values),
            None => rows.extend(block.iter()),
        }
        Ok(())
    }
}

/// The next `block` of `len` items; `next` moves to its end.
pub(super) fn next_range(next: &mut usize, block: usize, len: usize) -> Range<usize> {
    let start = *next;
    *next = start.saturating_add(block).min(len);
    start..*next
}

/// Rows from iterators of arrays: each pass takes a new iterator.
///
/// # Example
/// ```
/// use centroid::{IterBlocks, KMeans};
/// use ndarray::{Array2, array};
///
/// let parts = [array![[0.0], [1.0]], array![[8.0], [9.0]]];
/// let mut source = IterBlocks::new(1, || parts.iter().cloned().map(Ok));
/// let model = KMeans::new(2).fit_blocks(&mut source)?;
/// assert_eq!(model.inertia(), 1.0);
/// # Ok::<(), centroid::BlocksError<f64>>(())
/// ```
pub struct IterBlocks<M, I> {
    n_features: usize,
    make: M,
    blocks: Option<I>,
}

impl<F: Float, M, I> IterBlocks<M, I>
where
    M: FnMut() -> I + Send,
    I: Iterator<Item = io::Result<Array2<F>>> + Send,
{
    /// Rows of `n_features` features, from the iterators that `make` returns. Arrays may have any number of
    /// rows, or none. An array with a different number of features ends the pass with an error of kind
    /// [`InvalidData`](io::ErrorKind::InvalidData). See the [example](Self#example).
    pub fn new(n_features: usize, make: M) -> Self {
        Self {
            n_features,
            make,
            blocks: None,
        }
    }
}

impl<F: Float, M, I> RowBlocks<F> for IterBlocks<M, I>
where
    M: FnMut() -> I + Send,
    I: Iterator<Item = io::Result<Array2<F>>> + Send,
{
    fn n_features(&self) -> usize {
        self.n_features
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.blocks = Some((self.make)());
        Ok(())
    }

    fn next_block(&mut self, rows: &mut Vec<F>) -> io::Result<()> {
        let Some(blocks) = &mut self.blocks else {
            return Ok(());
        };
        for block in blocks.by_ref() {
            let block = block?;
            if block.ncols() != self.n_features {
                let (expected, found) = (self.n_features, block.ncols());
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("expected {expected} features, found {found}"),
                ));
            }
            if !block.is_empty() {
                match block.as_slice() {
                    Some(values) => rows.extend_from_slice(values),
                    None => rows.extend(block.iter()),
                }
                return Ok(());
            }
        }
        self.blocks = None;
        Ok(())
    }
}

impl<M, I> fmt::Debug for IterBlocks<M, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterBlocks")
            .field("n_features", &self.n_features)
            .finish_non_exhaustive()
    }
}
