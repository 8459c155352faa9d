//! When bounds are used.

/// What an iteration is done with.
///
/// ```text
///  Plain ---- without sketches ----> Trying <--- does not pay ----+
///    |                                 |                          |
///    |                               pays                         |
///    |                                 v                          |
///    +-------- with sketches -----> Starting --- always ---> Bounded --- does not pay again ---> GivenUp
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The plain engine: the first time.
    Plain,
    /// The plain engine, with bounds on a few of the points, to see whether they pay.
    Trying,
    /// Bounds on all points for the first time: of most, nothing is known.
    Starting,
    /// Bounds on all points.
    Bounded,
    /// The plain engine, for good.
    GivenUp,
}

/// What is known after an iteration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Findings {
    pub(super) has_sketches: bool,
    /// Whether the iteration began with bounds from the one before.
    pub(super) had_bounds: bool,
    /// Whether bounds took less time than the plain engine would have.
    pub(super) pays: bool,
    /// How often before bounds on all points did not pay.
    pub(super) failures: usize,
}

/// Bounds on all points that did not pay this often are not tried again.
const MOST_FAILURES: usize = 2;

impl Stage {
    /// The stage of the next iteration.
    pub(super) fn next(self, found: Findings) -> Self {
        match self {
            // PERF: sketches nearly always pay, and what they do is measured as well.
            Self::Plain if found.has_sketches => Self::Starting,
            Self::Plain => Self::Trying,
            Self::Trying if found.had_bounds && found.pays => Self::Starting,
            Self::Starting => Self::Bounded,
            Self::Bounded if found.pays => Self::Bounded,
            Self::Bounded if found.failures + 1 == MOST_FAILURES => Self::GivenUp,
            Self::Trying | Self::Bounded => Self::Trying,
            Self::GivenUp => Self::GivenUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stage::{Bounded, GivenUp, Plain, Starting, Trying};
    use super::*;

    #[test]
    fn stages_follow_one_another_by_what_was_found() {
        // The stage, whether there are sketches, whether there were bounds, whether they paid, how often
        // they had not: the next stage.
        for (stage, has_sketches, had_bounds, pays, failures, next) in [
            (Plain, false, false, false, 0, Trying),
            (Plain, true, false, false, 0, Starting),
            (Trying, false, false, true, 0, Trying),
            (Trying, false, true, false, 0, Trying),
            (Trying, false, true, true, 0, Starting),
            (Trying, true, true, true, 1, Starting),
            (Starting, false, true, false, 0, Bounded),
            (Starting, true, false, false, 1, Bounded),
            (Bounded, false, true, true, 0, Bounded),
            (Bounded, true, true, true, 1, Bounded),
            (Bounded, true, true, false, 0, Trying),
            (Bounded, true, true, false, 1, GivenUp),
            (GivenUp, true, true, true, 2, GivenUp),
        ] {
            let found = Findings {
                has_sketches,
                had_bounds,
                pays,
                failures,
            };
            assert_eq!(stage.next(found), next, "{stage:?} {found:?}");
        }
    }
}
