//! What the examples on handwritten digits share: the images, the split into training and test data, and
//! a classifier from another library.

use std::fmt;

use centroid::selection::Folds;
use indicatif::{ProgressBar, ProgressStyle};
use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use linfa_logistic::{MultiFittedLogisticRegression, MultiLogisticRegression};
use ndarray::{Array1, Array2, Axis, s};

use super::gallery::{Result, data_set};

/// Images and the digits that they show. Each image is a row of `8 x 8` pixels between 0 and 16.
pub(crate) struct Digits {
    pub(crate) x: Array2<f64>,
    pub(crate) y: Vec<usize>,
}

impl Digits {
    /// Reads the 1,797 images that come with the crate, or the first `most` of them.
    pub(crate) fn read(most: usize) -> Result<Self> {
        let (x, y) = data_set("digits")?;
        let most = most.min(y.len());
        Ok(Self {
            x: x.slice_move(s![..most, ..]),
            y: y.iter().take(most).copied().collect(),
        })
    }

    /// Three quarters for training, and a quarter for testing.
    pub(crate) fn split(&self, seed: u64) -> Result<(Self, Self)> {
        let mut splits = Folds::plain(self.y.len(), 4)?.splits(seed)?;
        let split = splits.swap_remove(0);
        Ok((self.select(&split.train), self.select(&split.test)))
    }

    /// A random sample of the images.
    #[allow(dead_code, reason = "not all examples sample images")]
    pub(crate) fn at_random(&self, count: usize, seed: u64) -> Result<Self> {
        // With as many folds as rows, the folds are a random permutation.
        let order = Folds::plain(self.y.len(), self.y.len())?.assign(seed)?;
        let mut rows: Vec<usize> = (0..order.len()).collect();
        rows.sort_by_key(|&row| order[row]);
        rows.truncate(count);
        Ok(self.select(&rows))
    }

    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        Self {
            x: self.x.select(Axis(0), rows),
            y: rows.iter().map(|&row| self.y[row]).collect(),
        }
    }
}

/// Multinomial logistic regression from linfa.
pub(crate) struct Classifier {
    model: MultiFittedLogisticRegression<f64, usize>,
    scaling: Scaling,
}

/// How features are scaled.
struct Scaling {
    means: Array1<f64>,
    factor: f64,
    /// The value of the constant feature, which replaces an intercept.
    constant: f64,
}

/// The weight of the squared coefficients, for features of variance 1 on average.
const ALPHA: f64 = 1.0;

impl Classifier {
    /// Features are centred and all divided by the same number. This keeps their relative weights, and keeps
    /// the first step of the solver, which is as long as the gradient, from being too large. A constant
    /// feature replaces the intercept, which would have another scale.
    pub(crate) fn fit(x: &Array2<f64>, y: &[usize]) -> Result<Self> {
        let means = x.mean_axis(Axis(0)).ok_or("there are no rows")?;
        let variance = x.var_axis(Axis(0), 0.0).mean().unwrap_or(0.0);
        let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let shrink = 1.0 / (x.len() as f64).sqrt();
        let scaling = Scaling {
            means,
            factor: shrink / deviation,
            constant: shrink,
        };
        let digits = ndarray16::Array1::from(y.to_vec());
        let data = Dataset::new(scaling.apply(x)?, digits);
        let regression = MultiLogisticRegression::default()
            .alpha(ALPHA * shrink * shrink)
            .with_intercept(false)
            .max_iterations(200)
            .gradient_tolerance(1e-3);
        Ok(Self {
            model: regression.fit(&data)?,
            scaling,
        })
    }

    /// The share of rows whose digit is predicted correctly.
    pub(crate) fn accuracy(&self, x: &Array2<f64>, y: &[usize]) -> Result<f64> {
        let found = self.model.predict(&self.scaling.apply(x)?);
        let right = found.iter().zip(y).filter(|(found, y)| found == y).count();
        Ok(right as f64 / y.len() as f64)
    }
}

impl Scaling {
    /// The scaled features, as an array of the ndarray version that linfa uses.
    fn apply(&self, x: &Array2<f64>) -> Result<ndarray16::Array2<f64>> {
        let (rows, columns) = x.dim();
        let mut values = Vec::with_capacity(rows * (columns + 1));
        for row in x.rows() {
            let centred = row.iter().zip(&self.means).map(|(x, mean)| x - mean);
            values.extend(centred.map(|x| x * self.factor));
            values.push(self.constant);
        }
        let shape = (rows, columns + 1);
        Ok(ndarray16::Array2::from_shape_vec(shape, values)?)
    }
}

/// The results of all seeds, displayed as percentages: the mean, the minimum and the maximum.
#[derive(Clone, Default)]
pub(crate) struct Figures(pub(crate) Vec<f64>);

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0.iter().map(|share| 100.0 * share);
        let mean = percent.clone().sum::<f64>() / self.0.len() as f64;
        let least = percent.clone().fold(f64::INFINITY, f64::min);
        let largest = percent.fold(f64::NEG_INFINITY, f64::max);
        write!(f, "{mean:>5.1} %   {least:>5.1} to {largest:>5.1}")
    }
}

/// A progress bar.
pub(crate) fn progress(steps: usize, what: &str) -> Result<ProgressBar> {
    let bar = ProgressBar::new(steps as u64);
    let template = format!("{{bar:40}} {{pos}} of {{len}} {what}, {{elapsed}}");
    bar.set_style(ProgressStyle::with_template(&template)?);
    Ok(bar)
}
