//! A fit cut into passes over parts: the same bits wherever it is cut, in whatever order answers come and are merged.
#![allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges, some of which are of one"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::{ControlFlow, Range};

use crate::common::{Numbers, blobs, lattice, small_weights, spread_rows};
use centroid::passes::{
    Answer, Driver, Part, PartMemory, PartOptions, Progress, Request, RequestKind,
};
use centroid::{
    ArrayBlocks, ClusterSums, Error, FitOptions, Float, Init, Iteration, KMeans, KMeansModel, Stop,
};
use ndarray::{Array1, Array2, ArrayRef2, array, s};
use proptest::prelude::*;
use sending::{Read, Write, sent};

#[cfg(feature = "serde")]
mod sending {
    pub(super) use serde::{Serialize as Write, de::DeserializeOwned as Read};

    /// What arrives of a value that is sent, now and then as text.
    pub(super) fn sent<T: Write + Read>(value: T, numbers: &mut crate::common::Numbers) -> T {
        match numbers.below(6) {
            0 => value,
            1 => serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap(),
            _ => postcard::from_bytes(&postcard::to_allocvec(&value).unwrap()).unwrap(),
        }
    }
}
#[cfg(not(feature = "serde"))]
mod sending {
    pub(super) trait Write {}
    impl<T> Write for T {}
    pub(super) trait Read {}
    impl<T> Read for T {}

    /// Nothing can be sent.
    pub(super) fn sent<T>(value: T, _: &mut crate::common::Numbers) -> T {
        value
    }
}

trait Value: Float + Write + Read {}
impl Value for f32 {}
impl Value for f64 {}

/// A fit to be made in several ways.
struct Fit<'a, F> {
    kmeans: &'a KMeans,
    x: &'a Array2<F>,
    weights: Option<&'a Array1<F>>,
    start: Option<&'a Array2<F>>,
}

impl<'a, F: Value> Fit<'a, F> {
    fn new(kmeans: &'a KMeans, x: &'a Array2<F>, start: Option<&'a Array2<F>>) -> Self {
        let weights = None;
        Self {
            kmeans,
            x,
            weights,
            start,
        }
    }

    fn weights(self, weights: &'a Option<Array1<F>>) -> Self {
        let weights = weights.as_ref();
        Self { weights, ..self }
    }

    fn options(&self) -> FitOptions<'_, F> {
        let mut options = FitOptions::new();
        if let Some(weights) = self.weights {
            options = options.weights(weights);
        }
        match self.start {
            Some(start) => options.initial_centroids(start),
            None => options,
        }
    }

    fn driver(&self) -> Driver<F> {
        let driver = Driver::new(self.kmeans, self.x.ncols()).unwrap();
        let driver = driver.with_labels(true);
        match self.start {
            Some(start) => driver.initial_centroids(start).unwrap(),
            None => driver,
        }
    }

    /// The fit over all rows at once, ended after `last` iterations, and what its observer was told.
    fn whole(&self, last: usize) -> (Result<KMeansModel<F>, Error>, Vec<Progress>) {
        let mut seen = Vec::new();
        let mut observer = |iteration: &Iteration| {
            seen.push(Progress::Iteration {
                restart: iteration.restart,
                index: iteration.index,
                inertia: iteration.inertia,
                max_shift: iteration.max_shift,
                empty_clusters: iteration.empty_clusters,
                stop: None,
            });
            match seen.len() == last {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let options = self.options().observer(&mut observer);
        let mut source = ArrayBlocks::new(self.x, 300);
        let model = self.kmeans.fit_blocks_with(&mut source, options);
        (model.map_err(Error::from), seen)
    }

    /// Asserts that the fit cut by this seed is that of all rows at once, by blocks and in memory. Returns what the
    /// driver reported.
    fn check(&self, seed: u64, story: &str) -> Vec<Progress> {
        let (mut engine, mut driver) = (Engine::new(self, seed), self.driver());
        // All that the driver knows is the same after each pass.
        let (mut uncut, mut other) = (Engine::new(self, seed), self.driver());
        uncut.parts = vec![0..self.x.nrows()];
        let mut cut = Ok(());
        while cut.is_ok() && driver.request().is_some() {
            cut = engine.step(&mut driver);
            assert_eq!(uncut.step(&mut other), cut, "{story}");
            assert_eq!(other, driver, "{story}");
        }
        let cut = cut.map(|()| driver.model().unwrap());
        let (whole, seen) = self.whole(usize::MAX);
        let memory = self.kmeans.fit_with(self.x, self.options());
        for (expected, whence) in [(whole, "blocks"), (memory, "memory")] {
            let story = format!("{story}, cut by {seed}, {whence}");
            match (&cut, &expected) {
                (Ok(cut), Ok(expected)) => {
                    assert_same(cut, expected, &story);
                    engine.assert_labels(expected.labels().iter().copied(), &story);
                }
                _ => assert_eq!(cut.as_ref().err(), expected.as_ref().err(), "{story}"),
            }
        }
        assert_eq!(iterations(&engine.seen), seen, "{story}");
        engine.seen
    }
}

/// What was reported of iterations.
fn iterations(seen: &[Progress]) -> Vec<Progress> {
    let mut iterations = Vec::new();
    for &(mut progress) in seen {
        if let Progress::Iteration { stop, .. } = &mut progress {
            *stop = None;
            iterations.push(progress);
        }
    }
    iterations
}

/// Asserts that two models are equal to the bit, except for the labels.
fn assert_same<F: Float>(a: &KMeansModel<F>, b: &KMeansModel<F>, story: &str) {
    let bits = |model: &KMeansModel<F>| -> Vec<u64> {
        let centroids = model.centroids();
        centroids.iter().map(|x| x.to_f64().to_bits()).collect()
    };
    assert_eq!((a.n_iter(), a.stop()), (b.n_iter(), b.stop()), "{story}");
    assert_eq!(bits(a), bits(b), "{story}");
    assert_eq!(a.inertia().to_bits(), b.inertia().to_bits(), "{story}");
    assert_eq!(a.cluster_sizes(), b.cluster_sizes(), "{story}");
}

/// Asserts that something is refused, and changes nothing.
fn refused<T: Clone + Debug + PartialEq, R: Debug>(
    value: &mut T,
    attempt: impl FnOnce(&mut T) -> Result<R, Error>,
) -> Error {
    let before = value.clone();
    let error = attempt(value).expect_err("to be refused");
    assert_eq!(*value, before);
    error
}

/// The error of an answer to another request.
fn foreign(expected: u64, found: u64) -> Error {
    Error::ForeignAnswer { expected, found }
}

/// An engine that does all that one may do: it cuts anywhere, answers in any order, twice or late, sends everything
/// and merges by random trees.
struct Engine<'a, F: Float> {
    x: &'a Array2<F>,
    weights: Option<&'a Array1<F>>,
    /// The rows of each part.
    parts: Vec<Range<usize>>,
    numbers: Numbers,
    /// An answer of the round before.
    late: Option<Answer<F>>,
    labels: Vec<u32>,
    /// By the first row of the part.
    memories: BTreeMap<usize, PartMemory<F>>,
    seen: Vec<Progress>,
}

