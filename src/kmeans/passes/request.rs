//! What the driver asks of each part of the rows.

use ndarray::ArrayRef1;

use super::answer::Answer;
use super::memory::PartMemory;
use super::part::Part;
use super::reader::Reader;
use crate::checks;
use crate::data::RowBlocks;
use crate::error::Error;
use crate::float::{Float, compiled};
use crate::init::Method;
use crate::kmeans::KMeans;
use crate::kmeans::blocks::BlocksError;
use crate::parallel;

/// What the [`Driver`](super::Driver) asks of each part of the rows. The [answer](Self::answer) is a pure
/// function of the request and of the rows of the part: it may be computed anywhere, more than once, and in any
/// order.
///
/// See the [module](super#example) for an example.
///
/// # Saving
/// With the feature `serde`, requests can be sent to where the rows are; see [there](super#sending-and-saving).
/// They hold the centroids: `s k d` bytes, or `s d (oversampling k rounds + 1)` while a start is chosen, `s`
/// being the bytes of a value.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "super::saving::SavedRequest<F>",
        into = "super::saving::SavedRequest<F>",
        bound(
            serialize = "F: serde::Serialize",
            deserialize = "F: serde::Deserialize<'de>"
        )
    )
)]
pub struct Request<F: Float> {
    /// A hash of the parameters of the fit.
    pub(super) fit: u64,
    pub(super) pass: u64,
    pub(super) n_features: usize,
    /// What the first pass found.
    pub(super) survey: Option<Survey<F>>,
    pub(super) kind: Kind<F>,
    fingerprint: u64,
}

/// What the first pass found of the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Survey<F> {
    pub(super) n_rows: u64,
    /// The largest magnitude among the values.
    pub(super) magnitude: F,
}

/// What is asked, and what it takes to answer: rows and centroids row-major.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Kind<F> {
    /// See [`RequestKind`], here and below.
    Survey,
    Sample {
        restart: usize,
        count: usize,
        seed: u64,
        candidates: Vec<F>,
    },
    Weigh {
        restart: usize,
        candidates: Vec<F>,
    },
    Assign {
        centroids: Vec<F>,
    },
    Farthest {
        centroids: Vec<F>,
        /// Those of the pass before, if there was one.
        previous: Option<Vec<F>>,
        count: usize,
    },
    Label {
        centroids: Vec<F>,
    },
}

/// What a [`Request`] asks for. See the [module](super#example) for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// The number of rows, their largest value and their variance: the first pass, which checks all values.
    Survey,
    /// Rows drawn by their squared distances to those drawn before, or at random.
    Sample,
    /// The weight of the rows nearest to each of the rows drawn.
    Weigh,
    /// The sums of the rows nearest to each centroid, and the inertia: an iteration.
    Assign,
    /// The rows farthest from their centroids, for empty clusters.
    Farthest,
    /// The label of each row: the last pass, if [asked for](super::Driver::with_labels).
    Label,
}

/// The weights of the rows of a part, a place for their labels, and what is kept of them between passes. See the
/// [module](super#example) for an example.
#[derive(Debug)]
#[must_use = "options do nothing until they are given to a request"]
pub struct PartOptions<'a, F: Float> {
    weights: Option<&'a ArrayRef1<F>>,
    labels: Option<&'a mut Vec<u32>>,
    memory: Option<&'a mut PartMemory<F>>,
}

impl<'a, F: Float> PartOptions<'a, F> {
    /// No weights, no place for labels, and no memory. See the [module](super#example) for an example.
    pub fn new() -> Self {
        Self {
            weights: None,
            labels: None,
            memory: None,
        }
    }

