//! The rows of a part, in chunks of whole blocks.

use std::io;

use crate::checks;
use crate::data::{Copies, RowBlocks};
use crate::error::Error;
use crate::float::Float;
use crate::parallel::{self, BLOCK};

/// At least this many bytes are processed at a time.
const CHUNK: usize = 1 << 21;

/// Why a pass failed.
#[derive(Debug)]
pub(in crate::kmeans) enum Failure {
    Refused(Error),
    Source {
        /// The rows of the pass that were processed before it failed.
        rows: usize,
        cause: io::Error,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Consecutive rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a, F> {
    /// The number of its first row within the part, a multiple of [`BLOCK`].
    pub(super) first: usize,
    /// The values, not checked.
    pub(super) data: &'a [F],
    pub(super) weights: Option<&'a [F]>,
}

/// Reads the rows of a part, or of all of them.
pub(in crate::kmeans) struct Reader<'a, F: Float> {
    source: &'a mut dyn RowBlocks<F>,
    n_features: usize,
    /// The number of the first row in all data.
    pub(super) first_row: u64,
    /// How many rows there are, if that is known.
    pub(super) n_rows: Option<usize>,
    weights: Option<&'a [F]>,
    /// The copies that the weights stand for, 1 of each row if there are no weights.
    copies: Option<Copies>,
    /// Two of them, one being read while the other is worked on.
    buffers: (Buffer<F>, Buffer<F>),
}

impl<'a, F: Float> Reader<'a, F> {
    /// IN: `weights`, checked, to be one for each row.
    pub(in crate::kmeans) fn new(
        source: &'a mut dyn RowBlocks<F>,
        first_row: u64,
        n_rows: Option<usize>,
        weights: Option<&'a [F]>,
    ) -> Self {
        Self {
            n_features: source.n_features(),
            source,
            first_row,
            n_rows,
            weights,
            copies: weights.and_then(Copies::of),
            buffers: Default::default(),
        }
    }

    pub(in crate::kmeans) fn n_features(&self) -> usize {
        self.n_features
    }

    /// The number of weights, if there are any.
    pub(in crate::kmeans) fn n_weights(&self) -> Option<usize> {
        self.weights.map(<[F]>::len)
    }

    /// Takes in how many rows the first pass found.
    ///
    /// # Errors
    /// [`Error::EmptyData`]; [`Error::LengthMismatch`], if there are fewer or more weights.
    pub(in crate::kmeans) fn check_survey(&mut self, n_rows: usize) -> Result<(), Error> {
        checks::not_empty("source", n_rows)?;
        if let Some(weights) = self.weights {
            checks::same_len("weights", n_rows, weights.len())?;
        }
        self.n_rows = Some(n_rows);
        Ok(())
    }

    /// See [`Points::copies`](crate::data::Points::copies), of `n_rows` rows.
    pub(super) fn copies(&self, n_rows: usize) -> Option<Copies> {
        match self.weights {
            Some(_) => self.copies,
            None => Some(Copies {
                total: n_rows as f64,
                most: 1.0,
            }),
        }
    }

    /// Calls `work` with all rows in order, a chunk at a time. Returns how many there are.
    ///
    /// # Errors
    /// A chunk cannot be read, or `work` refuses it; [`Error::LengthMismatch`], if there are fewer or more rows
    /// than there should be.
    pub(super) fn pass(
        &mut self,
        mut work: impl FnMut(Chunk<'_, F>) -> Result<(), Error> + Send,
    ) -> Result<usize, Failure> {
        let (d, n_rows) = (self.n_features, self.n_rows.unwrap_or(usize::MAX));
        let (mut chunk, mut next) = std::mem::take(&mut self.buffers);
        let source = &mut *self.source;
        let weights = self.weights;
        let mut first = 0_usize;
        let mismatch = |found| Error::LengthMismatch {
            argument: "source",
            expected: n_rows,
            found,
        };
        let failed = |cause| Failure::Source { rows: 0, cause };
        source.rewind().map_err(failed)?;
        chunk.begin(&[]);
        let mut ended = chunk.fill(source, d).map_err(failed)?;
        while chunk.len > 0 {
            let len = chunk.len / d;
            let whole = if ended { len } else { len / BLOCK * BLOCK };
            let (data, rest) = chunk.values().split_at(whole * d);
            next.begin(rest);
            // If there are more rows than can be counted, there is no room for their labels either.
            let last = first.checked_add(whole).ok_or(Error::ResultTooLarge {
                rows: usize::MAX,
                columns: 1,
            })?;
            let use_chunk = || match last > n_rows {
                true => Err(mismatch(last)),
                false => work(Chunk {
                    first,
                    data,
                    weights: weights.and_then(|weights| weights.get(first..last)),
                }),
            };
            let read = || match ended {
                true => Ok(true),
                false => next.fill(&mut *source, d),
            };
            let (read, used) = parallel::both(read, use_chunk);
            used?;
            first = last;
            ended = read.map_err(|cause| Failure::Source { rows: first, cause })?;
            std::mem::swap(&mut chunk, &mut next);
        }
        self.buffers = (chunk, next);
        match self.n_rows {
            Some(n_rows) if first < n_rows => Err(mismatch(first).into()),
            _ => Ok(first),
        }
    }
}

/// Values that were read. The memory is used again.
#[derive(Debug, Default)]
struct Buffer<F> {
    /// The first `len` of them are values of this chunk.
    rows: Vec<F>,
    len: usize,
    /// Whether the source can only append.
    is_appended: bool,
}

impl<F: Float> Buffer<F> {
    fn values(&self) -> &[F] {
        &self.rows[..self.len]
    }

    /// Begins a chunk with values that were left over.
    fn begin(&mut self, values: &[F]) {
        let len = self.rows.len().max(values.len());
        self.rows.resize(len, F::ZERO);
        self.rows[..values.len()].copy_from_slice(values);
        self.len = values.len();
    }

    /// Reads until there is enough to work on. Returns whether the source has no more rows.
    fn fill(&mut self, source: &mut dyn RowBlocks<F>, n_features: usize) -> io::Result<bool> {
        let enough = (CHUNK / size_of::<F>()).max(BLOCK.saturating_mul(n_features));
        let invalid = || {
            let what = "a block of the source is not a whole number of rows";
            io::Error::new(io::ErrorKind::InvalidData, what)
        };
        while self.len < enough {
            let before = self.len;
            if !self.is_appended {
                // At least a row, and no more memory than the rows that come may need.
                let room = (CHUNK / size_of::<F>())
                    .max(n_features)
                    .min(enough - before);
                let len = (before + room).next_multiple_of(n_features);
                let more = len.saturating_sub(self.rows.len());
                if self.rows.try_reserve(more).is_err() {
                    return Err(io::ErrorKind::OutOfMemory.into());
                }
                self.rows.resize(self.rows.len() + more, F::ZERO);
                match source.read_into(&mut self.rows[before..])? {
                    Some(read) if read > self.rows.len() - before => return Err(invalid()),
                    Some(read) => self.len += read,
                    None => self.is_appended = true,
                }
            }
            if self.is_appended {
                self.rows.truncate(before);
                source.next_block(&mut self.rows)?;
                if self.rows.len() < before {
                    return Err(invalid());
                }
                self.len = self.rows.len();
            }
            if self.len == before {
                return Ok(true);
            }
            if !self.len.is_multiple_of(n_features) {
                return Err(invalid());
            }
        }
        Ok(false)
    }
}
