//! Parts of the rows, and which rows an answer is about.

use std::ops::Range;

use crate::checks;
use crate::error::{Error, Result};
use crate::parallel::BLOCK;

/// A range of all rows. It begins at a multiple of [`ALIGN`](Self::ALIGN): where parts begin beyond that does
/// not matter to the result.
///
/// # Example
/// ```
/// use centroid::passes::Part;
///
/// let part = Part::new(512, 300)?;
/// assert_eq!((part.first_row(), part.n_rows()), (512, 300));
/// assert!(Part::new(100, 300).is_err());
/// # Ok::<(), centroid::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Part {
    first_row: u64,
    n_rows: u64,
}

impl Part {
    /// A part begins at a multiple of this. See the [example](Self#example).
    pub const ALIGN: u64 = BLOCK as u64;

    /// The `n_rows` rows from `first_row` on, counted from 0. See the [example](Self#example).
    ///
    /// # Errors
    /// - [`Error::InvalidParameter`]: `first_row` is no multiple of [`ALIGN`](Self::ALIGN), or there are no
    ///   rows, or more than can be counted.
    pub fn new(first_row: u64, n_rows: u64) -> Result<Self> {
        let is_aligned = first_row.is_multiple_of(Self::ALIGN);
        checks::parameter(is_aligned, "first_row", "a multiple of 256")?;
        let is_counted = n_rows > 0 && first_row.checked_add(n_rows).is_some();
        checks::parameter(
            is_counted,
            "n_rows",
            "at least 1, and the last row below 2^64",
        )?;
        Ok(Self { first_row, n_rows })
    }

    /// `n_rows` rows cut into `n_parts` parts of nearly the same size, or fewer if there are not enough rows.
    ///
    /// # Example
    /// ```
    /// use centroid::passes::Part;
    ///
    /// let parts: Vec<Part> = Part::split(1000, 3).collect();
    /// assert_eq!(parts, [Part::new(0, 512)?, Part::new(512, 488)?]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    pub fn split(n_rows: u64, n_parts: u64) -> impl Iterator<Item = Self> {
        let len = n_rows.div_ceil(n_parts.max(1)).div_ceil(Self::ALIGN);
        let len = len.saturating_mul(Self::ALIGN).max(Self::ALIGN);
        let of = move |part: u64| Self {
            first_row: part * len,
            n_rows: len.min(n_rows - part * len),
        };
        (0..n_rows.div_ceil(len)).map(of)
    }

    /// The number of its first row. See the [example](Self#example).
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// The number of its rows. See the [example](Self#example).
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }
}

/// The rows that an answer is about: ranges in ascending order, with gaps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Coverage(Vec<Range<u64>>);

impl Coverage {
    pub(super) fn of(rows: Range<u64>) -> Self {
        Self(vec![rows])
    }

    /// The ranges as parts.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        self.0.iter().map(|rows| Part {
            first_row: rows.start,
            n_rows: rows.end - rows.start,
        })
    }

    pub(super) fn end(&self) -> u64 {
        self.0.last().map_or(0, |range| range.end)
    }

    /// Adds the rows of another answer.
    ///
    /// # Errors
    /// [`Error::AnsweredTwice`].
    pub(super) fn and(&self, other: &Self) -> Result<Self> {
        let mut ranges: Vec<_> = self.0.iter().chain(&other.0).cloned().collect();
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut all: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match all.last_mut() {
                Some(last) if range.start < last.end => {
                    return Err(Error::AnsweredTwice { row: range.start });
                }
                Some(last) if range.start == last.end => last.end = range.end,
                _ => all.push(range),
            }
        }
        Ok(Self(all))
    }

    /// The number of all rows, if there is an answer for each of them, from the first on.
    ///
    /// # Errors
    /// [`Error::NotAnswered`], if some before the last answered row are missing, or some of the `expected`
    /// number; [`Error::AnsweredTwice`], if there are more.
    pub(super) fn check(&self, expected: Option<u64>) -> Result<u64> {
        let end = match &self.0[..] {
            [first, rest @ ..] if first.start == 0 => match rest {
                [] => first.end,
                _ => return Err(Error::NotAnswered { row: first.end }),
            },
            _ => return Err(Error::NotAnswered { row: 0 }),
        };
        match expected {
            Some(expected) if end < expected => Err(Error::NotAnswered { row: end }),
            Some(expected) if end > expected => Err(Error::AnsweredTwice { row: expected }),
            _ => Ok(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_gaps_and_overlaps_found() {
        let of = |ranges: &[(u64, u64)]| {
            let ranges = ranges.iter().map(|&(start, end)| Coverage::of(start..end));
            ranges.reduce(|a, b| a.and(&b).unwrap()).unwrap_or_default()
        };
        let all = of(&[(512, 600), (0, 256), (256, 512)]);
        assert_eq!(all, Coverage::of(0..600));
        assert_eq!((all.check(None), all.check(Some(600))), (Ok(600), Ok(600)));
        assert_eq!(all.check(Some(601)), Err(Error::NotAnswered { row: 600 }));
        assert_eq!(all.check(Some(599)), Err(Error::AnsweredTwice { row: 599 }));
        let gap = of(&[(512, 600), (0, 256)]);
        assert_eq!(gap.check(None), Err(Error::NotAnswered { row: 256 }));
        assert_eq!(
            of(&[(256, 300)]).check(None),
            Err(Error::NotAnswered { row: 0 })
        );
        assert_eq!(of(&[]).check(None), Err(Error::NotAnswered { row: 0 }));
        for (a, b) in [
            ((0, 256), (0, 256)),
            ((0, 512), (256, 300)),
            ((256, 300), (0, 512)),
        ] {
            let twice = of(&[a]).and(&of(&[b]));
            assert!(
                matches!(twice, Err(Error::AnsweredTwice { .. })),
                "{a:?} {b:?}"
            );
        }
    }
}
