//! How many clusters: fits for several numbers of them, side by side with their scores.
//!
//! [`sweep`] shows what each number of clusters gives; [`Sweep::elbow`] and [`Sweep::best_silhouette`]
//! each name one. [`gap_statistic`] compares the data with data that has no clusters, and may answer
//! that there are none. They need not agree: the elbow shows where more clusters stop paying, the
//! silhouette which clusters are best separated.
//!
//! If the clusters serve another purpose, such as a classifier, let that decide: [`grid_search`] scores any
//! values, including numbers of clusters, by cross-validation on [`Folds`].

mod folds;
mod gap;
mod grid;
mod knee;
#[cfg(feature = "serde")]
mod saving;
mod sweep;
mod table;

pub use folds::{Folds, Split};
pub use gap::{GapEntry, GapStatistic, gap_statistic};
pub use grid::{FoldScore, GridEntry, GridOptions, GridSearch, grid_search, grid_search_with};
pub use sweep::{Silhouettes, Sweep, SweepEntry, SweepOptions, sweep};

use crate::checks;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

/// About how many passes over the data a fit takes.
const PASSES: usize = 100;

/// The numbers of clusters, ascending, each once.
///
/// # Errors
/// [`Error::InvalidParameter`], [`Error::TooFewRows`].
fn check_numbers(n_clusters: impl IntoIterator<Item = usize>, rows: usize) -> Result<Vec<usize>> {
    let mut numbers = Vec::new();
    for number in n_clusters {
        checks::enough_rows(rows, number)?;
        numbers.push(number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let is_valid = numbers.first().is_some_and(|&first| first > 0);
    let requirement = "one or more numbers, each at least 1";
    checks::parameter(is_valid, "n_clusters", requirement)?;
    Ok(numbers)
}
