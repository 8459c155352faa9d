//! One pass after another over the rows of a source.

use std::io;

use crate::checks;
use crate::data::Points;
use crate::data::RowBlocks;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, Work};
use crate::kmeans::engine::{self, Data, Run};
use crate::kmeans::sums::{self, Exact, Sums};
use crate::kmeans::update::{self, Farthest};
use crate::numeric::DoubleDouble;
use crate::parallel::{self, BLOCK, PARTS};
use crate::progress::Stop;

/// Bytes that are worked on at a time, at least.
const CHUNK: usize = 1 << 21;

/// Why a pass failed.
#[derive(Debug)]
pub(super) enum Failure {
    Refused(Error),
    Source {
        /// Rows of the pass that were processed before.
        rows: usize,
        cause: io::Error,
    },
}

/// A source, and what the first pass told of its rows.
pub(super) struct Reader<'a, F: Float> {
    source: &'a mut dyn RowBlocks<F>,
    weights: Option<&'a [F]>,
    n_features: usize,
    survey: Option<Survey<F>>,
    /// Two chunks, one being read while the other is worked on.
    buffers: (Vec<F>, Vec<F>),
}

#[derive(Clone, Copy, Debug)]
struct Survey<F> {
    n_rows: usize,
    magnitude: F,
    /// The number of rows as often as they are weighted, if that is a whole number.
    count: Option<f64>,
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

    /// Calls `work` with all rows in order, a chunk at a time, and the number of its first row. Chunks
    /// begin with whole blocks.
    ///
    /// # Errors
    /// A chunk that cannot be read or used; a pass that is not like the first.
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
            // More rows than can be counted have no labels either.
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

/// Reads until there is enough to work on. Returns whether that was all.
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

/// Sums of distances from the first row of positive weight, and of their squares.
#[derive(Default)]
struct Moments {
    origin: Vec<f64>,
    weight: f64,
    sums: Vec<(f64, f64)>,
}

impl Moments {
    fn add<F: Float>(&mut self, points: &Points<'_, F>) {
        let d = points.n_features();
        if self.origin.is_empty() {
            let weighted = (0..points.len()).find(|&row| points.weight(row) > 0.0);
            let Some(row) = weighted else { return };
            self.origin = points.rows().row(row).iter().map(|x| x.to_f64()).collect();
            self.sums = vec![(0.0, 0.0); d];
        }
        let parts =
            parallel::Blocks::parts(points.len(), PARTS, 4 * points.len() * d).map(|range| {
                let (mut total, mut sums) = (0.0, vec![(0.0, 0.0); d]);
                for row in range {
                    let weight = points.weight(row);
                    total += weight;
                    let values = points.rows().row(row).iter().zip(&self.origin);
                    for ((sum, squares), (x, origin)) in sums.iter_mut().zip(values) {
                        let x = x.to_f64() - origin;
                        *sum += weight * x;
                        *squares += weight * x * x;
                    }
                }
                (total, sums)
            });
        for (weight, sums) in parts {
            self.weight += weight;
            for (own, part) in self.sums.iter_mut().zip(sums) {
                own.0 += part.0;
                own.1 += part.1;
            }
        }
    }

    fn mean_variance(&self) -> f64 {
        let variance = |&(sum, squares): &(f64, f64)| {
            let mean = sum / self.weight;
            (squares / self.weight - mean * mean).max(0.0)
        };
        self.sums.iter().map(variance).sum::<f64>() / self.sums.len() as f64
    }
}

/// The rows of a source as what Lloyd's iterations go over.
pub(super) struct Streamed<'a, 'b, F: Float> {
    reader: &'a mut Reader<'b, F>,
    labels: Vec<u32>,
    exact: Option<Exact>,
    /// What the last whole pass found.
    pass: Pass,
    /// The centroids of that pass.
    last: Option<Packed<F>>,
    n_passes: usize,
}

#[derive(Debug, Default)]
struct Pass {
    inertia: f64,
    /// Where they cannot be exact.
    rounded: Option<Sums>,
}

impl<'a, 'b, F: Float> Streamed<'a, 'b, F> {
    /// # Errors
    /// [`Error::ResultTooLarge`]: there is no room for the labels.
    pub(super) fn new(reader: &'a mut Reader<'b, F>, n_clusters: usize) -> Result<Self, Error> {
        let survey = reader.survey.as_ref();
        let n_rows = survey.map_or(0, |survey| survey.n_rows);
        let labels = checks::filled(n_rows, 1, NO_LABEL)?;
        let exact = survey.and_then(|survey| {
            Exact::new(
                survey.count,
                survey.magnitude,
                n_clusters,
                reader.n_features,
            )
        });
        Ok(Self {
            labels,
            reader,
            exact,
            pass: Pass::default(),
            last: None,
            n_passes: 0,
        })
    }

