//! Clusters as features: 1,797 images of handwritten digits, described by their similarity to clusters.
//!
//! ```text
//! cargo run --release --example digits_preprocessing
//! cargo run --release --example digits_preprocessing -- --coarse 20,40,80 --seeds 3
//! cargo run --release --features plot --example digits_preprocessing
//! ```
//!
//! Logistic regression separates classes with linear borders. With pixels as features this is not enough,
//! because each digit is written in several ways. K-means finds these ways. How much an image belongs to
//! each of them gives features for which linear borders work better. The number of clusters is chosen by
//! cross-validation of the classifier: first among numbers far apart, then around the best one.
//!
//! The steps follow chapter 9 of A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and
//! TensorFlow*. The book's accuracies, which are for one split of the same images, are printed next to those
//! found here: the mean, the minimum and the maximum over several seeds, each with its own split and its own
//! search. The features in the book are the distances to the centroids (`transform`). Here they are soft
//! assignments, `affinities` divided by their sum. The result with distances is also printed.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to the person who runs it"
)]

mod digits;
#[path = "../gallery/mod.rs"]
mod gallery;
#[path = "../workspace/mod.rs"]
mod workspace;

use std::ops::ControlFlow;
use std::process::ExitCode;

use centroid::selection::{FoldScore, Folds, GridOptions, GridSearch, grid_search_with};
use centroid::{KMeans, KMeansModel};
use clap::Parser;
use digits::{Classifier, Digits, Figures, progress};
use gallery::Result;
use indicatif::ProgressBar;
use ndarray::Array2;

/// Trains a classifier of digits with clusters found by k-means as features.
#[derive(Parser)]
struct Arguments {
    /// Numbers of clusters to try first
    #[arg(long, value_delimiter = ',', default_values_t = [50, 100, 150, 200, 250, 300])]
    coarse: Vec<usize>,
    /// The step of the second search, which tries two numbers on each side of the best one
    #[arg(long, default_value_t = 15)]
    fine: usize,
    /// Number of folds of the cross-validation
    #[arg(long, default_value_t = 3)]
    folds: usize,
    /// How fast the affinity falls with the squared distance, for grey levels from 0 to 16
    #[arg(long, default_value_t = 0.01)]
    gamma: f64,
    /// Number of seeds, each with its own split into training and test images
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    seeds: u16,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Number of restarts of k-means
    #[arg(long, default_value_t = 1)]
    n_init: usize,
    /// Number of images to use [default: all]
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    images: usize,
    /// The folder for pictures [default: target/gallery in the crate]
    #[cfg(feature = "plot")]
    #[arg(long)]
    out: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let digits = Digits::read(arguments.images)?;
    let per_seed = arguments.folds.saturating_mul(arguments.coarse.len() + 5);
    let bar = progress(per_seed.saturating_mul(arguments.seeds.into()), "fits")?;
    let mut outcomes = Vec::new();
    for seed in (0..arguments.seeds.into()).map(|i| arguments.seed.wrapping_add(i)) {
        outcomes.push(Outcome::new(&digits, seed, arguments, &bar)?);
    }
    bar.finish_and_clear();

    println!("{} images, {} seeds\n", digits.y.len(), arguments.seeds);
    println!("accuracies in cross-validation, for the first seed\n");
    println!("{}\n\n{}\n", outcomes[0].coarse, outcomes[0].fine);
    let numbers: Vec<String> = outcomes.iter().map(|o| o.n_clusters.to_string()).collect();
    println!("numbers of clusters found: {}\n", numbers.join(" "));
    let figures = |of: &dyn Fn(&Outcome) -> f64| Figures(outcomes.iter().map(of).collect());
    let title = "accuracy on a quarter of the images";
    println!(
        "{title:<37} {:>5}   {:>7}   {:>14}",
        "book", "here", "range"
    );
    println!(
        "{:<35} {:>5.1} %   {}",
        "pixels",
        96.7,
        figures(&|o| o.pixels)
    );
    println!(
        "{:<35} {:>5.1} %   {}",
        "soft assignments to clusters",
        99.1,
        figures(&|o| o.soft)
    );
    println!(
        "{:<35} {:>5}     {}",
        "distances to the same centroids",
        "",
        figures(&|o| o.distances)
    );
    #[cfg(feature = "plot")]
    draw(&outcomes[0], arguments)?;
    Ok(())
}

