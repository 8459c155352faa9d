//! Literal digests of fits, which are the same with every set of kernels. A change of a single bit of a label,
//! a centroid or an inertia fails here.
//!
//! `CENTROID_UPDATE_DIGESTS=1 cargo test digests` rewrites them, for a change that is meant to change bits.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Numbers, blobs, lattice, small_weights, spread_rows};
use centroid::datasets::{make_blobs, make_circles, make_moons, uniform_centers};
use centroid::init::kmeans_plusplus;
use centroid::metrics::{
    calinski_harabasz_score, davies_bouldin_score, silhouette_score, silhouette_score_sampled,
    simplified_silhouette_samples, sq_euclidean_silhouette_samples,
};
use centroid::selection::{Folds, SweepOptions, gap_statistic, sweep};
use centroid::semi_supervised::{Propagation, label_requests, propagate};
use centroid::{
    Algorithm, ArrayBlocks, ClusterSums, FitOptions, Float, Init, KMeans, KMeansModel,
    MiniBatchKMeans,
};
use ndarray::{Array1, Array2, ArrayRef2, s};

/// The 64-bit hash of Fowler, Noll and Vo.
struct Digest(u64);

impl Digest {
    fn of(values: impl IntoIterator<Item = u64>) -> u64 {
        let mut digest = Self(0xcbf2_9ce4_8422_2325);
        for byte in values.into_iter().flat_map(u64::to_le_bytes) {
            digest.0 = (digest.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        digest.0
    }

    fn of_floats<F: Float>(values: impl IntoIterator<Item = F>) -> u64 {
        Self::of(values.into_iter().map(|value| value.to_f64().to_bits()))
    }

    fn of_counts(values: impl IntoIterator<Item = usize>) -> u64 {
        Self::of(values.into_iter().map(|value| value as u64))
    }

    fn of_model<F: Float>(model: &KMeansModel<F>) -> u64 {
        let counts = model.labels().into_iter().chain(model.cluster_sizes());
        let counts = counts.map(|&count| count as u64);
        let centroids = model.centroids();
        let centroids = centroids.iter().map(|x| x.to_f64().to_bits());
        let rest = [model.inertia().to_bits(), model.n_iter() as u64];
        Self::of(counts.chain(centroids).chain(rest))
    }
}

/// Digests with their names, one per line.
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, digest: u64) {
        writeln!(self.0, "{name} {digest:016x}").unwrap();
    }
}

const ENGINES: [Algorithm; 4] = [
    Algorithm::Auto,
    Algorithm::Lloyd,
    Algorithm::Filtering,
    Algorithm::Yinyang,
];

/// The data sets: name, rows, features, clusters.
const SHAPES: [(&str, usize, usize, usize); 8] = [
    ("few", 60, 1, 4),
    ("flat", 2000, 2, 6),
    ("colours", 9000, 3, 40),
    ("four", 3000, 4, 17),
    ("tens", 2000, 16, 40),
    ("wide", 1200, 67, 33),
    ("sketched", 1100, 210, 40),
    ("sketched-finely", 1100, 400, 48),
];

fn fractional_weights<F: Float>(n: usize) -> Array1<F> {
    let mut numbers = Numbers::new(9);
    (0..n).map(|_| F::from_f64(numbers.uniform())).collect()
}

fn model<F: Float>(kmeans: &KMeans, x: &ArrayRef2<F>, options: FitOptions<'_, F>) -> u64 {
    Digest::of_model(&kmeans.fit_with(x, options).unwrap())
}

