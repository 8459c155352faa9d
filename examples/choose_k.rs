//! How many clusters? Five blobs, and the colours of a photograph.
//!
//! ```text
//! cargo run --release --example choose_k
//! cargo run --release --example choose_k -- --input photo.jpg --most 20
//! cargo run --release --features plot --example choose_k
//! ```
//!
//! The inertia always falls with more clusters, so its least value says nothing. Its elbow tells where
//! more clusters stop paying, the silhouette which clusters are best apart, and the gap statistic what
//! data without clusters would give. On the blobs they disagree: two of the five nearly touch others,
//! so that the silhouette prefers two wide groups, while the elbow is at four or five.
//!
//! The program chooses the number of the best silhouette, and says where the elbow is beside it.
//!
//! With `--features plot` it also draws what it prints: elbows, silhouette scores, and the silhouettes of
//! all points for two to seven clusters.
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

/// Chooses the number of clusters of five blobs and of the colours of a photograph.
#[derive(Parser)]
struct Arguments {
    /// A PNG or JPEG file [default: a photograph of a flower that comes with the crate]
    #[arg(long)]
    input: Option<PathBuf>,
    /// The most colours to try
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(2..))]
    most: u16,
    /// Starts for each number of clusters, the best of which is kept
    #[arg(long, default_value_t = 10)]
    n_init: usize,
    /// Pixels whose silhouettes are computed, each beside all the others
    #[arg(long, default_value_t = 2000)]
    sample: usize,
    /// Seed of the random choices
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

/// The sweep, under a progress bar, and what is chosen.
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

/// The number that is chosen: that of the best silhouette, with the elbow beside it.
fn choice<F: Float>(sweep: &Sweep<F>) -> String {
    let Some(chosen) = sweep.best_silhouette() else {
        return "chosen: none, as there are no silhouettes".to_owned();
    };
    let beside = match sweep.elbow() {
        None => "and there is no elbow".to_owned(),
        Some(elbow) if elbow == chosen => "and the elbow is there too".to_owned(),
        Some(elbow) => format!("while the elbow is at k = {elbow}"),
    };
    format!("chosen: k = {chosen}, where the silhouette is best, {beside}")
}

/// Which clusters are the bad ones.
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

/// A row of red, green and blue for each pixel, each in 0 to 1.
fn read_pixels(path: &Path) -> Result<Array2<f32>> {
    let photo = image::open(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?
        .into_rgb32f();
    let n = photo.width() as usize * photo.height() as usize;
    Ok(Array2::from_shape_vec((n, 3), photo.into_raw())?)
}
