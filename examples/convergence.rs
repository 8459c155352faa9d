//! How the start affects the result: restarts of `Init::Random` against `Init::PlusPlus`.
//!
//! ```text
//! cargo run --release --features plot --example convergence
//! ```
//!
//! K-means reduces the inertia from its start until it reaches a local minimum. Random starts begin with a
//! higher inertia and end in many different minima. K-means++ spreads its centroids, begins with a lower
//! inertia, and usually takes fewer iterations. The second picture shows two such minima.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to the person who runs it"
)]

mod gallery;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use centroid::plot::{self, ConvergenceOptions, History, VoronoiOptions};
use centroid::{FitOptions, Init, KMeans, KMeansModel};
use clap::Parser;
use gallery::Result;
use ndarray::Array2;

/// Draws the inertia by iteration from several starts.
#[derive(Parser)]
struct Arguments {
    /// Number of clusters
    #[arg(long, default_value_t = 5)]
    clusters: usize,
    /// Number of restarts for each initialization
    #[arg(long, default_value_t = 20)]
    n_init: usize,
    /// The folder to write to [default: target/gallery in the crate]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Random seed
    #[arg(long, default_value_t = 42)]
    seed: u64,
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
    let (x, _) = gallery::data_set("blobs500")?;
    let out = gallery::folder(&arguments.out)?;
    println!("500 points in five blobs, {} clusters", arguments.clusters);
    println!(
        "{:<10} {:>9} {:>9} {:>9}  iterations",
        "start", "best", "mean", "worst"
    );
    let (random, plus_plus) = (
        history(arguments, Init::Random, &x)?,
        history(arguments, Init::PlusPlus, &x)?,
    );
    let groups = [
        ("Random", random.restarts()),
        ("PlusPlus", plus_plus.restarts()),
    ];
    for (name, restarts) in groups {
        print_summary(name, restarts);
    }
    let path = out.join("convergence.svg");
    let title = format!("{} restarts of each kind, on five blobs", arguments.n_init);
    plot::convergence(&path, &groups, ConvergenceOptions::new().title(title))?;
    println!("wrote {}", path.display());

    let (best, worst) = valleys(arguments, &x)?;
    println!(
        "\nsingle random starts: inertia {:.2} to {:.2}",
        best.inertia(),
        worst.inertia()
    );
    let path = out.join("valleys.svg");
    plot::save(&path, (1200, 520), |page| {
        for (part, model) in page.split_evenly((1, 2)).iter().zip([best, worst]) {
            let title = format!("inertia {:.1}", model.inertia());
            let options = VoronoiOptions::new().title(title);
            plot::voronoi(part, &x, &model.labels(), &model.centroids(), options)?;
        }
        Ok(())
    })?;
    println!("wrote {}", path.display());
    Ok(())
}

/// The inertias of all restarts, each run until it converges.
fn history(arguments: &Arguments, init: Init, x: &Array2<f64>) -> Result<History> {
    let mut history = History::new();
    let mut observer = |iteration: &_| history.record(iteration);
    KMeans::new(arguments.clusters)
        .init(init)
        .n_init(arguments.n_init)
        .tol(0.0)
        .seed(arguments.seed)
        .fit_with(x, FitOptions::new().observer(&mut observer))?;
    Ok(history)
}

fn print_summary(name: &str, restarts: &[Vec<f64>]) {
    let ends = || {
        restarts
            .iter()
            .filter_map(|inertias| inertias.last().copied())
    };
    let mean = ends().sum::<f64>() / restarts.len() as f64;
    let (best, worst) = (
        ends().fold(f64::INFINITY, f64::min),
        ends().fold(0.0, f64::max),
    );
    let iterations: usize = restarts.iter().map(Vec::len).sum();
    let iterations = iterations as f64 / restarts.len() as f64;
    println!("{name:<10} {best:>9.1} {mean:>9.1} {worst:>9.1}  {iterations:.1} on average");
}

/// The best and the worst of several fits, each from one random start.
fn valleys(arguments: &Arguments, x: &Array2<f64>) -> Result<(KMeansModel<f64>, KMeansModel<f64>)> {
    let kmeans = KMeans::new(arguments.clusters).init(Init::Random).n_init(1);
    let seeds = (0..arguments.n_init as u64).map(|start| arguments.seed.wrapping_add(start));
    let models = seeds.map(|seed| kmeans.clone().seed(seed).fit(x));
    let mut models = models.collect::<centroid::Result<Vec<_>>>()?;
    models.sort_by(|a, b| a.inertia().total_cmp(&b.inertia()));
    let worst = models.pop().ok_or("n_init must be at least 1")?;
    let best = if models.is_empty() {
        worst.clone()
    } else {
        models.swap_remove(0)
    };
    Ok((best, worst))
}
