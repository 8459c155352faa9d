//! Rows in folds, for cross-validation.

use std::hash::Hash;

use crate::checks;
use crate::data::DenseLabels;
use crate::error::{Error, Result};
use crate::random::{Stream, shuffle};

/// Rows divided into `n_folds` folds. Each fold is tested once, with the rows of the others for training.
///
/// The seed decides which rows go into which fold: the rows are shuffled and dealt out, so that the sizes
/// of folds differ by at most one.
///
/// # Example
/// ```
/// use centroid::selection::Folds;
///
/// let folds = Folds::stratified(["a", "b", "a", "b", "b", "b"], 2)?;
/// assert_eq!((folds.n_rows(), folds.n_folds()), (6, 2));
/// let fold_of_row = folds.assign(42)?;
/// for (fold, split) in folds.splits(42)?.iter().enumerate() {
///     assert_eq!((split.train.len(), split.test.len()), (3, 3));
///     assert_eq!(split.test.iter().filter(|&&row| row == 0 || row == 2).count(), 1);
///     assert!(split.test.iter().all(|&row| fold_of_row[row] == fold));
/// }
/// assert_eq!(Folds::plain(10, 5)?.splits(42)?[0].test.len(), 2);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Choosing parameters
/// 3 to 10 folds are usual. More folds leave more rows for training, and take proportionally longer. As
/// many folds as rows leave out one row each.
///
/// # Determinism
/// A seed gives the same folds everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    n_rows: usize,
    n_folds: usize,
    /// For each row its class, numbered as they first appear. Empty for plain folds.
    classes: Vec<usize>,
}

/// The rows to train and to test with, in ascending order. See [`Folds`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// The rows of all other folds.
    pub train: Vec<usize>,
    /// The rows of one fold.
    pub test: Vec<usize>,
}

impl Folds {
    /// Folds that ignore classes. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::InvalidFoldCount`]: there are fewer than 2 folds, or more folds than rows.
    pub fn plain(n_rows: usize, n_folds: usize) -> Result<Self> {
        Self::new(n_rows, n_folds, Vec::new())
    }

    /// Folds that share each class evenly: the numbers of rows of a class in the folds differ by at most
    /// one. A class with fewer rows than folds is missing in some.
    ///
    /// `labels` has the class of each row, such as `&vec` or `&array`. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::InvalidFoldCount`]: there are fewer than 2 folds, or more folds than rows.
    pub fn stratified<L: Eq + Hash>(
        labels: impl IntoIterator<Item = L>,
        n_folds: usize,
    ) -> Result<Self> {
        let classes = DenseLabels::by_appearance(labels).ids;
        Self::new(classes.len(), n_folds, classes)
    }

    fn new(n_rows: usize, n_folds: usize, classes: Vec<usize>) -> Result<Self> {
        if n_folds < 2 || n_folds > n_rows {
            let rows = n_rows;
            return Err(Error::InvalidFoldCount { n_folds, rows });
        }
        Ok(Self {
            n_rows,
            n_folds,
            classes,
        })
    }