impl<'a, F: Value> Engine<'a, F> {
    fn new(fit: &Fit<'a, F>, seed: u64) -> Self {
        let (n, mut numbers) = (fit.x.nrows(), Numbers::new(seed));
        let (often, mut parts) = (numbers.below(5), vec![0..n]);
        for cut in (256..n).step_by(256).filter(|_| numbers.below(4) < often) {
            parts.last_mut().unwrap().end = cut;
            parts.push(cut..n);
        }
        Self {
            x: fit.x,
            weights: fit.weights,
            parts,
            numbers,
            late: None,
            labels: vec![u32::MAX; n],
            memories: BTreeMap::new(),
            seen: Vec::new(),
        }
    }

    fn answer(&mut self, request: &Request<F>, rows: Range<usize>) -> Result<Answer<F>, Error> {
        let received = sent(request.clone(), &mut self.numbers);
        assert_eq!(received, *request);
        let x = self.x.slice(s![rows.clone(), ..]);
        let mut source = ArrayBlocks::new(&x, 1 + self.numbers.below(700) as usize);
        let weights = self.weights.map(|weights| weights.slice(s![rows.clone()]));
        let mut labels = vec![7];
        let mut options = PartOptions::new().labels(&mut labels);
        if let Some(weights) = &weights {
            options = options.weights(weights);
        }
        // With what is known of the part, sometimes of another, or with nothing.
        let of = match self.numbers.below(10) {
            0 => 0,
            _ => rows.start,
        };
        let memory = self.memories.entry(of).or_default();
        if self.numbers.below(3) > 0 {
            options = options.memory(memory);
        }
        let part = Part::new(rows.start as u64, rows.len() as u64)?;
        let answer = received.answer_with(part, &mut source, options)?;
        match request.kind() {
            RequestKind::Label => self.labels[rows].copy_from_slice(&labels),
            _ => assert!(labels.is_empty()),
        }
        Ok(sent(answer, &mut self.numbers))
    }

    /// The answers of all parts, merged.
    fn merged(&mut self, request: &Request<F>) -> Result<Answer<F>, Error> {
        let (mut left, mut answers) = (self.parts.clone(), Vec::new());
        while !left.is_empty() {
            let rows = left.swap_remove(self.numbers.below(left.len() as u64) as usize);
            let mut answer = self.answer(request, rows.clone())?;
            if self.numbers.below(6) == 0 {
                let (again, row) = (self.answer(request, rows.clone())?, rows.start as u64);
                assert_eq!(again, answer);
                let error = refused(&mut answer, |answer| answer.merge(again));
                assert_eq!(error, Error::AnsweredTwice { row });
            }
            answers.push(answer);
        }
        while answers.len() > 1 {
            let mut any = || answers.swap_remove(self.numbers.below(answers.len() as u64) as usize);
            let (mut one, other) = (any(), any());
            if let Some(late) = self.late.clone().filter(|_| self.numbers.below(6) == 0) {
                let expected = foreign(request.fingerprint(), late.fingerprint());
                assert_eq!(refused(&mut one, |one| one.merge(late)), expected);
            }
            one.merge(other)?;
            answers.push(sent(one, &mut self.numbers));
        }
        Ok(answers.remove(0))
    }

    /// One pass.
    fn step(&mut self, driver: &mut Driver<F>) -> Result<(), Error> {
        let request = driver.request().expect("there is a pass").clone();
        let merged = self.merged(&request)?;
        if let Some(late) = self.late.replace(merged.clone()) {
            let expected = foreign(request.fingerprint(), late.fingerprint());
            assert_eq!(refused(driver, |driver| driver.accept(late)), expected);
        }
        let before = driver.clone();
        let progress = driver.accept(merged);
        assert!(progress.is_ok() || *driver == before);
        self.seen.push(progress?);
        let saved = sent(driver.clone(), &mut self.numbers);
        assert_eq!(saved, *driver);
        *driver = saved;
        Ok(())
    }

