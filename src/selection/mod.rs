//! How many clusters: fits for several numbers of them, side by side with their scores.
//!
//! [`sweep`] shows what each number of clusters gives; [`Sweep::elbow`] and [`Sweep::best_silhouette`]
//! each name one. [`gap_statistic`] compares the data with data that has no clusters, and may answer
//! that there are none. They need not agree: the elbow tells where more clusters stop paying, the
//! silhouette which clusters are best apart.
//!
//! Where clusters serve something else, a classifier for one, that has the last word: [`grid_search`]
//! scores any values, numbers of clusters too, by cross-validation on [`Folds`].

mod folds;
mod gap;
mod grid;
mod knee;
#[cfg(feature = "serde")]
mod saving;
mod sweeps;
mod table;

pub use folds::{Folds, Split};
pub use gap::{GapEntry, GapStatistic, gap_statistic};
pub use grid::{FoldScore, GridEntry, GridOptions, GridSearch, grid_search, grid_search_with};
pub use sweeps::{Silhouettes, Sweep, SweepEntry, SweepOptions, sweep};

use crate::error::{Error, Result};

/// Passes over the data that a fit takes, about.
const PASSES: usize = 100;

/// The numbers of clusters, ascending, each once.
///
/// # Errors
/// [`Error::InvalidParameter`], [`Error::TooFewPoints`].
fn check_numbers(n_clusters: impl IntoIterator<Item = usize>, points: usize) -> Result<Vec<usize>> {
    let too_many = |clusters| Error::TooFewPoints { points, clusters };
    let mut numbers = Vec::new();
    for number in n_clusters {
        if number > points {
            return Err(too_many(number));
        }
        numbers.push(number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.first().is_some_and(|&first| first > 0) {
        Ok(numbers)
    } else {
        Err(Error::InvalidParameter {
            name: "n_clusters",
            requirement: "one or more numbers, each at least 1",
        })
    }
}