    /// A weight for each row of the part. See [`FitOptions::weights`](crate::FitOptions::weights). Give the
    /// same with every request: the driver refuses an assignment if the sum of all weights is another than in
    /// the first pass.
    ///
    /// Default: 1 for each row. See the [module](super#example) for an example.
    pub fn weights(mut self, weights: &'a ArrayRef1<F>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Receives the label of each row of the part, if the request is of the kind [`Label`](RequestKind::Label).
    /// It is cleared in any case.
    ///
    /// Default: none. See the [module](super#example) for an example.
    pub fn labels(mut self, labels: &'a mut Vec<u32>) -> Self {
        self.labels = Some(labels);
        self
    }

    /// What is known of the part from the passes before, to save time. It changes no answer.
    ///
    /// Default: none. See [`PartMemory`] for an example.
    pub fn memory(mut self, memory: &'a mut PartMemory<F>) -> Self {
        self.memory = Some(memory);
        self
    }
}

impl<F: Float> Default for PartOptions<'_, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Float> Request<F> {
    pub(super) fn new(
        fit: u64,
        pass: u64,
        n_features: usize,
        survey: Option<Survey<F>>,
        kind: Kind<F>,
    ) -> Self {
        let mut request = Self {
            fit,
            pass,
            n_features,
            survey,
            kind,
            fingerprint: 0,
        };
        request.fingerprint = request.hash();
        request
    }

    fn hash(&self) -> u64 {
        let survey = self.survey.map_or([0; 2], |survey| {
            [survey.n_rows, survey.magnitude.to_f64().to_bits()]
        });
        let (numbers, values) = self.kind.content();
        let of_fit = [self.fit, self.pass, self.n_features as u64];
        let numbers = of_fit.into_iter().chain(survey).chain(numbers);
        let values = values.into_iter().flatten();
        hash(numbers.chain(values.map(|x| x.to_f64().to_bits())))
    }

    /// What is asked. See the [module](super#example) for an example.
    pub fn kind(&self) -> RequestKind {
        match self.kind {
            Kind::Survey => RequestKind::Survey,
            Kind::Sample { .. } => RequestKind::Sample,
            Kind::Weigh { .. } => RequestKind::Weigh,
            Kind::Assign { .. } => RequestKind::Assign,
            Kind::Farthest { .. } => RequestKind::Farthest,
            Kind::Label { .. } => RequestKind::Label,
        }
    }

    /// The number of the pass, counted from 0. See the [module](super#example) for an example.
    pub fn pass(&self) -> u64 {
        self.pass
    }

    /// A hash of all that the request says. The answers carry it, so that no other can take their place. See the
    /// [module](super#example) for an example.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Passes over the rows of a part once. See the [module](super#example) for an example.
    ///
    /// # Cost
    /// An assignment takes `n k d` multiply-adds for the `n` rows of the part, on the current rayon pool, and
    /// memory for a few blocks, for 4 bytes per row (12 while a start is chosen), and for a few sets of sums of
    /// about `100 k (d + 1)` bytes. Reading and computing overlap.
    ///
    /// # Errors
    /// A [`BlocksError`] without a model:
    /// - [`Error::DimensionMismatch`]: the source has a different number of features.
    /// - [`Error::LengthMismatch`]: in the first pass, the source does not have as many rows as the part. If it
    ///   has more, `found` is the number of those that were read by then.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value is not finite, or too large. The row is counted
    ///   among all.
    /// - [`Error::SourceFailed`], [`Error::SourceChanged`], [`Error::ResultTooLarge`]: as for
    ///   [`fit_blocks`](crate::KMeans::fit_blocks).
    pub fn answer(
        &self,
        part: Part,
        rows: &mut dyn RowBlocks<F>,
    ) -> Result<Answer<F>, BlocksError<F>> {
        self.answer_with(part, rows, PartOptions::new())
    }