    fn run(&mut self, driver: &mut Driver<F>) -> Result<(), Error> {
        while driver.request().is_some() {
            self.step(driver)?;
        }
        Ok(())
    }

    fn assert_labels(&self, expected: impl IntoIterator<Item = usize>, story: &str) {
        let labels = self.labels.iter().map(|&label| label as usize);
        assert!(labels.eq(expected), "{story}");
    }
}

/// Values in clusters; of three different rows, mixed or in runs; whole; of as different magnitudes as squares allow;
/// some of the largest magnitude; and far from the origin, drifting.
const KINDS: [&str; 7] = [
    "blobs", "equal", "runs", "lattice", "mixed", "largest", "offset",
];

fn data<F: Float>(kind: &str, n: usize, d: usize, seed: u64) -> Array2<F> {
    let mut numbers = Numbers::new(seed);
    let is_single = F::UNIT_ROUNDOFF > 1e-10;
    let (least, orders) = if is_single { (-30, 61) } else { (-80, 166) };
    let mut value = |i: usize, j: usize| match kind {
        "equal" => ((i * 7) % 3 * (j + 1)) as f64 / 3.0,
        "runs" => (i / 260 % 3 * (j + 1)) as f64 / 3.0,
        "mixed" => numbers.normal() * 10_f64.powi(least + numbers.below(orders) as i32),
        "offset" => 1e6 + (i / 97) as f64 + numbers.normal(),
        _ => [0.0, 1.0, -1.0, 1e-9, 0.3][i * (j + 3) % 5] * F::MAX_MAGNITUDE.to_f64(),
    };
    match kind {
        "blobs" => blobs(n, d, 9, seed),
        "lattice" => lattice(n, d, seed),
        _ => Array2::from_shape_fn((n, d), |(i, j)| F::from_f64(value(i, j))),
    }
}

/// No weights; whole ones with zeros; fractions; fractions of very different size with zeros; the same, with some of
/// the largest.
fn weights_of<F: Float>(kind: u8, n: usize) -> Option<Array1<F>> {
    let mut numbers = Numbers::new(3);
    let weight = |row: usize| match (kind, row % 5) {
        (2, _) => 0.001 + numbers.uniform(),
        (_, 1) => 0.0,
        (4, 2) => F::MAX_MAGNITUDE.to_f64(),
        _ => numbers.uniform() * 10_f64.powi(numbers.below(13) as i32 - 6),
    };
    match kind {
        0 => None,
        1 => Some(small_weights(n)).filter(|_| n > 1),
        _ => Some((0..n).map(weight).map(F::from_f64).collect()),
    }
}

/// A fit of any kind, cut anywhere.
///
/// IN: the rows, the features and the clusters; the kind of values, weights and start, 3 for one that is given.
fn check_fit<F: Value>(
    (n, d, k): (usize, usize, usize),
    (kind, weights, start): (usize, u8, usize),
    (n_init, max_iter, tol): (usize, usize, f64),
    seed: u64,
) {
    let (rounds, oversampling) = (1, 1);
    let few = Init::ParallelWith {
        rounds,
        oversampling,
    };
    let init = [Init::Parallel, few, Init::Random][start % 3];
    let kmeans = KMeans::new(k).init(init).n_init(n_init).seed(seed);
    let kmeans = kmeans.max_iter(max_iter).tol(tol);
    let story = format!("{n} x {d}, {}, weights {weights}, {kmeans:?}", KINDS[kind]);
    let (x, weights) = (data::<F>(KINDS[kind], n, d, seed), weights_of(weights, n));
    let start = (start == 3 && k <= n).then(|| spread_rows(&x, k));
    let fit = Fit::new(&kmeans, &x, start.as_ref()).weights(&weights);
    fit.check(seed, &story);
}

fn chosen_starts_are_those_of_all_rows<F: Value>() {
    for seed in 0..105 {
        let (kind, weights, start) = (seed % 7, seed / 7 % 5, seed / 35);
        let (max_iter, tol) = ([300, 12, 1][seed / 5 % 3], [1e-4, 0.0][seed / 4 % 2]);
        let (kinds, n_init) = ((kind, weights as u8, start), [1, 3, 3][start]);
        check_fit::<F>((1100, 3, 6), kinds, (n_init, max_iter, tol), seed as u64);
    }
}

fn given_starts_are_those_of_all_rows<F: Value>() {
    for shape in [(1, 1, 1), (270, 2, 270), (257, 1, 1), (1100, 4, 9)] {
        for kind in 0..KINDS.len() {
            for weights in 0..5 {
                let (max_iter, tol) = ([300, 300, 1][kind % 3], [0.0, 1e-4][weights as usize % 2]);
                let steps = (1, max_iter, tol);
                check_fit::<F>(shape, (kind, weights, 3), steps, shape.0 as u64);
            }
        }
    }
}