    /// The centroids of the last whole pass.
    pub(super) fn into_last(self) -> Option<Run<F>> {
        Some(Run {
            centroids: self.last?,
            labels: Vec::new(),
            inertia: self.pass.inertia,
            n_iter: self.n_passes,
            stop: Stop::Interrupted,
        })
    }

    /// The sums about the origin of the centroids, in a pass of their own.
    fn rounded(&mut self, centroids: &Packed<F>) -> Result<Option<Sums>, Failure> {
        let (mut sums, labels) = (None, &self.labels);
        self.reader.pass(|first, points| {
            let labels = &labels[first..first + points.len()];
            add(&mut sums, sums::rounded(points, labels, centroids));
        })?;
        Ok(sums)
    }
}

fn add(sums: &mut Option<Sums>, part: Sums) {
    match sums {
        Some(sums) => sums.add(&part),
        None => *sums = Some(part),
    }
}

impl<F: Float> Data<F> for Streamed<'_, '_, F> {
    type Error = Failure;

    fn assign(&mut self, centroids: &Packed<F>) -> Result<Work, Failure> {
        let (mut assigned, mut inertia) = (Work::default(), DoubleDouble::default());
        let (mut rounded, mut is_exact) = (None, true);
        let (labels, exact) = (&mut self.labels, &mut self.exact);
        let mut before = Vec::new();
        self.reader.pass(|first, points| {
            let labels = &mut labels[first..first + points.len()];
            before.clear();
            before.extend_from_slice(labels);
            let of_chunk = engine::label(points, centroids, labels);
            update::add_inertia(&mut inertia, points, labels, &centroids.rows());
            match exact {
                None => add(&mut rounded, sums::rounded(points, labels, centroids)),
                Some(exact) => {
                    is_exact &= exact.update(points, &mut before, labels, of_chunk.reassigned);
                }
            }
            assigned += of_chunk;
        })?;
        if !is_exact {
            self.exact = None;
            rounded = self.rounded(centroids)?;
        }
        self.pass = Pass {
            inertia: inertia.total(),
            rounded,
        };
        self.last = Some(centroids.clone());
        self.n_passes += 1;
        Ok(assigned)
    }

    fn sums(&mut self, _: Work, _: &Packed<F>) -> Sums {
        let exact = self.exact.as_ref();
        let exact = exact.map(|exact| exact.totals(self.reader.n_features));
        exact
            .or_else(|| self.pass.rounded.take())
            .expect("a pass makes sums of either kind")
    }

    fn observe(&mut self, assigned: Work, _: &Packed<F>) -> (usize, f64) {
        (assigned.reassigned, self.pass.inertia)
    }

    fn farthest(&mut self, count: usize, centroids: &Packed<F>) -> Result<Farthest<F>, Failure> {
        let mut farthest = Farthest::new(count, centroids.len());
        let labels = &self.labels;
        self.reader.pass(|first, points| {
            let labels = &labels[first..first + points.len()];
            farthest.add(points, first, labels, &centroids.rows());
        })?;
        Ok(farthest)
    }

    fn finish(&mut self, _: &Packed<F>) -> (Vec<u32>, f64) {
        (std::mem::take(&mut self.labels), self.pass.inertia)
    }
}