    /// The number of rows. See the [example](Self#example).
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The number of folds. See the [example](Self#example).
    pub fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// For each row, the fold in which it is tested. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::ResultTooLarge`]: there is not enough memory for one number per row.
    pub fn assign(&self, seed: u64) -> Result<Vec<usize>> {
        let mut rows = checks::room(self.n_rows, 1)?;
        let mut folds = checks::filled(self.n_rows, 1, 0)?;
        rows.extend(0..self.n_rows);
        shuffle(&mut rows, &mut Stream::new(seed, 0));
        // Dealing continues from one class to the next, so that small classes do not all begin with the
        // same fold. Sorting keeps the order within a class, so its rows stay shuffled.
        if !self.classes.is_empty() {
            rows.sort_by_key(|&row| self.classes[row]);
        }
        for (place, row) in rows.into_iter().enumerate() {
            folds[row] = place % self.n_folds;
        }
        Ok(folds)
    }

    /// For each fold, the rows to train with and to test with. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::ResultTooLarge`]: there is not enough memory for one number per row.
    pub fn splits(&self, seed: u64) -> Result<Vec<Split>> {
        checks::room::<usize>(self.n_rows, self.n_folds)?;
        let folds = self.assign(seed)?;
        Ok((0..self.n_folds)
            .map(|fold| Split::new(&folds, fold))
            .collect())
    }
}

impl Split {
    /// The split that tests one fold. IN: `folds`, the fold of each row.
    pub(super) fn new(folds: &[usize], fold: usize) -> Self {
        let (test, train) = (0..folds.len()).partition(|&row| folds[row] == fold);
        Self { train, test }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(folds: &[usize], n_folds: usize, of: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut sizes = vec![0; n_folds];
        for (row, &fold) in folds.iter().enumerate() {
            sizes[fold] += usize::from(of(row));
        }
        sizes
    }

    fn are_even(sizes: &[usize]) -> bool {
        sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1
    }

    #[test]
    fn every_row_is_tested_once_in_folds_of_even_size() {
        for (n_rows, n_folds) in [(2, 2), (7, 3), (10, 10), (100, 7)] {
            let folds = Folds::plain(n_rows, n_folds).unwrap();
            let assigned = folds.assign(3).unwrap();
            let sizes = sizes(&assigned, n_folds, |_| true);
            assert!(are_even(&sizes) && sizes[0] > 0, "{sizes:?}");
            let splits = folds.splits(3).unwrap();
            let mut tested: Vec<usize> = splits.iter().flat_map(|s| s.test.clone()).collect();
            tested.sort_unstable();
            assert!(tested.into_iter().eq(0..n_rows));
            for split in splits {
                let mut all = [split.train.clone(), split.test.clone()].concat();
                all.sort_unstable();
                assert!(all.into_iter().eq(0..n_rows));
                assert!(split.train.is_sorted() && split.test.is_sorted());
            }
        }
    }

    #[test]
    fn each_class_has_its_share_of_every_fold() {
        let label = |row: usize| match row % 20 {
            0 => "rare",
            1..6 => "some",
            _ => "many",
        };
        let folds = Folds::stratified((0..200).map(label), 4).unwrap();
        for seed in 0..5 {
            let assigned = folds.assign(seed).unwrap();
            assert!(are_even(&sizes(&assigned, 4, |_| true)));
            for class in ["rare", "some", "many"] {
                let sizes = sizes(&assigned, 4, |row| label(row) == class);
                assert!(are_even(&sizes), "{class}: {sizes:?}");
            }
        }
        // Plain folds of the same rows are not so even.
        let plain = Folds::plain(200, 4).unwrap().assign(0).unwrap();
        assert!(!are_even(&sizes(&plain, 4, |row| label(row) == "some")));
    }

    #[test]
    fn classes_with_fewer_rows_than_folds_leave_no_fold_empty() {
        let folds = Folds::stratified([7, 8, 9, 7, 8, 9], 5).unwrap();
        let sizes = sizes(&folds.assign(1).unwrap(), 5, |_| true);
        assert!(
            are_even(&sizes) && sizes.iter().all(|&size| size > 0),
            "{sizes:?}"
        );
    }

    #[test]
    fn folds_are_a_matter_of_the_seed_alone() {
        let folds = Folds::plain(12, 3).unwrap();
        assert_eq!(folds.assign(42).unwrap(), STABLE);
        assert_ne!(folds.assign(43).unwrap(), STABLE);
    }
    const STABLE: [usize; 12] = [1, 2, 0, 1, 2, 1, 0, 0, 2, 2, 1, 0];

    #[test]
    fn more_rows_than_memory_are_refused() {
        let rows = usize::MAX / 4;
        let error = Folds::plain(rows, 2).unwrap().assign(0).unwrap_err();
        assert_eq!(error, Error::ResultTooLarge { rows, columns: 1 });
    }
}