/// Clusters become empty in the first iteration, and in later ones.
fn empty_clusters_are_filled_as_in_memory<F: Value>() {
    let mut repeated = 0;
    for seed in 0..18 {
        let kind = ["blobs", "runs", "equal", "mixed", "lattice", "runs"][seed % 6];
        let x = data::<F>(kind, 900, 2, seed as u64);
        // One to three centroids near rows.
        let mut start = Array2::from_elem((12, 2), F::from_f64(1e9));
        let (near, rows) = (1 + seed / 6, spread_rows(&x, 3));
        let near = s![..near, ..];
        start.slice_mut(near).assign(&rows.slice(near));
        let weights = weights_of([0, 1, 3][seed % 3], 900);
        let kmeans = KMeans::new(12).tol(0.0);
        let fit = Fit::new(&kmeans, &x, Some(&start)).weights(&weights);
        let seen = fit.check(seed as u64, kind);
        let is_empty = |seen: &&Progress| matches!(seen, Progress::EmptyClusters { .. });
        let count = seen.iter().filter(is_empty).count();
        assert!(count > 0, "{seed}");
        repeated += usize::from(count > 1);
    }
    assert!(repeated > 8, "{repeated}");
}

/// As for the other properties, but fewer.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        failure_persistence: None,
        cases: std::env::var_os("PROPTEST_CASES").map_or(40, |_| default.cases),
        ..default
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn any_cut_gives_the_same_bits(
        is_single in any::<bool>(),
        shape in (prop_oneof![1..40_usize, 40..3000_usize], 1..9_usize, 1..13_usize),
        kinds in (0..KINDS.len(), 0..5_u8, 0..4_usize),
        steps in (1..4_usize, prop_oneof![1..4_usize, Just(300)], prop_oneof![Just(0.0), Just(1e-4)]),
        seed in any::<u64>(),
    ) {
        match is_single {
            true => check_fit::<f32>(shape, kinds, steps, seed),
            false => check_fit::<f64>(shape, kinds, steps, seed),
        }
    }
}

/// All orders of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let with_last = |order: Vec<usize>| {
        (0..n).map(move |place| [&order[..place], &[n - 1], &order[place..]].concat())
    };
    orders(n - 1).into_iter().flat_map(with_last).collect()
}

#[test]
fn totals_are_exact_in_any_order_and_tree() {
    let [high, middle, low] = [100, 30, -40].map(|exponent| 2.0_f64.powi(exponent));
    let x = array![[high], [middle], [low], [-high], [-middle]];
    let origin = array![[0.0]];
    for [a, b, c] in [[1.0; 3], [0.1, 0.7, 1e-20], [3.0, 1e-9, 0.3]] {
        let weights = array![a, b, c, a, b];
        let one = |row: usize| {
            let mut sums = ClusterSums::new(1, 1).unwrap();
            let (x, weights) = (x.slice(s![row..=row, ..]), weights.slice(s![row..=row]));
            sums.add_weighted(&x, &weights, &origin).unwrap();
            sums
        };
        let options = FitOptions::new().weights(&weights);
        let model = KMeans::new(1).fit_with(&x, options).unwrap();
        let error = model.centroids()[[0, 0]] / (c * low / (2.0 * (a + b) + c)) - 1.0;
        assert!(error.abs() < 1e-15, "{error}");
        let mut numbers = Numbers::new(2);
        let mut first: Option<ClusterSums<f64>> = None;
        for order in orders(5) {
            let mut tree: Vec<_> = order.iter().map(|&row| one(row)).collect();
            let mut chain = ClusterSums::new(1, 1).unwrap();
            tree.iter().for_each(|one| chain.merge(one).unwrap());
            while tree.len() > 1 {
                let mut own = tree.swap_remove(numbers.below(tree.len() as u64) as usize);
                own.merge(&tree.pop().unwrap()).unwrap();
                tree.push(own);
            }
            let first = first.get_or_insert_with(|| chain.clone());
            for sums in [&chain, &tree[0]] {
                assert_eq!(sums.centroids(&origin).unwrap(), model.centroids());
                assert_eq!(sums.inertia(), first.inertia());
                assert_eq!(sums, first, "{order:?}");
                #[cfg(feature = "serde")]
                assert_eq!(postcard::to_allocvec(sums), postcard::to_allocvec(first));
            }
        }
        let mut many = first.unwrap();
        let inertia = many.inertia();
        (0..40).for_each(|_| many.merge(&many.clone()).unwrap());
        assert_eq!(many.centroids(&origin).unwrap(), model.centroids());
        assert_eq!(many.inertia(), inertia * 2.0_f64.powi(40));
        assert_eq!(many.counts(), array![5 << 40].view());
    }
}

type Answered<F> = Result<Answer<F>, Error>;

/// The answers about these ranges of rows, merged.
fn answer_of<F: Float>(
    request: &Request<F>,
    x: &Array2<F>,
    ranges: &[Range<usize>],
) -> Answered<F> {
    let of_range = |rows: &Range<usize>| -> Answered<F> {
        let part = Part::new(rows.start as u64, rows.len() as u64)?;
        let x = x.slice(s![rows.clone(), ..]);
        Ok(request.answer(part, &mut ArrayBlocks::new(&x, 100))?)
    };
    let mut answer = of_range(&ranges[0])?;
    for rows in &ranges[1..] {
        answer.merge(of_range(rows)?)?;
    }
    Ok(answer)
}