fn of_fits<F: Float>(lines: &mut Lines, of: &str) {
    for (name, n, d, k) in SHAPES {
        let x = match name {
            "colours" => lattice::<F>(n, d, 5),
            _ => blobs::<F>(n, d, k.min(12), 3),
        };
        let kmeans = KMeans::new(k).n_init(2).seed(7);
        // Boxes rule out nothing in many features.
        let engines = ENGINES
            .iter()
            .filter(|&&engine| d < 100 || engine != Algorithm::Filtering);
        for &engine in engines {
            let kmeans = kmeans.clone().algorithm(engine);
            let digest = model(&kmeans, &x, FitOptions::new());
            lines.add(&format!("{of} {name} {engine:?}"), digest);
        }
        if name == "sketched" {
            continue;
        }
        let weights = small_weights(n);
        let whole = model(&kmeans, &x, FitOptions::new().weights(&weights));
        lines.add(&format!("{of} {name} whole weights"), whole);
        let weights = fractional_weights(n);
        let fractional = model(&kmeans, &x, FitOptions::new().weights(&weights));
        lines.add(&format!("{of} {name} fractional weights"), fractional);
        let start = spread_rows(&x, k);
        let options = FitOptions::new().initial_centroids(&start);
        let given = model(&kmeans.clone().tol(0.0), &x, options);
        lines.add(&format!("{of} {name} given start"), given);
        for init in [Init::Random, Init::Parallel] {
            let digest = model(&kmeans.clone().init(init), &x, FitOptions::new());
            lines.add(&format!("{of} {name} {init:?}"), digest);
        }
        let (rows, chosen) = kmeans_plusplus(&x, k, 11).unwrap();
        lines.add(&format!("{of} {name} plus plus"), Digest::of_counts(chosen));
        lines.add(
            &format!("{of} {name} plus plus rows"),
            Digest::of_floats(rows),
        );
    }
}

/// Values far from the origin, huge values, clusters that become empty, equal rows, another memory order.
fn of_hard_data<F: Float>(lines: &mut Lines, of: &str) {
    let x = blobs::<F>(2000, 6, 5, 8);
    let kmeans = KMeans::new(9).n_init(2).seed(3);
    let far = x.mapv(|x| x + F::from_f64(1e6));
    lines.add(
        &format!("{of} far"),
        model(&kmeans, &far, FitOptions::new()),
    );
    let huge = x.mapv(|x| x * F::from_f64(1e30));
    lines.add(
        &format!("{of} huge"),
        model(&kmeans, &huge, FitOptions::new()),
    );
    let mut start = spread_rows(&x, 9);
    start.slice_mut(s![4.., ..]).fill(F::from_f64(1e5));
    let options = FitOptions::new().initial_centroids(&start);
    lines.add(&format!("{of} empty clusters"), model(&kmeans, &x, options));
    let equal = Array2::from_shape_fn((700, 5), |(i, j)| F::from_f64((i % 6 * j) as f64));
    lines.add(
        &format!("{of} equal rows"),
        model(&kmeans, &equal, FitOptions::new()),
    );
    let columns = x.t().as_standard_layout().into_owned();
    lines.add(
        &format!("{of} columns"),
        model(&kmeans, &columns.t(), FitOptions::new()),
    );
    let mut inertias = Vec::new();
    let mut observer = |iteration: &centroid::Iteration| {
        inertias.extend([
            iteration.inertia,
            iteration.max_shift,
            iteration.reassigned as f64,
        ]);
        std::ops::ControlFlow::Continue(())
    };
    let options = FitOptions::new().observer(&mut observer);
    lines.add(&format!("{of} observed"), model(&kmeans, &x, options));
    lines.add(&format!("{of} observations"), Digest::of_floats(inertias));
}

fn of_batches<F: Float>(lines: &mut Lines, of: &str) {
    for (n, d, k) in [(6000, 2, 7), (5000, 20, 30)] {
        let x = blobs::<F>(n, d, k, 4);
        let batches = MiniBatchKMeans::new(k).batch_size(300).seed(5);
        let name = format!("{of} batches of {n} x {d}");
        let mut add = |story: &str, estimator: &MiniBatchKMeans, options: FitOptions<'_, F>| {
            let model = estimator.fit_with(&x, options).unwrap();
            lines.add(&format!("{name} {story}"), Digest::of_model(&model));
        };
        let weights = fractional_weights(n);
        add("plain", &batches, FitOptions::new());
        add("weights", &batches, FitOptions::new().weights(&weights));
        let random = batches.clone().init(Init::Random).reassignment_ratio(0.3);
        add("reassigned", &random, FitOptions::new());
        let growing = batches.clone().growing();
        add("growing", &growing, FitOptions::new());
        let weights = small_weights(n);
        add(
            "growing, weights",
            &growing,
            FitOptions::new().weights(&weights),
        );
        let mut stream = batches.clone().online();
        for block in x.axis_chunks_iter(ndarray::Axis(0), 270) {
            stream.partial_fit(&block).unwrap();
        }
        let model = stream.model().unwrap();
        lines.add(
            &format!("{name} stream"),
            Digest::of_floats(model.centroids().iter().copied()),
        );
    }
}

