//! Finds unusual cases: cells of malignant breast tumours, compared with those of benign ones.
//!
//! ```text
//! cargo run --release --example anomalies
//! cargo run --release --example anomalies -- --clusters 8 --share 0.02
//! ```
//!
//! The rows are measurements of cell nuclei. K-means is fitted to half of the benign cases only. The distances
//! of these rows to their centroids define what is usual in each cluster, and the score that a small share of
//! them exceeds becomes the threshold. The other benign cases exceed it about as often. Malignant cases,
//! which were not part of the fit, exceed it far more often.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to the person who runs it"
)]

mod workspace;

use std::error::Error;
use std::process::ExitCode;

use centroid::KMeans;
use centroid::anomalies::{outlier_threshold, outliers};
use clap::Parser;
use ndarray::{Array1, Array2, Axis};

/// Marks unusual cases among measurements of cells.
#[derive(Parser)]
struct Arguments {
    /// Number of clusters
    #[arg(long, default_value_t = 4)]
    clusters: usize,
    /// The share of the fitted cases to count as unusual
    #[arg(long, default_value_t = 0.05)]
    share: f64,
    /// Number of restarts of k-means
    #[arg(long, default_value_t = 20)]
    n_init: usize,
    /// Random seed
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

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
    let (x, is_benign) = read()?;
    let benign: Vec<usize> = (0..x.nrows()).filter(|&row| is_benign[row]).collect();
    let malignant: Vec<usize> = (0..x.nrows()).filter(|&row| !is_benign[row]).collect();
    let known: Vec<usize> = benign.iter().copied().step_by(2).collect();
    let new: Vec<usize> = benign.iter().copied().skip(1).step_by(2).collect();

    // The features have different units, so each is standardized over the fitted cases.
    let fitted = x.select(Axis(0), &known);
    let mean = fitted.mean_axis(Axis(0)).ok_or("there are no rows")?;
    let deviation = fitted
        .std_axis(Axis(0), 0.0)
        .mapv(|s| if s > 0.0 { s } else { 1.0 });
    let scaled = |rows: &[usize]| (x.select(Axis(0), rows) - &mean) / &deviation;

    let fitted = scaled(&known);
    let kmeans = KMeans::new(arguments.clusters).n_init(arguments.n_init);
    let model = kmeans.seed(arguments.seed).fit(&fitted)?;
    let scores = model.outlier_scores(&fitted)?;
    let threshold = outlier_threshold(&scores, arguments.share)?;
    println!(
        "clusters of {} benign cases: {}",
        known.len(),
        model.cluster_sizes()
    );
    println!("scores above {threshold:.2} are unusual\n");

    println!("the most unusual of the fitted cases");
    println!("row  score  cluster");
    for place in outliers(&scores, arguments.share)? {
        let (row, score, label) = (known[place], scores[place], model.labels()[place]);
        println!("{row:>3} {score:>6.2} {label:>8}");
    }

    let spreads = model.cluster_spreads(&fitted)?;
    println!("\n{:<24} {:>5}   unusual", "cases", "rows");
    for (name, rows) in [
        ("benign, fitted", &known),
        ("benign, new", &new),
        ("malignant", &malignant),
    ] {
        let scores: Array1<f64> = model.outlier_scores_with(&scaled(rows), &spreads)?;
        let unusual = scores.iter().filter(|&&score| score > threshold).count();
        let percent = 100.0 * unusual as f64 / rows.len() as f64;
        println!("{name:<24} {:>5}   {percent:.1} %", rows.len());
    }
    Ok(())
}

/// Reads the measurements of 569 cases, and whether each is benign.
fn read() -> Result<(Array2<f64>, Vec<bool>)> {
    let path = workspace::path("tests/data/breast_cancer.csv");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let (mut values, mut is_benign) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (features, class) = line.rsplit_once(',').ok_or("a line has no comma")?;
        for value in features.split(',') {
            values.push(value.parse::<f64>()?);
        }
        is_benign.push(class.parse::<f64>()? > 0.0);
    }
    let (n, d) = (is_benign.len(), values.len() / is_benign.len().max(1));
    Ok((Array2::from_shape_vec((n, d), values)?, is_benign))
}