/// Draws the accuracies in cross-validation by number of clusters, for both searches of the first seed.
#[cfg(feature = "plot")]
fn draw(outcome: &Outcome, arguments: &Arguments) -> Result<()> {
    use centroid::plot::{Curve, CurveOptions, scores};

    let entries = outcome
        .coarse
        .entries()
        .iter()
        .chain(outcome.fine.entries());
    let mut points: Vec<_> = entries
        .map(|entry| (entry.value, entry.mean, entry.standard_deviation))
        .collect();
    points.sort_by_key(|point| point.0);
    points.dedup_by_key(|point| point.0);
    let best = outcome.n_clusters;
    let curve = Curve::new(points.iter().map(|point| (point.0 as f64, point.1)))
        .errors(points.iter().map(|point| point.2))
        .marked(best as f64, format!("best at k = {best}"));
    let options = CurveOptions::new()
        .title("Digits: soft assignments to clusters as features")
        .axes(["number of clusters k", "accuracy in cross-validation"]);
    let path = gallery::folder(&arguments.out)?.join("digits-accuracy.svg");
    scores(&path, &curve, options)?;
    println!("\nwrote {}", path.display());
    Ok(())
}

/// The result of one seed: the searches, and the accuracies on the test images.
struct Outcome {
    coarse: GridSearch<usize>,
    fine: GridSearch<usize>,
    n_clusters: usize,
    pixels: f64,
    soft: f64,
    distances: f64,
}

impl Outcome {
    fn new(digits: &Digits, seed: u64, arguments: &Arguments, bar: &ProgressBar) -> Result<Self> {
        let (train, test) = digits.split(seed)?;
        let coarse = search(
            arguments.coarse.iter().copied(),
            &train,
            seed,
            arguments,
            bar,
        )?;
        let best = coarse
            .best()
            .ok_or("no number of clusters can be scored")?
            .value;
        let around = [-2, -1, 0, 1, 2].map(|step: isize| {
            best.saturating_add_signed(step.saturating_mul(arguments.fine.cast_signed()))
        });
        // At most as many clusters as there are rows to fit, which are the rows outside one fold.
        let most = train.y.len() - train.y.len().div_ceil(arguments.folds.max(1));
        let around = around.into_iter().filter(|k| (1..=most).contains(k));
        let fine = search(around, &train, seed, arguments, bar)?;
        let n_clusters = fine
            .best()
            .ok_or("no number of clusters can be scored")?
            .value;

        let model = kmeans(n_clusters, seed, arguments).fit(&train.x)?;
        let accuracy = |features: &dyn Fn(&Array2<f64>) -> Result<Array2<f64>>| {
            let classifier = Classifier::fit(&features(&train.x)?, &train.y)?;
            classifier.accuracy(&features(&test.x)?, &test.y)
        };
        Ok(Self {
            coarse,
            fine,
            n_clusters,
            pixels: accuracy(&|x| Ok(x.clone()))?,
            soft: accuracy(&|x| soft_assignments(&model, x, arguments.gamma))?,
            distances: accuracy(&|x| Ok(model.transform(x)?))?,
        })
    }
}

fn kmeans(n_clusters: usize, seed: u64, arguments: &Arguments) -> KMeans {
    KMeans::new(n_clusters).n_init(arguments.n_init).seed(seed)
}

/// How much each image belongs to each cluster, `n x k`. The rows sum to 1.
fn soft_assignments(model: &KMeansModel<f64>, x: &Array2<f64>, gamma: f64) -> Result<Array2<f64>> {
    let mut affinities = model.affinities(x, gamma)?;
    for mut row in affinities.rows_mut() {
        let sum = row.sum();
        if sum > 0.0 {
            row.mapv_inplace(|affinity| affinity / sum);
        }
    }
    Ok(affinities)
}

/// Scores numbers of clusters by cross-validation. Clusters and classifier see only the training rows.
fn search(
    numbers: impl IntoIterator<Item = usize>,
    digits: &Digits,
    seed: u64,
    arguments: &Arguments,
    bar: &ProgressBar,
) -> Result<GridSearch<usize>> {
    let folds = Folds::stratified(&digits.y, arguments.folds)?;
    let mut observer = |_: &FoldScore| {
        bar.inc(1);
        ControlFlow::Continue(())
    };
    let options = GridOptions::new().observer(&mut observer);
    grid_search_with(numbers, &folds, seed, options, |&k, train, test| {
        let (train, test) = (digits.select(train), digits.select(test));
        let model = kmeans(k, seed, arguments).fit(&train.x)?;
        let features = |x| soft_assignments(&model, x, arguments.gamma);
        let classifier = Classifier::fit(&features(&train.x)?, &train.y)?;
        classifier.accuracy(&features(&test.x)?, &test.y)
    })
}
