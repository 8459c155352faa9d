//! The only door for data of the caller.

use std::borrow::Cow;

use ndarray::{ArrayRef1, ArrayRef2, ArrayViewMut2, s};

use crate::error::{Error, Result};
use crate::float::Float;
use crate::kernels::{Kernels, Labelled, Rows, detect};
use crate::parallel;

/// Rows that were checked, in row-major order, with the kernels to run over them.
///
/// Row-major data is borrowed. Other orders and strides are brought into row-major order once, so
/// that every later pass runs at full speed.
#[derive(Clone, Debug)]
pub(crate) struct Points<'a, F: Float> {
    data: Cow<'a, [F]>,
    n_features: usize,
    weights: Option<Cow<'a, [F]>>,
    pub(crate) kernels: &'static Kernels<F>,
}

impl<'a, F: Float> Points<'a, F> {
    /// Rows to fit: at least one.
    ///
    /// # Errors
    /// [`Error::EmptyData`], [`Error::NotFinite`], [`Error::TooLarge`].
    pub(crate) fn check(x: &'a ArrayRef2<F>) -> Result<Self> {
        if x.is_empty() {
            return Err(Error::EmptyData);
        }
        let data = row_major(x);
        check_values(&data, x.ncols())?;
        Ok(Self {
            data,
            n_features: x.ncols(),
            weights: None,
            kernels: detect(),
        })
    }

    /// Rows to put to a model of `n_features` features: there may be none.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`], [`Error::NotFinite`], [`Error::TooLarge`].
    pub(crate) fn check_for(x: &'a ArrayRef2<F>, n_features: usize) -> Result<Self> {
        if x.ncols() != n_features {
            return Err(Error::DimensionMismatch {
                expected: n_features,
                found: x.ncols(),
            });
        }
        let data = row_major(x);
        check_values(&data, n_features)?;
        Ok(Self {
            data,
            n_features,
            weights: None,
            kernels: detect(),
        })
    }

    /// Gives each row a weight.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidWeight`].
    pub(crate) fn with_weights(mut self, weights: &'a ArrayRef1<F>) -> Result<Self> {
        if weights.len() != self.len() {
            return Err(Error::LengthMismatch {
                expected: self.len(),
                found: weights.len(),
            });
        }
        let valid = |w: &F| (F::ZERO..=F::MAX_MAGNITUDE).contains(w);
        if let Some(index) = weights.iter().position(|w| !valid(w)) {
            return Err(Error::InvalidWeight { index });
        }
        if weights.iter().all(|&w| w == F::ZERO) {
            return Err(Error::InvalidWeight { index: 0 });
        }
        self.weights = Some(match weights.as_slice() {
            Some(weights) => Cow::Borrowed(weights),
            None => Cow::Owned(weights.iter().copied().collect()),
        });
        Ok(self)
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

    /// The rows that count: those of positive weight.
    pub(crate) fn n_weighted(&self) -> usize {
        let positive = |weights: &[F]| weights.iter().filter(|&&w| w > F::ZERO).count();
        self.weights().map_or(self.len(), positive)
    }

    /// A range of rows with their weights and labels.
    pub(crate) fn labelled<'b>(
        &'b self,
        range: std::ops::Range<usize>,
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
        let d = self.n_features;
        let origin: Vec<f64> = self.rows().row(0).iter().map(|x| x.to_f64()).collect();
        let work = self.data.len();
        let parts = parallel::map_parts(self.len(), work, |range| {
            let (mut weight, mut sums, mut squares) = (0.0, vec![0.0; d], vec![0.0; d]);
            for row in range {
                let w = self.weight(row);
                weight += w;
                let sums = sums.iter_mut().zip(&mut squares);
                for ((x, m), (sum, square)) in self.rows().row(row).iter().zip(&origin).zip(sums) {
                    let x = x.to_f64() - m;
                    *sum += w * x;
                    *square += w * x * x;
                }
            }
            (weight, sums, squares)
        });
        let total: f64 = parts.iter().map(|part| part.0).sum();
        let variance = |j: usize| {
            let mean = parts.iter().map(|part| part.1[j]).sum::<f64>() / total;
            parts.iter().map(|part| part.2[j]).sum::<f64>() / total - mean * mean
        };
        (0..d).map(|j| variance(j).max(0.0)).sum::<f64>() / d as f64
    }
}

/// The values in row-major order, borrowed if that is how they lie.
fn row_major<F: Float>(x: &ArrayRef2<F>) -> Cow<'_, [F]> {
    if let Some(data) = x.as_slice() {
        return Cow::Borrowed(data);
    }
    let n_features = x.ncols();
    let mut data = vec![F::ZERO; x.len()];
    if n_features > 0 {
        parallel::fill_blocks(
            &mut data,
            n_features,
            parallel::BLOCK,
            x.len(),
            |range, part| {
                let mut part = ArrayViewMut2::from_shape((range.len(), n_features), part)
                    .expect("a block has a whole number of rows");
                part.assign(&x.slice(s![range, ..]));
                0
            },
        );
    }
    Cow::Owned(data)
}

/// # Errors
/// [`Error::NotFinite`], [`Error::TooLarge`], for the first such value.
fn check_values<F: Float>(data: &[F], n_features: usize) -> Result<()> {
    const BLOCK: usize = 1 << 14;
    let valid = |x: F| x.abs() <= F::MAX_MAGNITUDE;
    let first_bad = |range: std::ops::Range<usize>| {
        // Without an early end the comparison is a vector operation.
        let block = &data[range.clone()];
        if block.iter().fold(true, |all, &x| all & valid(x)) {
            return None;
        }
        block
            .iter()
            .position(|&x| !valid(x))
            .map(|offset| range.start + offset)
    };
    match parallel::map_blocks(data.len(), BLOCK, data.len(), first_bad)
        .into_iter()
        .flatten()
        .next()
    {
        None => Ok(()),
        Some(index) => {
            let (row, column) = (index / n_features, index % n_features);
            Err(if data[index].is_finite() {
                Error::TooLarge { row, column }
            } else {
                Error::NotFinite { row, column }
            })
        }
    }
}
