//! What a pass over some of the rows found.

use super::part::{Coverage, Part};
#[cfg(feature = "serde")]
use super::request::hash;
use super::request::{Kind, Request};
use crate::data::Moments;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::kmeans::cluster_sums::ClusterSums;
use crate::kmeans::update::Farthest;
use crate::numeric::LongSums;

/// What a pass over some of the rows found: the answer to a [`Request`]. Answers about different rows are
/// [merged](Self::merge), in any order and by any tree, into one about all rows, which the
/// [`Driver`](super::Driver) accepts.
///
/// See the [module](super#example) for an example.
///
/// # Saving
/// With the feature `serde`, answers can be sent to where they are merged; see
/// [there](super#sending-and-saving). In postcard the size of one is about
///
/// | request | bytes, with values of `s` bytes |
/// |---|---|
/// | survey | `40 d` |
/// | sample | `oversampling k (s d + 16)` |
/// | weigh | `8 oversampling rounds k` |
/// | assign | 8 to 20 `k (d + 1)` |
/// | farthest | `2 k (s d + 32)` |
/// | label | 32 |
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "super::saving::SavedAnswer<F>",
        into = "super::saving::SavedAnswer<F>",
        bound(
            serialize = "F: serde::Serialize",
            deserialize = "F: serde::Deserialize<'de>"
        )
    )
)]
#[must_use = "an answer does nothing until the driver accepts it"]
pub struct Answer<F: Float> {
    pub(super) fingerprint: u64,
    pub(super) rows: Coverage,
    pub(super) content: Content<F>,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Content<F: Float> {
    Survey {
        /// The largest among the values.
        magnitude: F,
        /// Rows of positive weight.
        n_weighted: u64,
        /// The sum of the weights.
        weight: LongSums,
        moments: Moments,
    },
    Sample {
        /// How many rows are wanted.
        count: usize,
        /// Those of the least keys, in order.
        rows: Vec<Drawn<F>>,
        /// The weighted sum of squared distances to the candidates before.
        potential: LongSums,
    },
    Weigh {
        /// For each candidate that of the rows nearest to it.
        weights: LongSums,
        /// The weighted sum of squared distances to the candidates.
        potential: LongSums,
    },
    Assign(ClusterSums<F>),
    Farthest {
        farthest: Farthest<F>,
        /// How many rows have another label than with the centroids before.
        changed: u64,
    },
    Label,
}

impl<F: Float> Content<F> {
    /// A hash of its floating-point numbers. All others are integers.
    #[cfg(feature = "serde")]
    pub(super) fn hash(&self) -> u64 {
        let bits = |values: &[F]| {
            values
                .iter()
                .map(|x| x.to_f64().to_bits())
                .collect::<Vec<_>>()
        };
        match self {
            Self::Survey { magnitude, .. } => hash([magnitude.to_f64().to_bits()]),
            Self::Sample { rows, .. } => hash(rows.iter().flat_map(|row| {
                let mut words = bits(&row.values);
                words.push(row.key.to_bits());
                words
            })),
            Self::Farthest { farthest, .. } => hash(farthest.words()),
            _ => hash([]),
        }
    }

    /// Whether both can be about the same request. Answers that were sent may have been damaged.
    fn has_shape_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Survey { moments: a, .. }, Self::Survey { moments: b, .. }) => {
                a.is_whole() && b.is_whole() && a.n_features() == b.n_features()
            }
            (
                Self::Sample {
                    count: a,
                    potential: of_a,
                    ..
                },
                Self::Sample {
                    count: b,
                    potential: of_b,
                    ..
                },
            ) => a == b && (of_a.len(), of_b.len()) == (1, 1),
            (
                Self::Weigh {
                    weights: a,
                    potential: of_a,
                },
                Self::Weigh {
                    weights: b,
                    potential: of_b,
                },
            ) => a.len() == b.len() && (of_a.len(), of_b.len()) == (1, 1),
            (Self::Farthest { farthest: a, .. }, Self::Farthest { farthest: b, .. }) => {
                a.has_shape_of(b)
            }
            (Self::Assign(a), Self::Assign(b)) => {
                (a.n_clusters(), a.n_features()) == (b.n_clusters(), b.n_features())
            }
            (Self::Label, Self::Label) => true,
            _ => false,
        }
    }
}

/// A row of a sample.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Drawn<F> {
    pub(super) key: f64,
    pub(super) row: u64,
    pub(super) values: Vec<F>,
}

/// Keeps the `count` rows of the least keys, in order.
fn keep_least<F>(rows: &mut Vec<Drawn<F>>, count: usize) {
    rows.sort_unstable_by(|a, b| a.key.total_cmp(&b.key).then(a.row.cmp(&b.row)));
    rows.truncate(count);
}

