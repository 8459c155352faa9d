//! Chooses the number of clusters, for five blobs and for the colours of a photograph.
//!
//! ```text
//! cargo run --release --example choose_k
//! cargo run --release --example choose_k -- --input photo.jpg --most 20
//! cargo run --release --features plot --example choose_k
//! ```
//!
//! The inertia always falls as clusters are added, so its minimum says nothing. Its elbow marks the number
//! from which more clusters bring little. The silhouette is best where clusters are well separated. The gap
//! statistic compares the inertia with that of data without clusters. On the blobs they disagree: two of
//! the five nearly touch others, so the silhouette prefers two wide groups, while the elbow is at four or
//! five.
//!
//! The program chooses the number with the best silhouette, and also reports the elbow.
//!
//! With `--features plot` it also draws its results: elbows, silhouette scores, and the silhouettes of all
//! points for two to seven clusters.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to the person who runs it"
)]

#[cfg(feature = "plot")]
#[path = "choose_k/pictures.rs"]
mod pictures;

mod gallery;
mod workspace;

use std::ops::{ControlFlow, RangeInclusive};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use centroid::metrics::{silhouette_by_cluster, silhouette_samples};
use centroid::selection::{Silhouettes, Sweep, SweepEntry, SweepOptions, gap_statistic, sweep};
use centroid::{Float, KMeans};
use clap::Parser;
use gallery::Result;
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::Array2;

/// Chooses the number of clusters, for five blobs and for the colours of a photograph.
#[derive(Parser)]
struct Arguments {
    /// A PNG or JPEG file [default: a photograph of a flower that comes with the crate]
    #[arg(long)]
    input: Option<PathBuf>,
    /// The largest number of colours to try
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(2..))]
    most: u16,
    /// Number of restarts for each number of clusters
    #[arg(long, default_value_t = 10)]
    n_init: usize,
    /// Number of pixels whose silhouettes are computed, each with respect to all other pixels
    #[arg(long, default_value_t = 2000)]
    sample: usize,
    /// Random seed
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// The folder for pictures [default: target/gallery in the crate]
    #[cfg(feature = "plot")]
    #[arg(long)]
    out: Option<PathBuf>,
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
    let default = workspace::path("examples/data/flower.jpg");
    let photo = arguments.input.clone().unwrap_or(default);
    let pixels = read_pixels(&photo)?;
    let kmeans = KMeans::new(2).n_init(arguments.n_init).seed(arguments.seed);

    let (blobs, _) = gallery::data_set("blobs500")?;
    println!("500 points in five blobs\n");
    let of_blobs = swept(&kmeans, &blobs, 2..=10, Silhouettes::Exact)?;
    println!("{of_blobs}");
    println!("{}\n", choice(&of_blobs));
    let gap = gap_statistic(&kmeans, &blobs, 1..=10, 20, arguments.seed)?;
    println!("{gap}\n");
    if let Some(elbow) = of_blobs.elbow() {
        print_clusters(&of_blobs, &blobs, elbow)?;
    }

    println!("\n{}: {} pixels\n", photo.display(), pixels.nrows());
    let silhouettes = Silhouettes::Sampled {
        sample_size: arguments.sample,
        seed: arguments.seed,
    };
    let of_colours = swept(&kmeans, &pixels, 2..=arguments.most.into(), silhouettes)?;
    println!("{of_colours}");
    println!("{}", choice(&of_colours));
    #[cfg(feature = "plot")]
    pictures::draw(
        &gallery::folder(&arguments.out)?,
        &blobs,
        &of_blobs,
        &of_colours,
    )?;
    Ok(())
}

/// Runs the sweep with a progress bar.
fn swept<F: Float>(
    kmeans: &KMeans,
    x: &Array2<F>,
    numbers: RangeInclusive<usize>,
    silhouettes: Silhouettes,
) -> Result<Sweep<F>> {
    let bar = ProgressBar::new(numbers.clone().count() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {pos} of {len} fits, {elapsed}",
    )?);
    let mut observer = |_: &SweepEntry<F>| {
        bar.inc(1);
        ControlFlow::Continue(())
    };
    let options = SweepOptions::new()
        .silhouettes(silhouettes)
        .observer(&mut observer);
    let swept = sweep(kmeans, x, numbers, options);
    bar.finish_and_clear();
    Ok(swept?)
}

/// A line about the chosen number of clusters, the one with the best silhouette, and the elbow.
fn choice<F: Float>(sweep: &Sweep<F>) -> String {
    let Some(chosen) = sweep.best_silhouette() else {
        return "chosen: none, because there are no silhouettes".to_owned();
    };
    let elbow = match sweep.elbow() {
        None => "there is no elbow".to_owned(),
        Some(elbow) if elbow == chosen => "the elbow is there too".to_owned(),
        Some(elbow) => format!("the elbow is at k = {elbow}"),
    };
    format!("chosen: k = {chosen}, where the silhouette is best ({elbow})")
}

/// Prints the size and the silhouettes of each cluster, which shows the poor ones.
fn print_clusters<F: Float>(sweep: &Sweep<F>, x: &Array2<F>, n_clusters: usize) -> Result<()> {
    let model = sweep.model(n_clusters).ok_or("there is no such model")?;
    let labels = &model.labels();
    println!("the {n_clusters} clusters at the elbow");
    println!("label  size  silhouette  below the mean of all");
    for cluster in silhouette_by_cluster(&silhouette_samples(x, labels)?, labels)? {
        let (label, size) = (cluster.label, cluster.size);
        let below = 100.0 * cluster.below_mean;
        println!("{label:>5} {size:>5} {:>11.3} {below:>6.0}%", cluster.mean);
    }
    Ok(())
}

/// One row for each pixel: red, green and blue, each between 0 and 1.
fn read_pixels(path: &Path) -> Result<Array2<f32>> {
    let photo = image::open(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?
        .into_rgb32f();
    let n = photo.width() as usize * photo.height() as usize;
    Ok(Array2::from_shape_vec((n, 3), photo.into_raw())?)
}