fn of_blocks<F: Float>(lines: &mut Lines, of: &str) {
    for (n, d, k) in [(3000, 3, 9), (2500, 40, 12)] {
        let x = blobs::<F>(n, d, k, 6);
        let kmeans = KMeans::new(k).n_init(2).seed(9);
        let name = format!("{of} blocks of {n} x {d}");
        let mut add = |story: &str, kmeans: &KMeans, options: FitOptions<'_, F>| {
            let mut source = ArrayBlocks::new(&x, 700);
            let model = kmeans.fit_blocks_with(&mut source, options).unwrap();
            lines.add(&format!("{name} {story}"), Digest::of_model(&model));
        };
        add("plain", &kmeans, FitOptions::new());
        add(
            "random",
            &kmeans.clone().init(Init::Random),
            FitOptions::new(),
        );
        let (whole, fractional) = (small_weights(n), fractional_weights(n));
        add("whole weights", &kmeans, FitOptions::new().weights(&whole));
        add(
            "fractional weights",
            &kmeans,
            FitOptions::new().weights(&fractional),
        );
        let start = spread_rows(&x, k);
        add(
            "given start",
            &kmeans,
            FitOptions::new().initial_centroids(&start),
        );
        let mut sums = ClusterSums::new(k, d).unwrap();
        sums.add(&x, &start).unwrap();
        let mut more = ClusterSums::new(k, d).unwrap();
        more.add_weighted(&x, &fractional, &start).unwrap();
        lines.add(
            &format!("{name} sums"),
            Digest::of_floats(sums.centroids(&start).unwrap()),
        );
        sums.merge(&more).unwrap();
        let merged = sums.centroids(&start).unwrap();
        lines.add(&format!("{name} merged sums"), Digest::of_floats(merged));
        lines.add(&format!("{name} inertia of sums"), sums.inertia().to_bits());
    }
}

/// Rounds a score whose last digits depend on the instruction set.
fn rounded(score: f64) -> u64 {
    (score * 1e4).round().to_bits()
}

