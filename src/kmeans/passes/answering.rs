//! The passes over the rows of a part that answer requests.

use super::answer::{Answer, Content, Drawn};
use super::memory::PartMemory;
use super::part::Coverage;
use super::reader::{Chunk, Failure, Reader};
use super::request::{Kind, Request};
use crate::data::{Moments, Points};
use crate::error::Error;
use crate::float::Float;
use crate::init::{add_potential, keys, weights};
use crate::kernels::{Packed, Rows};
use crate::kmeans::engine;
use crate::kmeans::update::Farthest;
use crate::numeric::LongSums;
use crate::random::Reservoir;

impl<F: Float> Request<F> {
    /// IN, OUT: `memory` of the same rows, if they were asked before.
    pub(in crate::kmeans) fn answer_in(
        &self,
        reader: &mut Reader<'_, F>,
        memory: &mut PartMemory<F>,
    ) -> Result<Answer<F>, Failure> {
        memory.begin(self, reader.first_row, reader.n_rows);
        let first_row = reader.first_row;
        let content = self.content(reader, memory);
        let (content, n_rows) = content.map_err(|failure| match failure {
            // In the first pass there is nothing yet that could have changed.
            Failure::Refused(Error::LengthMismatch {
                expected, found, ..
            }) if self.survey.is_some() => Failure::Refused(Error::SourceChanged {
                row: global(first_row).saturating_add(expected.min(found)),
            }),
            failure => failure,
        })?;
        Ok(Answer {
            fingerprint: self.fingerprint(),
            rows: Coverage::of(first_row..first_row + n_rows as u64),
            content,
        })
    }

    /// What an answer says, and of how many rows.
    fn content(
        &self,
        reader: &mut Reader<'_, F>,
        memory: &mut PartMemory<F>,
    ) -> Result<(Content<F>, usize), Failure> {
        let n_rows = reader.n_rows.unwrap_or(0);
        let content = match &self.kind {
            Kind::Survey => return self.survey_rows(reader),
            Kind::Sample {
                restart,
                count,
                seed,
                candidates,
            } => self.sample(reader, memory, *restart, (*count, *seed), candidates)?,
            Kind::Weigh {
                restart,
                candidates,
            } => self.weigh(reader, memory, *restart, candidates)?,
            Kind::Assign { centroids } => {
                let magnitude = self.survey.map_or(F::ZERO, |survey| survey.magnitude);
                let first_row = reader.first_row;
                let check = |chunk: &Chunk<'_, F>| self.check(chunk, first_row).map(|_| ());
                let centroids = self.pack(centroids);
                Content::Assign(memory.assign(reader, n_rows, magnitude, &centroids, check)?)
            }
            Kind::Farthest {
                centroids,
                previous,
                count,
            } => {
                let previous = previous.as_deref().map(|previous| self.pack(previous));
                self.farthest(
                    reader,
                    memory,
                    &self.pack(centroids),
                    previous.as_ref(),
                    *count,
                )?
            }
            Kind::Label { centroids } => {
                self.label(reader, memory, n_rows, &self.pack(centroids))?;
                Content::Label
            }
        };
        Ok((content, n_rows))
    }

    fn pack(&self, rows: &[F]) -> Packed<F> {
        Packed::new(&Rows::new(rows, self.n_features))
    }

    fn survey_rows(&self, reader: &mut Reader<'_, F>) -> Result<(Content<F>, usize), Failure> {
        let first_row = reader.first_row;
        let (mut magnitude, mut n_weighted) = (F::ZERO, 0);
        let (mut moments, mut weight) = (Moments::new(self.n_features), LongSums::new(1));
        let mut labels = Vec::new();
        let n_rows = reader.pass(|chunk| {
            let points = self.check(&chunk, first_row)?;
            if points.magnitude() > magnitude {
                magnitude = points.magnitude();
            }
            n_weighted += points.n_weighted() as u64;
            moments.add(&points);
            // As if all rows were nearest to one.
            labels.resize(labels.len().max(points.len()), 0);
            weight.merge(&weights(&points, &labels[..points.len()], 1));
            Ok(())
        })?;
        let survey = Content::Survey {
            magnitude,
            n_weighted,
            weight,
            moments,
        };
        Ok((survey, n_rows))
    }

