//! One pass after another over the rows of a source.

use std::io;

use super::moments::Moments;
use crate::checks;
use crate::data::{Points, RowBlocks};
use crate::error::Error;
use crate::float::Float;
use crate::parallel::{self, BLOCK};

/// At least this many bytes are processed at a time.
const CHUNK: usize = 1 << 21;

/// Why a pass failed.
#[derive(Debug)]
pub(super) enum Failure {
    Refused(Error),
    Source {
        /// The rows of the pass that were processed before it failed.
        rows: usize,
        cause: io::Error,
    },
}

/// A source, and what the first pass found of its rows.
pub(super) struct Reader<'a, F: Float> {
    source: &'a mut dyn RowBlocks<F>,
    weights: Option<&'a [F]>,
    n_features: usize,
    pub(super) survey: Option<Survey<F>>,
    /// Two chunks, one being read while the other is worked on.
    buffers: (Vec<F>, Vec<F>),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Survey<F> {
    pub(super) n_rows: usize,
    pub(super) magnitude: F,
    /// The number of rows, each counted as often as its weight says, if that is a whole number.
    pub(super) count: Option<f64>,
}

impl<'a, F: Float> Reader<'a, F> {
    /// IN: `weights`, checked, to be one for each row.
    pub(super) fn new(source: &'a mut dyn RowBlocks<F>, weights: Option<&'a [F]>) -> Self {
        Self {
            n_features: source.n_features(),
            source,
            weights,
            survey: None,
            buffers: (Vec::new(), Vec::new()),
        }
    }

    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    /// The first pass: checks all values. Returns the variance of the features, averaged over them.
    pub(super) fn survey(&mut self, n_clusters: usize) -> Result<f64, Failure> {
        let mut moments = Moments::default();
        let mut survey = Survey {
            n_rows: 0,
            magnitude: F::ZERO,
            count: Some(0.0),
        };
        let mut n_weighted = 0;
        self.pass(|_, points| {
            survey.n_rows += points.len();
            let larger = points.magnitude() > survey.magnitude;
            survey.magnitude = if larger {
                points.magnitude()
            } else {
                survey.magnitude
            };
            survey.count = survey.count.zip(points.count()).map(|(a, b)| a + b);
            n_weighted += points.n_weighted();
            moments.add(points);
        })?;
        checks::not_empty("source", survey.n_rows)?;
        if let Some(weights) = self.weights {
            checks::same_len("weights", survey.n_rows, weights.len())?;
        }
        checks::enough_rows(n_weighted, n_clusters)?;
        self.survey = Some(survey);
        Ok(moments.mean_variance())
    }

    /// Calls `work` with all rows in order, a chunk at a time, and with the number of the chunk's first
    /// row. Each chunk begins with a whole block.
    ///
    /// # Errors
    /// A chunk cannot be read or used, or the pass differs from the first one.
    pub(super) fn pass(
        &mut self,
        mut work: impl FnMut(usize, &Points<'_, F>) + Send,
    ) -> Result<(), Failure> {
        let (d, survey) = (self.n_features, self.survey);
        let (mut chunk, mut next) = std::mem::take(&mut self.buffers);
        chunk.clear();
        let source = &mut *self.source;
        let weights = self.weights;
        let mut first = 0_usize;
        let failed = |cause| Failure::Source { rows: 0, cause };
        source.rewind().map_err(failed)?;
        let mut ended = fill(source, &mut chunk, d).map_err(failed)?;
        while !chunk.is_empty() {
            let len = chunk.len() / d;
            let whole = if ended { len } else { len / BLOCK * BLOCK };
            next.clear();
            next.extend_from_slice(&chunk[whole * d..]);
            chunk.truncate(whole * d);
            // If there are more rows than can be counted, there is no room for their labels either.
            let last = first.checked_add(whole).ok_or(Error::ResultTooLarge {
                rows: usize::MAX,
                columns: 1,
            })?;
            let rows = first..last;
            let use_chunk = || -> Result<(), Error> {
                let changed = |row| Error::SourceChanged { row };
                if let Some(survey) = survey.filter(|survey| rows.end > survey.n_rows) {
                    return Err(changed(survey.n_rows));
                }
                let of_chunk = |weights: &'a [F]| weights.get(rows.clone());
                let points = Points::check_block("source", &chunk, d, weights.and_then(of_chunk));
                let points = points.map_err(|error| counted_from(rows.start, error))?;
                if survey.is_some_and(|survey| points.magnitude() > survey.magnitude) {
                    return Err(changed(rows.start));
                }
                work(rows.start, &points);
                Ok(())
            };
            let read = || match ended {
                true => Ok(true),
                false => fill(&mut *source, &mut next, d),
            };
            let (read, used) = parallel::both(read, use_chunk);
            used?;
            first = last;
            ended = read.map_err(|cause| Failure::Source { rows: first, cause })?;
            std::mem::swap(&mut chunk, &mut next);
        }
        self.buffers = (chunk, next);
        match survey {
            Some(survey) if first < survey.n_rows => {
                Err(Error::SourceChanged { row: first }.into())
            }
            _ => Ok(()),
        }
    }
}

/// Reads until there is enough to work on. Returns whether the source has no more rows.
fn fill<F: Float>(
    source: &mut dyn RowBlocks<F>,
    rows: &mut Vec<F>,
    n_features: usize,
) -> io::Result<bool> {
    let enough = (CHUNK / size_of::<F>()).max(BLOCK.saturating_mul(n_features));
    while rows.len() < enough {
        let before = rows.len();
        source.next_block(rows)?;
        if rows.len() == before {
            return Ok(true);
        }
        if rows.len() < before || !rows.len().is_multiple_of(n_features) {
            let what = "a block of the source is not a whole number of rows";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
    }
    Ok(false)
}

/// The error of a block that begins with the row `first`.
fn counted_from(first: usize, mut error: Error) -> Error {
    if let Error::NotFinite { row, .. } | Error::TooLarge { row, .. } = &mut error {
        *row += first;
    }
    error
}