    /// [`answer`](Self::answer) with the weights of the rows, to obtain their labels, or with what is known of
    /// them from the passes before. See the [module](super#example) for an example.
    ///
    /// # Errors
    /// Those of [`answer`](Self::answer), and
    /// - [`Error::LengthMismatch`]: there is not one weight for each row.
    /// - [`Error::InvalidWeight`]: a weight is negative, not finite or too large. Its index is that among the
    ///   weights given. All may be zero.
    pub fn answer_with(
        &self,
        part: Part,
        rows: &mut dyn RowBlocks<F>,
        options: PartOptions<'_, F>,
    ) -> Result<Answer<F>, BlocksError<F>> {
        compiled!(|request: &Request<F>,
                   part: Part,
                   rows: &mut dyn RowBlocks<F>,
                   options: PartOptions<'_, F>|
         -> Result<Answer<F>, BlocksError<F>> {
            let mut labels = options.labels;
            labels.iter_mut().for_each(|labels| labels.clear());
            checks::same_columns("source", request.n_features, rows.n_features())?;
            let too_large = Error::ResultTooLarge {
                rows: usize::MAX,
                columns: 1,
            };
            let n_rows = usize::try_from(part.n_rows()).map_err(|_| too_large)?;
            let weights = options.weights.map(|weights| {
                checks::same_len("weights", n_rows, weights.len())?;
                checks::weights_of_part(weights)?;
                Ok::<_, Error>(checks::contiguous(weights))
            });
            let weights = weights.transpose()?;
            let first_row = part.first_row();
            let mut reader = Reader::new(rows, first_row, Some(n_rows), weights.as_deref());
            let mut none = PartMemory::new();
            let memory = options.memory.unwrap_or(&mut none);
            let answer = parallel::on_pool(usize::MAX, || request.answer_in(&mut reader, memory))?;
            if let Some(labels) = labels
                && matches!(request.kind, Kind::Label { .. })
            {
                labels.extend_from_slice(memory.labels());
            }
            Ok(answer)
        })(self, part, rows, options)
    }
}

impl<F: Float> Kind<F> {
    /// All that it says, as numbers and as values.
    fn content(&self) -> ([u64; 4], [&[F]; 2]) {
        match self {
            Self::Survey => ([0; 4], [&[], &[]]),
            Self::Sample {
                restart,
                count,
                seed,
                candidates,
            } => (
                [1, *restart as u64, *count as u64, *seed],
                [candidates, &[]],
            ),
            Self::Weigh {
                restart,
                candidates,
            } => ([2, *restart as u64, 0, 0], [candidates, &[]]),
            Self::Assign { centroids } => ([3, 0, 0, 0], [centroids, &[]]),
            Self::Farthest {
                centroids,
                previous,
                count,
            } => {
                let numbers = [4, *count as u64, u64::from(previous.is_some()), 0];
                (numbers, [centroids, previous.as_deref().unwrap_or(&[])])
            }
            Self::Label { centroids } => ([5, 0, 0, 0], [centroids, &[]]),
        }
    }

    /// Whether its values are whole rows, and such as are there.
    #[cfg(feature = "serde")]
    pub(super) fn is_valid(&self, n_features: usize) -> bool {
        let (_, values) = self.content();
        let is_valid = |values: &[F]| {
            values.len().is_multiple_of(n_features)
                && values.iter().all(|x| x.abs() <= F::MAX_MAGNITUDE)
        };
        let needs_values = !matches!(self, Self::Survey | Self::Sample { .. });
        let has_second = matches!(
            self,
            Self::Farthest {
                previous: Some(_),
                ..
            }
        );
        let (first, second) = (values[0].len(), values[1].len());
        values.into_iter().all(is_valid)
            && (first > 0 || !needs_values)
            && (second == first || !has_second)
    }
}

/// A hash of these words, in their order.
pub(super) fn hash(words: impl IntoIterator<Item = u64>) -> u64 {
    let mix = |hash: u64, word: u64| {
        (hash ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    words.into_iter().fold(0x243f_6a88_85a3_08d3, mix)
}

impl KMeans {
    /// A hash of the parameters that decide a result.
    pub(super) fn hash(&self) -> u64 {
        let init = match self.init.method() {
            None => [0; 4],
            Some(Method::Random) => [1, 0, 0, 0],
            Some(Method::Parallel {
                rounds,
                most,
                oversampling,
            }) => [2, rounds as u64, most as u64, oversampling as u64],
        };
        let counts = [self.n_clusters, self.n_init, self.max_iter].map(|count| count as u64);
        let rest = [self.tol.to_bits(), self.seed];
        hash(init.into_iter().chain(counts).chain(rest))
    }
}