fn answers_about_the_wrong_rows_are_refused<F: Value>() {
    let x = lattice::<F>(1100, 2, 1);
    let (start, kmeans) = (spread_rows(&x, 4), KMeans::new(4));
    let new = || Fit::new(&kmeans, &x, Some(&start)).driver();
    let ask = |driver: &Driver<F>, rows: &[Range<usize>]| {
        let request = driver.request().expect("there is a pass");
        answer_of(request, &x, rows)
    };
    let error = |driver: &mut Driver<F>, rows: &[Range<usize>]| {
        refused(driver, |driver| driver.accept(ask(driver, rows)?))
    };
    let missing = |row| Error::NotAnswered { row };
    let twice = |row| Error::AnsweredTwice { row };
    let (mut free, mut counted) = (new(), new().expect_rows(1000));
    assert_eq!(error(&mut free, &[256..1000]), missing(0));
    assert_eq!(error(&mut free, &[0..256, 512..1000]), missing(256));
    assert_eq!(error(&mut free, &[0..700, 768..1000]), missing(700));
    assert_eq!(error(&mut free, &[0..512, 256..1000]), twice(256));
    assert_eq!(error(&mut free, &[512..1000, 0..512, 512..600]), twice(512));
    let few = error(&mut free, &[0..3]);
    assert!(matches!(few, Error::TooFewRows { rows: 3, .. }), "{few}");
    assert_eq!(error(&mut counted, &[0..512, 512..768]), missing(768));
    assert_eq!(error(&mut counted, &[0..512, 512..999]), missing(999));
    assert_eq!(error(&mut counted, &[0..1001]), twice(1000));
    let all = [0..512, 512..1000];
    for mut driver in [free, counted] {
        let survey = ask(&driver, &all).unwrap();
        driver.accept(survey.clone()).unwrap();
        assert_eq!(error(&mut driver, &[0..512]), missing(512));
        assert_eq!(error(&mut driver, &[0..512, 768..1000]), missing(512));
        assert_eq!(error(&mut driver, &[0..512, 512..1001]), twice(1000));
        assert_eq!(error(&mut driver, &[0..1000, 1024..1100]), missing(1000));
        // Another fit: from other centroids.
        let mut other = new().initial_centroids(&x.slice(s![..4, ..])).unwrap();
        other.accept(ask(&other, &all).unwrap()).unwrap();
        let other = ask(&other, &all).unwrap();
        let assert_foreign = |driver: &mut Driver<F>, answer: &Answer<F>| {
            let expected = driver.request().map_or(0, Request::fingerprint);
            let error = refused(driver, |driver| driver.accept(answer.clone()));
            assert_eq!(error, foreign(expected, answer.fingerprint()));
        };
        assert_foreign(&mut driver, &survey);
        assert_foreign(&mut driver, &other);
        while driver.request().is_some() {
            driver.accept(ask(&driver, &all).unwrap()).unwrap();
        }
        assert_foreign(&mut driver, &other);
    }
}

/// What is said of these rows and weights in place of the part from 512 to 812: in the survey, and later.
fn said_of<F: Value>(x: &ArrayRef2<F>, weights: &Array1<F>) -> [String; 2] {
    let (all, kmeans) = (lattice::<F>(301, 2, 1), KMeans::new(3));
    let mut driver = Fit::new(&kmeans, &all, None).driver();
    std::array::from_fn(|_| {
        let request = driver.request().unwrap().clone();
        let answer = answer_of(&request, &all, &[0..256, 256..301]);
        driver.accept(answer.unwrap()).unwrap();
        let (mut source, part) = (ArrayBlocks::new(x, 70), Part::new(512, 300));
        let options = PartOptions::new().weights(weights);
        let answer = request.answer_with(part.unwrap(), &mut source, options);
        answer
            .err()
            .map_or(String::new(), |error| error.to_string())
    })
}

fn sources_that_are_not_their_part_are_refused<F: Value>() {
    let x = lattice::<F>(301, 2, 1);
    let (rows, ones) = (
        x.slice(s![..300, ..]),
        Array1::from_elem(300, F::from_f64(1.0)),
    );
    let both = |text: &str| [text.to_owned(), text.to_owned()];
    for n in [0, 299, 301] {
        let expected = format!("weights: expected 300 entries, found {n}");
        let weights = Array1::from_elem(n, F::from_f64(1.0));
        assert_eq!(said_of(&rows, &weights), both(&expected));
    }
    let (mut negative, wide) = (ones.clone(), lattice(300, 3, 1));
    negative[260] = F::from_f64(-1.0);
    let expected = "weights: entry 260 is negative, too large or not a number";
    assert_eq!(said_of(&rows, &negative), both(expected));
    assert_eq!(
        said_of(&wide, &ones),
        both("source: expected 2 columns, found 3")
    );
    let [nan, infinite] = [f64::NAN, f64::INFINITY].map(F::from_f64);
    let large = F::MAX_MAGNITUDE + F::MAX_MAGNITUDE;
    for (value, what) in [(nan, "NaN or"), (infinite, "NaN or"), (large, "too large")] {
        let mut rows = rows.to_owned();
        rows[[280, 1]] = value;
        let expected = format!("source: row 792, column 1 is {what}");
        let said = said_of(&rows, &ones);
        assert!(
            said.iter().all(|said| said.starts_with(&expected)),
            "{said:?}"
        );
    }
    let [_, changed] = said_of(&rows.mapv(|x| x + x), &ones);
    assert_eq!(
        changed,
        "source: row 512 is not as it was in the first pass"
    );
    for wrong in [x.view(), x.slice(s![..299, ..])] {
        let [survey, later] = said_of(&wrong, &ones);
        assert!(
            survey.starts_with("source: expected 300 entries, found "),
            "{survey}"
        );
        assert!(
            later.ends_with("is not as it was in the first pass"),
            "{later}"
        );
    }
}