    /// IN: `(count, seed)`, how many rows are to be drawn, and with which numbers.
    fn sample(
        &self,
        reader: &mut Reader<'_, F>,
        memory: &mut PartMemory<F>,
        restart: usize,
        (count, seed): (usize, u64),
        candidates: &[F],
    ) -> Result<Content<F>, Failure> {
        let (d, first_row) = (self.n_features, reader.first_row);
        let n_rows = reader.n_rows.unwrap_or(0);
        let (mut taken, mut potential) = (Reservoir::new(count), LongSums::new(1));
        let mut nearest = match candidates.is_empty() {
            true => {
                // The beginning of a restart.
                memory.clear();
                None
            }
            false => Some(memory.nearest(n_rows, restart, candidates.len() / d)?),
        };
        let added = (nearest.as_ref()).and_then(|nearest| nearest.added(candidates, d));
        reader.pass(|chunk| {
            let points = self.check(&chunk, first_row)?;
            if let Some((nearest, added)) = nearest.as_deref_mut().zip(added.as_ref()) {
                nearest.measure(&points, chunk.first, added);
            }
            let rows = chunk.first..chunk.first + points.len();
            let sq_dists = nearest.as_ref().map(|nearest| &nearest.sq_dists[rows]);
            add_potential(&mut potential, &points, sq_dists.unwrap_or(&[]));
            let first = first_row + chunk.first as u64;
            for (key, row) in keys(&points, first, sq_dists, seed, taken.limit()) {
                let values = || points.rows().row((row - first) as usize).to_vec();
                taken.offer(key, row, values);
            }
            Ok(())
        })?;
        if let Some(nearest) = nearest {
            nearest.measured(candidates.len() / d);
        }
        let drawn = |(key, row, values)| Drawn { key, row, values };
        Ok(Content::Sample {
            count,
            rows: taken.into_items().into_iter().map(drawn).collect(),
            potential,
        })
    }

    fn weigh(
        &self,
        reader: &mut Reader<'_, F>,
        memory: &mut PartMemory<F>,
        restart: usize,
        candidates: &[F],
    ) -> Result<Content<F>, Failure> {
        let (first_row, n_candidates) = (reader.first_row, candidates.len() / self.n_features);
        let nearest = memory.nearest(reader.n_rows.unwrap_or(0), restart, n_candidates)?;
        let added = nearest.added(candidates, self.n_features);
        let (mut sums, mut potential) = (LongSums::new(n_candidates), LongSums::new(1));
        reader.pass(|chunk| {
            let points = self.check(&chunk, first_row)?;
            if let Some(added) = &added {
                nearest.measure(&points, chunk.first, added);
            }
            let rows = chunk.first..chunk.first + points.len();
            add_potential(&mut potential, &points, &nearest.sq_dists[rows.clone()]);
            sums.merge(&weights(&points, &nearest.labels[rows], n_candidates));
            Ok(())
        })?;
        nearest.measured(n_candidates);
        Ok(Content::Weigh {
            weights: sums,
            potential,
        })
    }

    fn farthest(
        &self,
        reader: &mut Reader<'_, F>,
        memory: &PartMemory<F>,
        centroids: &Packed<F>,
        previous: Option<&Packed<F>>,
        count: usize,
    ) -> Result<Content<F>, Failure> {
        let first_row = reader.first_row;
        let mut farthest = Farthest::new(count, centroids.len());
        let known = match previous {
            Some(previous) => memory.changed(centroids, previous),
            None => Some(0),
        };
        let mut changed = known.unwrap_or(0);
        let (mut labels, mut before) = (Vec::new(), Vec::new());
        reader.pass(|chunk| {
            let points = self.check(&chunk, first_row)?;
            memory.labels_of(&points, chunk.first, centroids, &mut labels);
            let first = first_row + chunk.first as u64;
            farthest.add(&points, first, &labels, &centroids.rows());
            if let (Some(previous), None) = (previous, known) {
                before.clone_from(&labels);
                changed += engine::label(&points, previous, &mut before).reassigned as u64;
            }
            Ok(())
        })?;
        farthest.decide();
        Ok(Content::Farthest { farthest, changed })
    }

    fn label(
        &self,
        reader: &mut Reader<'_, F>,
        memory: &mut PartMemory<F>,
        n_rows: usize,
        centroids: &Packed<F>,
    ) -> Result<(), Failure> {
        if memory.has_labels_of(centroids) {
            return Ok(());
        }
        let first_row = reader.first_row;
        memory.forget(n_rows)?;
        reader.pass(|chunk| {
            let points = self.check(&chunk, first_row)?;
            memory.label(&points, chunk.first, centroids);
            Ok(())
        })?;
        Ok(())
    }

    /// The rows of a chunk.
    ///
    /// # Errors
    /// A value is not finite or too large, or larger than any in the first pass.
    fn check<'b>(&self, chunk: &Chunk<'b, F>, first_row: u64) -> Result<Points<'b, F>, Error> {
        let first = first_row.saturating_add(chunk.first as u64);
        let points = Points::check_block("source", chunk.data, self.n_features, chunk.weights);
        let points = points.map_err(|error| counted_from(first, error))?;
        match self.survey {
            Some(survey) if points.magnitude() > survey.magnitude => {
                Err(Error::SourceChanged { row: global(first) })
            }
            _ => Ok(points),
        }
    }
}

/// The number of a row among all, as errors name it.
fn global(row: u64) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}

/// The error of rows that begin with the row `first`.
fn counted_from(first: u64, mut error: Error) -> Error {
    if let Error::NotFinite { row, .. } | Error::TooLarge { row, .. } = &mut error {
        *row = row.saturating_add(global(first));
    }
    error
}
