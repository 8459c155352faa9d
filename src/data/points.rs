//! The only door for data of the caller.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{ArrayRef1, ArrayRef2, ArrayViewMut2, s};

use super::moments::Moments;
use crate::checks;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::Float;
use crate::kernels::{Kernels, Labelled, Rows, detect};
use crate::numeric::few_features;
use crate::parallel::{BLOCK, Blocks, PerItem};

/// A row of a greater weight does not count as that many equal rows.
pub(crate) const MOST_COPIES: f64 = (1 << 24) as f64;

/// How many copies of a row there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Copies {
    /// All together.
    pub(crate) total: f64,
    /// Of one row, at most.
    pub(crate) most: f64,
}

impl Copies {
    /// Those that weights stand for. `None` if a weight is no whole number, or above [`MOST_COPIES`].
    pub(crate) fn of<F: Float>(weights: &[F]) -> Option<Self> {
        let is_whole = |w: f64| w <= MOST_COPIES && w.fract() == 0.0;
        let none = Self {
            total: 0.0,
            most: 0.0,
        };
        weights.iter().try_fold(none, |copies, w| {
            let w = w.to_f64();
            is_whole(w).then_some(Self {
                total: copies.total + w,
                most: copies.most.max(w),
            })
        })
    }
}

/// The number of a row, as it is stored.
pub(crate) trait RowNumber: Copy + Sync {
    fn index(self) -> usize;
}

impl RowNumber for u32 {
    fn index(self) -> usize {
        self as usize
    }
}

impl RowNumber for usize {
    fn index(self) -> usize {
        self
    }
}

/// Rows that were checked, in row-major order, with the kernels to run over them.
///
/// Row-major data is borrowed. Other orders and strides are brought into row-major order once, so
/// that every later pass runs at full speed.
#[derive(Clone, Debug)]
pub(crate) struct Points<'a, F: Float> {
    data: Cow<'a, [F]>,
    n_features: usize,
    weights: Option<Cow<'a, [F]>>,
    /// The largest magnitude among the values.
    magnitude: F,
    pub(crate) kernels: &'static Kernels<F>,
}

impl<'a, F: Float> Points<'a, F> {
    /// Rows to fit: at least one.
    ///
    /// # Errors
    /// [`Error::EmptyData`], [`Error::NotFinite`], [`Error::TooLarge`], [`Error::ResultTooLarge`].
    pub(crate) fn check(argument: &'static str, x: &'a ArrayRef2<F>) -> Result<Self> {
        checks::not_empty(argument, x.len())?;
        Self::check_for(argument, x, x.ncols())
    }

    /// Rows to put to a model of `n_features` features: there may be none.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`], [`Error::NotFinite`], [`Error::TooLarge`], [`Error::ResultTooLarge`].
    pub(crate) fn check_for(
        argument: &'static str,
        x: &'a ArrayRef2<F>,
        n_features: usize,
    ) -> Result<Self> {
        checks::same_columns(argument, n_features, x.ncols())?;
        let data = row_major(x)?;
        Ok(Self {
            magnitude: checks::values(argument, &data, n_features)?,
            data,
            n_features,
            weights: None,
            kernels: detect(),
        })
    }

    /// Gives each row a weight.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidWeight`], [`Error::ZeroWeights`].
    pub(crate) fn with_weights(self, weights: &'a ArrayRef1<F>) -> Result<Self> {
        let weighted = self.with_weights_of_part(weights)?;
        checks::not_all_zero(weights)?;
        Ok(weighted)
    }

    /// Gives each row a weight, the rows being a part of those that matter: all weights may be zero.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidWeight`].
    pub(crate) fn with_weights_of_part(mut self, weights: &'a ArrayRef1<F>) -> Result<Self> {
        checks::same_len("weights", self.len(), weights.len())?;
        checks::weights_of_part(weights)?;
        self.weights = Some(checks::contiguous(weights));
        Ok(self)
    }

    /// Rows of a block in row-major order, whose values are checked, and their weights if they have
    /// any.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::TooLarge`], the rows being counted from 0.
    pub(crate) fn check_block(
        argument: &'static str,
        data: &'a [F],
        n_features: usize,
        weights: Option<&'a [F]>,
    ) -> Result<Self> {
        Ok(Self {
            magnitude: checks::values(argument, data, n_features)?,
            data: Cow::Borrowed(data),
            n_features,
            weights: weights.map(Cow::Borrowed),
            kernels: detect(),
        })
    }

    /// Rows of a block in row-major order, and their weights if they have any. The caller checks the values.
    ///
    /// IN: `magnitude`, of all values.
    pub(crate) fn unchecked(
        data: &'a [F],
        n_features: usize,
        weights: Option<&'a [F]>,
        magnitude: F,
    ) -> Self {
        Self {
            data: Cow::Borrowed(data),
            n_features,
            weights: weights.map(Cow::Borrowed),
            magnitude,
            kernels: detect(),
        }
    }