#[test]
fn rows_that_are_missing_or_new_are_named() {
    let (x, ones) = (lattice::<f64>(301, 2, 1), Array1::ones(300));
    let [fewer, missing] = said_of(&x.slice(s![..299, ..]), &ones);
    assert_eq!(fewer, "source: expected 300 entries, found 299");
    assert_eq!(
        missing,
        "source: row 811 is not as it was in the first pass"
    );
    let [more, new] = said_of(&x, &ones);
    assert_eq!(new, "source: row 812 is not as it was in the first pass");
    assert_eq!(more, "source: expected 300 entries, found 301");
}

#[test]
fn parts_begin_at_blocks() {
    let said = |first, n| Part::new(first, n).unwrap_err().to_string();
    assert_eq!(said(100, 300), "first_row must be a multiple of 256");
    assert_eq!(
        said(256, 0),
        "n_rows must be at least 1, and the last row below 2^64"
    );
    assert_eq!(said(512, u64::MAX), said(256, 0));
}

/// Interrupted before any pass, a fit ends with what it has: as it would by an observer.
fn interrupted_fits_are_those_of_all_rows<F: Value>() {
    for (kind, init, is_given) in [
        ("blobs", Init::Parallel, false),
        ("equal", Init::Random, false),
        ("mixed", Init::Random, false),
        ("blobs", Init::Random, true),
    ] {
        let x = data::<F>(kind, 600, 2, 4);
        let mut start = Array2::from_elem((6, 2), F::from_f64(1e9));
        start.slice_mut(s![..2, ..]).assign(&spread_rows(&x, 2));
        let kmeans = KMeans::new(6).init(init).n_init(3).max_iter(4);
        let fit = Fit::new(&kmeans, &x, is_given.then_some(&start));
        for passes in 0.. {
            let story = format!("{kind}, {passes} passes");
            let (mut engine, mut driver) = (Engine::new(&fit, passes), fit.driver());
            (0..passes).for_each(|_| engine.step(&mut driver).unwrap());
            if driver.request().is_none() {
                assert!(passes > 5, "{story}");
                break;
            }
            let (n_seen, known) = (iterations(&engine.seen).len(), driver.model());
            (0..=passes % 2).for_each(|_| driver.interrupt());
            let is_relocating = matches!(engine.seen.last(), Some(Progress::EmptyClusters { .. }));
            engine.run(&mut driver).unwrap();
            let Some(model) = driver.model() else {
                assert_eq!((n_seen, known), (0, None), "{story}");
                continue;
            };
            assert_eq!(model.stop(), Stop::Interrupted, "{story}");
            if is_relocating {
                // No observer can end a fit here: the centroids are those of the last pass, or better ones.
                let known = known.expect("there was a pass");
                assert_eq!(model.centroids(), known.centroids(), "{story}");
                assert_eq!(model.inertia(), known.inertia(), "{story}");
                assert_eq!(model.n_iter(), known.n_iter(), "{story}");
            } else {
                assert_same(&model, &fit.whole(n_seen).0.unwrap(), &story);
            }
            engine.assert_labels(model.predict(&x).unwrap(), &story);
        }
    }
}

#[test]
fn a_finished_fit_asks_for_no_more() {
    let (x, kmeans) = (lattice::<f64>(300, 2, 1), KMeans::new(3).n_init(1));
    let fit = Fit::new(&kmeans, &x, None);
    let (mut engine, mut driver) = (Engine::new(&fit, 1), fit.driver());
    engine.run(&mut driver).unwrap();
    let model = driver.model();
    driver.interrupt();
    assert_eq!((driver.request(), driver.model()), (None, model));
}

for_both_types!(
    chosen_starts_are_those_of_all_rows,
    given_starts_are_those_of_all_rows,
    empty_clusters_are_filled_as_in_memory,
    answers_about_the_wrong_rows_are_refused,
    sources_that_are_not_their_part_are_refused,
    interrupted_fits_are_those_of_all_rows,
);

#[cfg(feature = "serde")]
mod saved {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::common::naive_labels;
    use serde_json::{Value as Json, from_value, json, to_value};

    /// The same answer, claimed to be about rows that begin later.
    fn later(answer: &Answer<f64>, by: u64) -> Answer<f64> {
        let mut saved = to_value(answer).unwrap();
        for end in ["start", "end"] {
            let place = &mut saved["rows"][0][end];
            *place = json!(place.as_u64().unwrap() + by);
        }
        from_value(saved).unwrap()
    }