fn of_the_rest<F: Float>(lines: &mut Lines, of: &str) {
    let mut add = |name: &str, digest| lines.add(&format!("{of} {name}"), digest);
    let (x, y) = (blobs::<F>(900, 5, 6, 2), blobs::<F>(300, 5, 6, 3));
    let kmeans = KMeans::new(6).n_init(3).seed(1);
    let model = kmeans.fit(&x).unwrap();
    add("predict", Digest::of_counts(model.predict(&y).unwrap()));
    add("transform", Digest::of_floats(model.transform(&y).unwrap()));
    add(
        "affinities",
        Digest::of_floats(model.affinities(&y, 0.1).unwrap()),
    );
    add("score", model.score(&y).unwrap().to_bits());
    add(
        "representatives",
        Digest::of_counts(model.representatives(&x).unwrap()),
    );
    add(
        "outlier scores",
        Digest::of_floats(model.outlier_scores(&y).unwrap()),
    );
    let requests = label_requests(&model, &x).unwrap();
    add(
        "requests",
        Digest::of_counts(requests.iter().map(|request| request.row)),
    );
    let propagated = propagate(&model, &x, &[0, 1, 2, 3, 4, 5], Propagation::All).unwrap();
    add(
        "confidences",
        Digest::of_floats(propagated.confidences().to_vec()),
    );
    let labels = model.labels().to_owned();
    add(
        "calinski",
        calinski_harabasz_score(&x, &labels).unwrap().to_bits(),
    );
    add(
        "davies",
        davies_bouldin_score(&x, &labels).unwrap().to_bits(),
    );
    add(
        "simplified",
        Digest::of_floats(simplified_silhouette_samples(&x, &labels).unwrap()),
    );
    add(
        "squared",
        Digest::of_floats(sq_euclidean_silhouette_samples(&x, &labels).unwrap()),
    );
    add(
        "silhouette",
        rounded(silhouette_score(&x, &labels).unwrap()),
    );
    let sampled = silhouette_score_sampled(&x, &labels, 200, 5).unwrap();
    add("sampled silhouette", rounded(sampled.score));
    let sweep = sweep(&kmeans, &x, 2..=8, SweepOptions::new()).unwrap();
    let models = sweep
        .entries()
        .iter()
        .map(|entry| Digest::of_model(&entry.model));
    add("sweep", Digest::of(models));
    let gap = gap_statistic(&kmeans, &x, 1..=5, 4, 6).unwrap();
    add(
        "gap",
        Digest::of_floats(gap.entries().iter().map(|entry| entry.gap)),
    );
    let folds = Folds::stratified(&labels, 5).unwrap();
    add("folds", Digest::of_counts(folds.assign(4).unwrap()));
    let centers = uniform_centers::<F>(5, 3, 2).unwrap();
    add("centers", Digest::of_floats(centers.clone()));
    let (rows, labels) = make_blobs(500, &centers, &[0.5], 3).unwrap();
    add("blobs", Digest::of_floats(rows));
    add("labels of blobs", Digest::of_counts(labels));
    add(
        "moons",
        Digest::of_floats(make_moons::<F>(200, 0.1, 1).unwrap().0),
    );
    add(
        "circles",
        Digest::of_floats(make_circles::<F>(200, 0.5, 0.1, 1).unwrap().0),
    );
}

fn digests() -> String {
    fn of<F: Float>(lines: &mut Lines, of: &str) {
        of_fits::<F>(lines, of);
        of_hard_data::<F>(lines, of);
        of_batches::<F>(lines, of);
        of_blocks::<F>(lines, of);
        of_the_rest::<F>(lines, of);
    }
    let mut lines = Lines(String::new());
    of::<f32>(&mut lines, "f32");
    of::<f64>(&mut lines, "f64");
    lines.0
}

/// The variable that is set for the child processes of this test, one for each set of kernels.
const CHILD: &str = "CENTROID_PRINT_DIGESTS";

#[test]
fn digests_are_unchanged_with_every_set_of_kernels() {
    if std::env::var_os(CHILD).is_some() {
        std::fs::write(std::env::var_os(CHILD).unwrap(), digests()).unwrap();
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/digests.txt");
    let folder = tempfile::tempdir().unwrap();
    // All children run at once, to use the cores.
    let children = centroid::benchmarking::tables::<f32>()
        .into_iter()
        .map(|kernels| {
            let out = folder.path().join(kernels);
            let child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "digests::digests_are_unchanged_with_every_set_of_kernels",
                ])
                .env(CHILD, &out)
                .env("CENTROID_KERNELS", kernels)
                .stdout(Stdio::null())
                .spawn();
            (kernels, out, child.unwrap())
        });
    let mut updates = std::env::var("CENTROID_UPDATE_DIGESTS").is_ok_and(|value| value == "1");
    for (kernels, out, mut child) in children.collect::<Vec<_>>() {
        assert!(child.wait().unwrap().success(), "{kernels}");
        let found = std::fs::read_to_string(out).unwrap();
        // The others are compared with the first.
        if std::mem::take(&mut updates) {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap();
        let pairs = expected.lines().zip(found.lines());
        let changed: Vec<_> = pairs.filter(|(a, b)| a != b).collect();
        assert!(changed.is_empty(), "{kernels}: {changed:#?}");
        assert_eq!(expected.lines().count(), found.lines().count(), "{kernels}");
    }
}