impl<F: Float> Answer<F> {
    /// The fingerprint of the request that this answers. See the [module](super#example) for an example.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The rows that this is about, in ascending order, neighbouring parts as one: to see which are missing.
    /// See the [module](super#example) for an example.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.rows.parts()
    }

    /// Adds the answer to the same request about other rows. The result is the same, to the bit, in whatever
    /// order answers are merged. See the [module](super#example) for an example.
    ///
    /// # Errors
    /// The answer is then unchanged.
    /// - [`Error::ForeignAnswer`]: the other one answers another request.
    /// - [`Error::AnsweredTwice`]: a row is in both.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        let foreign = Error::ForeignAnswer {
            expected: self.fingerprint,
            found: other.fingerprint,
        };
        if self.fingerprint != other.fingerprint || !self.content.has_shape_of(&other.content) {
            return Err(foreign);
        }
        let rows = self.rows.and(&other.rows)?;
        match (&mut self.content, other.content) {
            (
                Content::Survey {
                    magnitude,
                    n_weighted,
                    weight,
                    moments,
                },
                Content::Survey {
                    magnitude: other,
                    n_weighted: others,
                    weight: of_others,
                    moments: more,
                },
            ) => {
                weight.merge(&of_others);
                *magnitude = if other > *magnitude {
                    other
                } else {
                    *magnitude
                };
                *n_weighted = n_weighted.saturating_add(others);
                moments.merge(&more);
            }
            (
                Content::Sample {
                    count,
                    rows,
                    potential,
                },
                Content::Sample {
                    rows: other,
                    potential: more,
                    ..
                },
            ) => {
                rows.extend(other);
                keep_least(rows, *count);
                potential.merge(&more);
            }
            (
                Content::Weigh { weights, potential },
                Content::Weigh {
                    weights: others,
                    potential: more,
                },
            ) => {
                weights.merge(&others);
                potential.merge(&more);
            }
            (Content::Assign(own), Content::Assign(other)) => own.merge(&other)?,
            (
                Content::Farthest { farthest, changed },
                Content::Farthest {
                    farthest: other,
                    changed: more,
                },
            ) => {
                farthest.merge(other);
                *changed = changed.saturating_add(more);
            }
            // Labels are not part of answers. Contents of two kinds do not have the same shape.
            _ => (),
        }
        self.rows = rows;
        Ok(())
    }

    /// The end of the rows that this is about.
    pub(in crate::kmeans) fn n_rows(&self) -> usize {
        self.rows.end() as usize
    }

    /// Whether the request can be answered like this. Answers that were sent may have been damaged.
    pub(super) fn fits(&self, request: &Request<F>) -> bool {
        let d = request.n_features;
        let valid = |x: &F| x.abs() <= F::MAX_MAGNITUDE;
        let is_sum = |total: f64| (0.0..f64::INFINITY).contains(&total);
        match (&self.content, &request.kind) {
            (
                Content::Survey {
                    magnitude,
                    weight,
                    moments,
                    ..
                },
                Kind::Survey,
            ) => {
                valid(magnitude)
                    && moments.n_features() == d
                    && moments.is_whole()
                    && weight.len() == 1
            }
            (
                Content::Sample {
                    count,
                    rows,
                    potential,
                },
                Kind::Sample {
                    count: wanted,
                    candidates,
                    ..
                },
            ) => {
                let fits = |row: &Drawn<F>| row.values.len() == d && row.values.iter().all(valid);
                // There is a row of positive weight.
                let may_be_empty = !candidates.is_empty();
                count == wanted
                    && rows.len() <= *count
                    && (may_be_empty || !rows.is_empty())
                    && rows.iter().all(fits)
                    && potential.len() == 1
                    && is_sum(potential.total(0))
            }
            (Content::Weigh { weights, potential }, Kind::Weigh { candidates, .. }) => {
                let totals = || (0..weights.len()).map(|candidate| weights.total(candidate));
                weights.len().checked_mul(d) == Some(candidates.len())
                    && potential.len() == 1
                    && is_sum(potential.total(0))
                    && totals().all(is_sum)
                    && totals().any(|total| total > 0.0)
            }
            (Content::Assign(sums), Kind::Assign { centroids }) => {
                (sums.n_features(), sums.n_clusters()) == (d, centroids.len() / d)
            }
            (
                Content::Farthest { farthest, .. },
                Kind::Farthest {
                    centroids, count, ..
                },
            ) => farthest.fits(*count, centroids.len() / d, d),
            (Content::Label, Kind::Label { .. }) => true,
            _ => false,
        }
    }
}