    /// Answers about 2^20 rows are claimed to be about others, up to 10^12 rows in all: the sums are exact.
    #[test]
    fn a_million_million_rows_are_summed_exactly() {
        let n_rows = 1_000_000_000_000_u64;
        let mut numbers = Numbers::new(1);
        // Whole numbers of up to 40 bits in three clusters, the same 256 rows again and again.
        let mut value = |row: usize| ((row % 3) as u64 * (1 << 38) + numbers.below(1 << 37)) as f64;
        let period = Array2::from_shape_fn((256, 2), |(row, _)| value(row));
        let x = Array2::from_shape_fn((1 << 20, 2), |(row, j)| period[[row % 256, j]]);
        let (start, kmeans) = (spread_rows(&period, 3), KMeans::new(3).tol(0.0));
        let fit = Fit::new(&kmeans, &period, Some(&start));
        let mut driver = fit.driver().with_labels(false).expect_rows(n_rows);
        let mut progress = Vec::new();
        while let Some(request) = driver.request() {
            let mut end = n_rows % (1 << 20);
            let mut whole = answer_of(request, &x, &[0..end as usize]).unwrap();
            let mut doubled = answer_of(request, &x, &[0..1 << 20]).unwrap();
            for bit in 20..40 {
                if n_rows >> bit & 1 == 1 {
                    whole.merge(later(&doubled, end)).unwrap();
                    end += 1 << bit;
                }
                doubled.merge(later(&doubled, 1 << bit)).unwrap();
            }
            assert_eq!(end, n_rows);
            progress.push(driver.accept(whole).unwrap());
        }
        let model = driver.model().unwrap();
        assert_eq!(progress[0], Progress::Survey { n_rows });
        assert_eq!(model.stop(), Stop::Converged);
        let (labels, periods) = (naive_labels(&period, &model.centroids()), n_rows / 256);
        for (c, size) in model.cluster_sizes().iter().enumerate() {
            let rows = || (0..256).filter(|&row| labels[row] == c);
            let count = rows().count() as u64 * periods;
            assert_eq!(*size as u64, count);
            for j in 0..2 {
                let sum: u128 = rows().map(|row| period[[row, j]] as u128).sum();
                let mean = (sum * u128::from(periods)) as f64 / count as f64;
                assert_eq!(model.centroids()[[c, j]], mean);
            }
        }
        let mut of_period = ClusterSums::new(3, 2).unwrap();
        of_period.add(&period, &model.centroids()).unwrap();
        assert_eq!(model.inertia(), of_period.inertia() * periods as f64);
    }

    #[test]
    fn sums_of_another_length_are_not_merged() {
        let (x, kmeans) = (lattice::<f64>(300, 2, 1), KMeans::new(3));
        let driver = Fit::new(&kmeans, &x, None).driver();
        let answer = |rows| answer_of(driver.request().unwrap(), &x, &[rows]).unwrap();
        let mut saved = to_value(answer(0..256)).unwrap();
        saved["content"]["Survey"]["moments"]["sums"] =
            json!({"len": 1_u64 << 40, "lowest": 0, "digits": []});
        if let Ok(mut forged) = from_value::<Answer<f64>>(saved) {
            assert!(answer(256..300).merge(forged.clone()).is_err());
            assert!(forged.merge(answer(256..300)).is_err());
        }
    }

    /// A value that was saved and loaded, with one place changed in each way that may hurt, and what was changed.
    fn damaged<T: Write + Read>(value: &T) -> Vec<(String, T)> {
        let others =
            "[0, 1, -1, 1099511627776, 18446744073709551615, 1e-300, 1e30, 1e300, -1e300, true]";
        let others: Vec<Json> = serde_json::from_str(others).unwrap();
        let (saved, mut found) = (to_value(value).unwrap(), Vec::new());
        let mut paths = vec![String::new()];
        while let Some(path) = paths.pop() {
            let mut others = [&others[..], &[json!(null), json!([])]].concat();
            match saved.pointer(&path).unwrap() {
                Json::Array(items) => {
                    let last = items.len().saturating_sub(1);
                    let near = (0..=last.min(1)).chain([last]).take(items.len());
                    paths.extend(near.map(|index| format!("{path}/{index}")));
                    let longer = [items, &items[last..]].concat();
                    others = vec![json!([]), json!(items[..last]), json!(longer)];
                }
                Json::Object(items) => {
                    paths.extend(items.keys().map(|key| format!("{path}/{key}")));
                }
                _ => (),
            }
            for other in others {
                let (mut changed, story) = (saved.clone(), format!("{path} = {other}"));
                *changed.pointer_mut(&path).unwrap() = other;
                found.extend(from_value(changed).ok().map(|value| (story, value)));
            }
        }
        found
    }

    /// Goes on with a fit of rows in two parts as long as it can.
    fn go_on<F: Value>(mut driver: Driver<F>, x: &Array2<F>, passes: usize) -> Result<(), Error> {
        for _ in 0..passes {
            let _ = (driver.model(), to_value(&driver).unwrap());
            if let Some(request) = driver.request() {
                driver.accept(answer_of(request, x, &[256..x.nrows(), 0..256])?)?;
            }
        }
        driver.interrupt();
        let _ = (driver.model(), driver.request());
        Ok(())
    }

    /// Whatever was damaged is refused, or can be used.
    fn damage_does_no_harm<F: Value>() {
        let x = blobs::<F>(400, 2, 3, 1);
        let far = Array2::from_elem((3, 2), F::from_f64(1e6));
        let mut harm = Vec::new();
        let mut attempt = |story: String, attempt: &dyn Fn() -> Result<(), Error>| {
            if catch_unwind(AssertUnwindSafe(attempt)).is_err() {
                harm.push(story);
            }
        };
        for start in [None, Some(&far)] {
            let kmeans = KMeans::new(3).init(Init::Parallel).n_init(2).max_iter(3);
            let mut driver = Fit::new(&kmeans, &x, start).driver();
            let mut kinds = Vec::new();
            while let Some(request) = driver.request().cloned() {
                let kind = request.kind();
                let [first, second] =
                    [0..256, 256..400].map(|rows| answer_of(&request, &x, &[rows]).unwrap());
                let is_new = !kinds.contains(&kind);
                kinds.push(kind);
                for (story, driver) in is_new.then(|| damaged(&driver)).into_iter().flatten() {
                    for passes in [0, 3] {
                        let story = format!("driver, {kind:?}, {passes} passes: {story}");
                        attempt(story, &|| go_on(driver.clone(), &x, passes));
                    }
                }
                for (story, request) in is_new.then(|| damaged(&request)).into_iter().flatten() {
                    let story = format!("request, {kind:?}: {story}");
                    attempt(story, &|| answer_of(&request, &x, &[0..256]).map(drop));
                }
                let merged = |a: &Answer<F>, b: &Answer<F>| {
                    let (mut merged, mut driver) = (a.clone(), driver.clone());
                    merged.merge(b.clone())?;
                    driver.accept(merged)?;
                    Ok::<_, Error>(driver)
                };
                for (story, answer) in is_new.then(|| damaged(&first)).into_iter().flatten() {
                    for (a, b) in [(&answer, &second), (&second, &answer)] {
                        let story = format!("answer, {kind:?}: {story}");
                        attempt(story, &|| go_on(merged(a, b)?, &x, 2));
                    }
                }
                driver = merged(&first, &second).unwrap();
            }
        }
        assert!(harm.is_empty(), "{}: {harm:#?}", harm.len());
    }

