//! Iterations over the rows of a source.

use super::reader::{Failure, Reader};
use crate::checks;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, Work};
use crate::kmeans::engine::{self, Data, Run};
use crate::kmeans::sums::{self, Exact, Sums};
use crate::kmeans::update::{self, Farthest};
use crate::numeric::DoubleDouble;
use crate::progress::Stop;

/// The rows of a source, as the data of Lloyd's iterations.
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
    /// The sums, if they cannot be exact.
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
                reader.n_features(),
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
        let exact = exact.map(|exact| exact.totals(self.reader.n_features()));
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
