//! How a fit between its passes is saved, and which data is refused on loading.

use serde::{Deserialize, Serialize};

use super::answer::{Answer, Content};
use super::driver::Driver;
use super::part::Coverage;
use super::request::{Kind, Request, Survey};
use super::state::{Stage, State};
use crate::float::Float;
use crate::init::Step;
use crate::kernels::Packed;
use crate::kmeans::engine::Run;
use crate::kmeans::saving::{Checked, check};

/// What to say if values are not what they were.
const CHANGED: &str = "the values are not those that were saved: does the format keep all digits?";

/// A [`Request`], with its fingerprint.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Request")]
pub(super) struct SavedRequest<F> {
    fit: u64,
    pass: u64,
    n_features: usize,
    survey: Option<Survey<F>>,
    kind: Kind<F>,
    fingerprint: u64,
}

impl<F: Float> From<Request<F>> for SavedRequest<F> {
    fn from(request: Request<F>) -> Self {
        Self {
            fingerprint: request.fingerprint(),
            fit: request.fit,
            pass: request.pass,
            n_features: request.n_features,
            survey: request.survey,
            kind: request.kind,
        }
    }
}

impl<F: Float> TryFrom<SavedRequest<F>> for Request<F> {
    type Error = &'static str;

    fn try_from(saved: SavedRequest<F>) -> Checked<Self> {
        check(saved.n_features > 0, "there are no features")?;
        let is_valid = saved.kind.is_valid(saved.n_features);
        check(is_valid, "the values are not whole rows of finite numbers")?;
        check_survey(saved.survey.as_ref())?;
        let (fit, pass, d) = (saved.fit, saved.pass, saved.n_features);
        let request = Self::new(fit, pass, d, saved.survey, saved.kind);
        check(request.fingerprint() == saved.fingerprint, CHANGED)?;
        Ok(request)
    }
}

/// An [`Answer`], with a hash of its floating-point numbers.
#[derive(Serialize, Deserialize)]
#[serde(
    rename = "Answer",
    bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>")
)]
pub(super) struct SavedAnswer<F: Float> {
    fingerprint: u64,
    rows: Coverage,
    content: Content<F>,
    hash: u64,
}

impl<F: Float> From<Answer<F>> for SavedAnswer<F> {
    fn from(answer: Answer<F>) -> Self {
        Self {
            fingerprint: answer.fingerprint,
            rows: answer.rows,
            hash: answer.content.hash(),
            content: answer.content,
        }
    }
}

impl<F: Float> TryFrom<SavedAnswer<F>> for Answer<F> {
    type Error = &'static str;

    fn try_from(saved: SavedAnswer<F>) -> Checked<Self> {
        check(saved.content.hash() == saved.hash, CHANGED)?;
        Ok(Self {
            fingerprint: saved.fingerprint,
            rows: saved.rows,
            content: saved.content,
        })
    }
}

fn check_survey<F: Float>(survey: Option<&Survey<F>>) -> Checked<()> {
    let is_valid =
        |survey: &Survey<F>| survey.n_rows > 0 && survey.magnitude.abs() <= F::MAX_MAGNITUDE;
    check(survey.is_none_or(is_valid), "the survey is not valid")
}

/// A [`Driver`]: its state, and a hash of that. What it asks for follows from the state.
#[derive(Serialize, Deserialize)]
#[serde(
    rename = "Driver",
    bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>")
)]
pub(super) struct SavedDriver<F: Float> {
    state: State<F>,
    hash: u64,
}

impl<F: Float> From<Driver<F>> for SavedDriver<F> {
    fn from(driver: Driver<F>) -> Self {
        Self {
            hash: driver.state.hash(),
            state: driver.state,
        }
    }
}

impl<F: Float> TryFrom<SavedDriver<F>> for Driver<F> {
    type Error = &'static str;

    fn try_from(saved: SavedDriver<F>) -> Checked<Self> {
        let state = saved.state;
        let (k, d) = (state.kmeans.n_clusters, state.n_features);
        let is_valid = state.kmeans.check_parameters().is_ok() && d > 0;
        check(is_valid, "a parameter is not valid")?;
        check_survey(state.survey.as_ref())?;
        let is_first = matches!(state.stage, Stage::Survey);
        check(
            is_first == state.survey.is_none(),
            "the next pass is not one that can follow",
        )?;
        let len = k.checked_mul(d).ok_or("there are too many centroids")?;
        let are_packed = |centroids: &Packed<F>| {
            let rows = centroids.rows();
            (rows.n_features(), rows.len()) == (d, k)
        };
        let are_centroids = |values: &[F]| {
            values.len() == len && values.iter().all(|x| x.abs() <= F::MAX_MAGNITUDE)
        };
        let is_run = |run: &Run<F>| {
            are_packed(&run.centroids)
                && run.labels.is_empty()
                && run.sizes.len() == k
                && (0.0..f64::INFINITY).contains(&run.inertia)
        };
        let mut runs = state.best.0.iter().chain(&state.last);
        check(runs.all(is_run), "a result is not valid")?;
        let is_stage = match &state.stage {
            Stage::Survey | Stage::Done => true,
            Stage::Labelling => state.best.0.is_some(),
            Stage::Seeding(seeding) => {
                let of = (seeding.n_clusters, seeding.n_features);
                let candidates = &seeding.candidates;
                let weights = seeding.weights.as_ref();
                of == (k, d)
                    && candidates.len().is_multiple_of(d)
                    && candidates.iter().all(|x| x.abs() <= F::MAX_MAGNITUDE)
                    && (0.0..f64::INFINITY).contains(&seeding.potential)
                    && weights.is_none_or(|weights| {
                        let largest = weights.iter().copied().fold(0.0, f64::max);
                        let is_valid = |weight: &f64| (0.0..f64::INFINITY).contains(weight);
                        weights.len() * d == candidates.len()
                            && weights.iter().all(is_valid)
                            && largest > 0.0
                    })
                    && !(candidates.is_empty() && (seeding.n_samples > 0 || seeding.is_exhausted))
                    && !matches!(seeding.next(), Step::Done(_))
            }
            Stage::Assigning {
                iterations,
                previous,
            } => are_packed(&iterations.centroids) && previous.as_deref().is_none_or(are_centroids),
            Stage::Relocating {
                iterations,
                previous,
                sums,
            } => {
                are_packed(&iterations.centroids)
                    && previous.as_deref().is_none_or(are_centroids)
                    && (sums.n_clusters(), sums.n_features()) == (k, d)
                    && state.last.is_some()
            }
        };
        check(is_stage, "the next pass is not valid")?;
        let given = state.given.as_deref();
        check(given.is_none_or(are_centroids), "the start is not valid")?;
        check(
            state.weight.len() == 1,
            "the sum of the weights is not valid",
        )?;
        check(state.hash() == saved.hash, CHANGED)?;
        Ok(Self::of_state(state))
    }
}