    for_both_types!(damage_does_no_harm);
}

/// Weights that are left out in a later pass are noticed.
#[test]
fn other_weights_than_in_the_first_pass_are_refused() {
    let x = lattice::<f64>(300, 2, 1);
    let weights = Array1::from_shape_fn(300, |i| 0.1 + (i % 7) as f64);
    let part = Part::new(0, 300).unwrap();
    let mut driver = Driver::new(&KMeans::new(3).n_init(1), 2).unwrap();
    let step = |driver: &mut Driver<f64>, weights: Option<&Array1<f64>>| {
        let mut options = PartOptions::new();
        if let Some(weights) = weights {
            options = options.weights(weights);
        }
        let request = driver.request().unwrap();
        let mut source = ArrayBlocks::new(&x, 300);
        let answer = request.answer_with(part, &mut source, options).unwrap();
        driver.accept(answer)
    };
    while driver.request().unwrap().kind() != RequestKind::Assign {
        step(&mut driver, Some(&weights)).unwrap();
    }
    assert_eq!(step(&mut driver, None), Err(Error::WeightsChanged));
    let most = weights.mapv(|weight| weight + 1e-12);
    assert_eq!(step(&mut driver, Some(&most)), Err(Error::WeightsChanged));
    assert!(step(&mut driver, Some(&weights)).is_ok());
}

/// The sums of a cluster from which a row is taken are exact, too.
#[test]
fn means_are_exact_where_a_row_goes_to_an_empty_cluster() {
    let (x, start) = (array![[1.0], [2.0], [3.0], [1e17]], array![[0.0], [-1e18]]);
    let kmeans = KMeans::new(2).max_iter(1);
    let options = || FitOptions::new().initial_centroids(&start);
    let expected = array![[2.0], [1e17]];
    assert_eq!(
        kmeans.fit_with(&x, options()).unwrap().centroids(),
        expected
    );
    let mut source = ArrayBlocks::new(&x, 2);
    let blocks = kmeans.fit_blocks_with(&mut source, options()).unwrap();
    assert_eq!(blocks.centroids(), expected);
}

/// The parts cover all rows, begin at blocks, and are about as many as asked for.
#[test]
fn rows_are_split_into_parts() {
    for n_rows in [0, 1, 255, 256, 257, 1000, 25_600] {
        for n_parts in [0, 1, 2, 7, 100, u64::MAX] {
            let parts: Vec<Part> = Part::split(n_rows, n_parts).collect();
            let mut end = 0;
            for part in &parts {
                assert_eq!((part.first_row(), part.first_row() % Part::ALIGN), (end, 0));
                end += part.n_rows();
            }
            assert_eq!(end, n_rows);
            assert!(parts.len() as u64 <= n_parts.max(1), "{n_rows} {n_parts}");
        }
    }
}

/// Rows in any memory order, weights at any stride, and a part without weight.
#[test]
fn parts_of_any_layout_and_weight_are_answered() {
    let columns = blobs::<f64>(600, 3, 4, 2)
        .t()
        .as_standard_layout()
        .into_owned();
    let x = columns.t();
    let twice = Array1::from_shape_fn(1200, |i| if i < 512 { 0.0 } else { 0.5 + (i % 5) as f64 });
    let weights = twice.slice(s![..;2]);
    let start = spread_rows(&x.to_owned(), 4);
    let kmeans = KMeans::new(4);
    let mut driver = Driver::new(&kmeans, 3).unwrap();
    driver = driver.initial_centroids(&start).unwrap();
    while let Some(request) = driver.request() {
        let answers = Part::split(600, 3).map(|part| {
            let rows = part.first_row() as usize..(part.first_row() + part.n_rows()) as usize;
            let (of_part, weights) = (x.slice(s![rows.clone(), ..]), weights.slice(s![rows]));
            let options = PartOptions::new().weights(&weights);
            let mut source = ArrayBlocks::new(&of_part, 100);
            request.answer_with(part, &mut source, options).unwrap()
        });
        let merged = answers.reduce(|mut all, next| {
            all.merge(next).unwrap();
            all
        });
        driver.accept(merged.unwrap()).unwrap();
    }
    let options = FitOptions::new()
        .weights(&weights)
        .initial_centroids(&start);
    let expected = kmeans.fit_with(&x, options.keep_labels(false)).unwrap();
    assert_eq!(driver.model(), Some(expected));
}
