//! The parameters that the estimators share.

use crate::error::{Error, Result};
use crate::init::at_least_one;

/// # Errors
/// [`Error::InvalidParameter`].
pub(super) fn n_clusters(n_clusters: usize) -> Result<()> {
    at_least_one("n_clusters", n_clusters)?;
    if u32::try_from(n_clusters).is_ok() {
        return Ok(());
    }
    Err(Error::InvalidParameter {
        name: "n_clusters",
        requirement: "at most 4294967295",
    })
}

/// # Errors
/// [`Error::InvalidParameter`].
pub(super) fn tol(tol: f64) -> Result<()> {
    if tol >= 0.0 {
        return Ok(());
    }
    Err(Error::InvalidParameter {
        name: "tol",
        requirement: "0 or greater",
    })
}

/// The sum of squared shifts of the centroids that counts as standing still.
///
/// IN: `mean_variance` of the features.
pub(super) fn sq_shift(tol: f64, mean_variance: impl FnOnce() -> f64) -> f64 {
    match tol {
        0.0 => 0.0,
        _ => tol * mean_variance(),
    }
}
