//! The only door for data of the caller.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{ArrayRef1, ArrayRef2, ArrayViewMut2, s};

use crate::checks;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::Float;
use crate::kernels::{Kernels, Labelled, Rows, detect};
use crate::numeric::few_features;
use crate::parallel::{BLOCK, Blocks, PARTS, PerItem};

/// A row of a greater weight does not count as that many equal rows.
pub(crate) const MOST_COPIES: f64 = (1 << 24) as f64;

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
        self.weights = Some(match weights.as_slice() {
            Some(weights) => Cow::Borrowed(weights),
            None => Cow::Owned(weights.iter().copied().collect()),
        });
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

    /// The same rows and weights, borrowed.
    pub(crate) fn view(&self) -> Points<'_, F> {
        Points {
            data: Cow::Borrowed(&self.data),
            weights: self.weights().map(Cow::Borrowed),
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

    /// How many rows there are, a row of weight 2 being two. `None` if that is no whole number, or if
    /// a weight is not.
    pub(crate) fn count(&self) -> Option<f64> {
        let Some(weights) = self.weights() else {
            return Some(self.len() as f64);
        };
        let whole =
            |w: F| (w.to_f64() <= MOST_COPIES && w.to_f64().fract() == 0.0).then(|| w.to_f64());
        weights.iter().map(|&w| whole(w)).sum()
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
        let counts = |row: &usize| self.weight(*row) > 0.0;
        let first = (0..self.len()).find(counts).unwrap_or(0);
        let origin: Vec<f64> = self.rows().row(first).iter().map(|x| x.to_f64()).collect();
        let (total, sums) = self.sum_of_rows(&origin, |x| x);
        let mean: Vec<f64> = origin
            .iter()
            .zip(sums)
            .map(|(m, sum)| m + sum / total)
            .collect();
        let (_, squares) = self.sum_of_rows(&mean, |x| x * x);
        squares.iter().sum::<f64>() / total / self.n_features as f64
    }

    /// The sum of weights, and for each feature that of weight times `f(x - origin)`.
    fn sum_of_rows(&self, origin: &[f64], f: impl Fn(f64) -> f64 + Sync) -> (f64, Vec<f64>) {
        let parts = Blocks::parts(self.len(), PARTS, self.data.len()).map(|range| {
            let (mut total, mut sums) = (0.0, vec![0.0; self.n_features]);
            for row in range {
                let weight = self.weight(row);
                if weight > 0.0 {
                    total += weight;
                    let values = self.rows().row(row).iter().zip(origin);
                    for (sum, (x, m)) in sums.iter_mut().zip(values) {
                        *sum += weight * f(x.to_f64() - m);
                    }
                }
            }
            (total, sums)
        });
        let added = |mut a: (f64, Vec<f64>), b: (f64, Vec<f64>)| {
            a.0 += b.0;
            a.1.iter_mut().zip(b.1).for_each(|(sum, part)| *sum += part);
            a
        };
        parts
            .into_iter()
            .reduce(added)
            .expect("there is at least one row")
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
