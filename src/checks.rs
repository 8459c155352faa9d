//! Checks that name the argument at fault.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::ArrayRef1;

use crate::error::{Error, Result};
use crate::float::Float;
use crate::parallel::Blocks;

/// # Errors
/// [`Error::InvalidParameter`], if the parameter `name` does not fulfil its `requirement`.
pub(crate) fn parameter(
    is_valid: bool,
    name: &'static str,
    requirement: &'static str,
) -> Result<()> {
    match is_valid {
        true => Ok(()),
        false => Err(Error::InvalidParameter { name, requirement }),
    }
}

/// # Errors
/// [`Error::InvalidParameter`].
pub(crate) fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    parameter(value > 0, name, "at least 1")
}

/// # Errors
/// [`Error::InvalidParameter`].
pub(crate) fn finite_and_not_negative(name: &'static str, value: f64) -> Result<()> {
    let is_valid = value.is_finite() && value >= 0.0;
    parameter(is_valid, name, "finite and 0 or greater")
}

/// # Errors
/// [`Error::InvalidParameter`].
pub(crate) fn n_clusters(n_clusters: usize) -> Result<()> {
    at_least_one("n_clusters", n_clusters)?;
    // Labels are stored as u32.
    let fits = u32::try_from(n_clusters).is_ok();
    parameter(fits, "n_clusters", "at most 4294967295")
}

/// # Errors
/// [`Error::InvalidParameter`].
pub(crate) fn tol(tol: f64) -> Result<()> {
    parameter(tol >= 0.0, "tol", "0 or greater")
}

/// Whether `rows` rows of positive weight are enough.
///
/// # Errors
/// [`Error::TooFewRows`].
pub(crate) fn enough_rows(rows: usize, n_clusters: usize) -> Result<()> {
    match n_clusters <= rows {
        true => Ok(()),
        false => Err(Error::TooFewRows { rows, n_clusters }),
    }
}

/// # Errors
/// [`Error::LengthMismatch`].
pub(crate) fn same_len(argument: &'static str, expected: usize, found: usize) -> Result<()> {
    match expected == found {
        true => Ok(()),
        false => Err(Error::LengthMismatch {
            argument,
            expected,
            found,
        }),
    }
}

/// # Errors
/// [`Error::DimensionMismatch`].
pub(crate) fn same_columns(argument: &'static str, expected: usize, found: usize) -> Result<()> {
    match expected == found {
        true => Ok(()),
        false => Err(Error::DimensionMismatch {
            argument,
            expected,
            found,
        }),
    }
}

/// # Errors
/// [`Error::EmptyData`].
pub(crate) fn not_empty(argument: &'static str, len: usize) -> Result<()> {
    match len {
        0 => Err(Error::EmptyData { argument }),
        _ => Ok(()),
    }
}

/// Checks one value for each row, such as a score.
///
/// # Errors
/// [`Error::NotFinite`].
pub(crate) fn finite<F: Float>(argument: &'static str, values: &ArrayRef1<F>) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(row) => Err(Error::NotFinite {
            argument,
            row,
            column: 0,
        }),
    }
}

/// Checks the values of row-major rows. Returns the largest magnitude among them.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::TooLarge`], for the first such value.
pub(crate) fn values<F: Float>(argument: &'static str, data: &[F], n_features: usize) -> Result<F> {
    const BLOCK: usize = 1 << 14;
    let larger = |a: F, b: F| if b > a { b } else { a };
    let valid = |x: F| x.abs() <= F::MAX_MAGNITUDE;
    // Without an early end this is a few vector operations.
    let measure = |range: Range<usize>| {
        let add = |(all, largest), &x: &F| (all & valid(x), larger(largest, x.abs()));
        data[range].iter().fold((true, F::ZERO), add)
    };
    let both = |a: (bool, F), b: (bool, F)| (a.0 & b.0, larger(a.1, b.1));
    let blocks = Blocks::new(data.len(), BLOCK, data.len());
    let (all, largest) = blocks.reduce(measure, both).unwrap_or((true, F::ZERO));
    if all {
        return Ok(largest);
    }
    let index = data.iter().position(|&x| !valid(x)).unwrap_or(0);
    let (row, column) = (index / n_features, index % n_features);
    Err(match data[index].is_finite() {
        true => Error::TooLarge {
            argument,
            row,
            column,
        },
        false => Error::NotFinite {
            argument,
            row,
            column,
        },
    })
}

/// Whether all values are finite, and none is above this magnitude.
pub(crate) fn are_within<F: Float>(data: &[F], magnitude: F) -> bool {
    // Without an early end this is a few vector operations.
    data.iter()
        .fold(true, |all, x| all & (x.abs() <= magnitude))
}

/// Values one after another, borrowed if that is how they lie.
pub(crate) fn contiguous<F: Float>(values: &ArrayRef1<F>) -> Cow<'_, [F]> {
    match values.as_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(values.iter().copied().collect()),
    }
}

/// Sample weights of all rows.
///
/// # Errors
/// [`Error::InvalidWeight`], [`Error::ZeroWeights`].
pub(crate) fn weights<F: Float>(weights: &ArrayRef1<F>) -> Result<()> {
    weights_of_part(weights)?;
    not_all_zero(weights)
}

/// # Errors
/// [`Error::ZeroWeights`].
pub(crate) fn not_all_zero<F: Float>(weights: &ArrayRef1<F>) -> Result<()> {
    match !weights.is_empty() && weights.iter().all(|&weight| weight == F::ZERO) {
        true => Err(Error::ZeroWeights),
        false => Ok(()),
    }
}

/// Sample weights of some of the rows, which may all be zero.
///
/// # Errors
/// [`Error::InvalidWeight`].
pub(crate) fn weights_of_part<F: Float>(weights: &ArrayRef1<F>) -> Result<()> {
    let is_valid = |weight: &F| (F::ZERO..=F::MAX_MAGNITUDE).contains(weight);
    match weights.iter().position(|weight| !is_valid(weight)) {
        Some(index) => Err(Error::InvalidWeight { index }),
        None => Ok(()),
    }
}

/// Room for an array. Those who let a function make it that aborts without memory ask here first.
///
/// # Errors
/// [`Error::ResultTooLarge`].
pub(crate) fn room<T>(rows: usize, columns: usize) -> Result<Vec<T>> {
    let too_large = Error::ResultTooLarge { rows, columns };
    let len = rows.checked_mul(columns).ok_or(too_large)?;
    let mut room = Vec::new();
    room.try_reserve_exact(len).map_err(|_| too_large)?;
    // NOTE: the compiler may leave out an allocation that is not used.
    std::hint::black_box(room.as_ptr());
    Ok(room)
}

/// Row-major values of an array, all the same.
///
/// # Errors
/// [`Error::ResultTooLarge`].
pub(crate) fn filled<T: Clone>(rows: usize, columns: usize, value: T) -> Result<Vec<T>> {
    let mut values = room(rows, columns)?;
    values.resize(rows * columns, value);
    Ok(values)
}

/// What is read of saved values, or what is wrong with them.
#[cfg(feature = "serde")]
pub(crate) type Checked<T> = std::result::Result<T, &'static str>;

/// # Errors
/// `what`, if it does not hold.
#[cfg(feature = "serde")]
pub(crate) fn check(holds: bool, what: &'static str) -> Checked<()> {
    if holds { Ok(()) } else { Err(what) }
}