    /// The same rows and weights, borrowed.
    pub(crate) fn view(&self) -> Points<'_, F> {
        Points {
            data: Cow::Borrowed(&self.data),
            weights: self.weights().map(Cow::Borrowed),
            ..*self
        }
    }

    /// A range of the rows, with their weights.
    pub(crate) fn part(&self, rows: Range<usize>) -> Points<'_, F> {
        let d = self.n_features;
        Points {
            data: Cow::Borrowed(&self.data[rows.start * d..rows.end * d]),
            weights: self.weights().map(|weights| Cow::Borrowed(&weights[rows])),
            ..*self
        }
    }

    /// The same rows, each of weight 1.
    pub(crate) fn unweighted(&self) -> Points<'_, F> {
        Points {
            weights: None,
            ..self.view()
        }
    }

    /// Some of the rows, with their weights, in this order.
    pub(crate) fn gather<R: RowNumber>(&self, rows: &[R]) -> Points<'static, F> {
        let weights = self.weights().map(|weights| {
            let weights = rows.iter().map(|row| weights[row.index()]);
            Cow::Owned(weights.collect())
        });
        Points {
            data: Cow::Owned(self.values_of(rows)),
            n_features: self.n_features,
            weights,
            magnitude: self.magnitude,
            kernels: self.kernels,
        }
    }

    /// The values of some of the rows, in this order.
    pub(crate) fn values_of<R: RowNumber>(&self, rows: &[R]) -> Vec<F> {
        let d = self.n_features;
        let mut data = vec![F::ZERO; rows.len() * d];
        let work = data.len() + 8 * rows.len();
        let blocks = Blocks::new(rows.len(), 4 * BLOCK, work);
        blocks.fill(PerItem(&mut data, d), |range, out| {
            let rows = &rows[range];
            few_features!(
                d,
                D => gather_arrays::<F, R, D>(&self.data, rows, out),
                else for (out, &row) in out.chunks_exact_mut(d).zip(rows) {
                    out.copy_from_slice(self.rows().row(row.index()));
                }
            );
        });
        data
    }

    /// Gives each row the weight of all rows that it stands for, a whole number.
    pub(crate) fn with_counts(mut self, counts: Vec<F>) -> Self {
        self.weights = Some(Cow::Owned(counts));
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len() / self.n_features
    }

    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(crate) fn rows(&self) -> Rows<'_, F> {
        Rows::new(&self.data, self.n_features)
    }

    pub(crate) fn weights(&self) -> Option<&[F]> {
        self.weights.as_deref()
    }

    /// The weight of a row, 1 if none were given.
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights().map_or(1.0, |weights| weights[row].to_f64())
    }

    /// How many copies of a row the weights stand for. `None` if a weight is no whole number, or above
    /// [`MOST_COPIES`].
    pub(crate) fn copies(&self) -> Option<Copies> {
        match self.weights() {
            Some(weights) => Copies::of(weights),
            None => Some(Copies {
                total: self.len() as f64,
                most: 1.0,
            }),
        }
    }

    /// The largest magnitude among the values.
    pub(crate) fn magnitude(&self) -> F {
        self.magnitude
    }

    /// The rows that count: those of positive weight.
    pub(crate) fn n_weighted(&self) -> usize {
        let positive = |weights: &[F]| weights.iter().filter(|&&w| w > F::ZERO).count();
        self.weights().map_or(self.len(), positive)
    }

    /// A range of rows with their weights and labels.
    pub(crate) fn labelled<'b>(
        &'b self,
        range: Range<usize>,
        labels: &'b [u32],
    ) -> Labelled<'b, F> {
        Labelled {
            points: self.rows().slice(range.clone()),
            labels,
            weights: self.weights().map(|weights| &weights[range]),
        }
    }

    /// The variance of the features, averaged over them. Weights act as repeated rows.
    pub(crate) fn mean_variance(&self) -> f64 {
        let mut moments = Moments::new(self.n_features);
        moments.add(self);
        moments.mean_variance()
    }
}

/// OUT: `out`, the rows of these numbers, of `D` features.
///
/// PERF: a copy of known length is no call, and several rows are fetched at a time.
fn gather_arrays<F: Float, R: RowNumber, const D: usize>(data: &[F], rows: &[R], out: &mut [F]) {
    let (data, _) = data.as_chunks::<D>();
    let (out, _) = out.as_chunks_mut::<D>();
    out.iter_mut()
        .zip(rows)
        .for_each(|(out, row)| *out = data[row.index()]);
}

/// The values in row-major order, borrowed if that is how they lie.
///
/// # Errors
/// [`Error::ResultTooLarge`]: they would have to be copied, and there is no room.
fn row_major<F: Float>(x: &ArrayRef2<F>) -> Result<Cow<'_, [F]>> {
    if let Some(data) = x.as_slice() {
        return Ok(Cow::Borrowed(data));
    }
    let (rows, columns) = x.dim();
    let mut data = checks::filled(rows, columns, F::ZERO)?;
    if columns > 0 {
        let blocks = Blocks::new(rows, BLOCK, x.len());
        blocks.fill(PerItem(&mut data, columns), |range, part| {
            let part = ArrayViewMut2::from_shape((range.len(), columns), part);
            let mut part = part.expect("a block has a whole number of rows");
            part.assign(&x.slice(s![range, ..]));
        });
    }
    Ok(Cow::Owned(data))
}
