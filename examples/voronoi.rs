//! Five blobs, and the regions into which k-means divides the plane.
//!
//! ```text
//! cargo run --release --features plot --example voronoi
//! ```
//!
//! On the left, the points are coloured by the blob that they were drawn from. On the right, they are
//! coloured by their nearest centroid, and the regions have straight borders halfway between centroids.
//! K-means does not model the widths of the blobs, so it assigns some points near a border to the wrong one.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to the person who runs it"
)]

mod gallery;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use centroid::KMeans;
use centroid::metrics::adjusted_rand_score;
use centroid::plot::{self, ClustersOptions, VoronoiOptions};
use clap::Parser;
use gallery::Result;
use ndarray::{Array1, Array2};

/// Draws five blobs and the decision regions of k-means.
#[derive(Parser)]
struct Arguments {
    /// Number of clusters
    #[arg(long, default_value_t = 5)]
    clusters: usize,
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
    let (x, blobs) = gallery::data_set("blobs500")?;
    let kmeans = KMeans::new(arguments.clusters)
        .n_init(10)
        .seed(arguments.seed);
    let model = kmeans.fit(&x)?;
    let labels = model.labels();
    println!("500 points in five blobs, {} clusters", model.n_clusters());
    println!(
        "inertia {:.2} after {} iterations",
        model.inertia(),
        model.n_iter()
    );
    let agreement = adjusted_rand_score(&blobs, &labels)?;
    println!("adjusted Rand score of blobs and labels: {agreement:.3}");

    let blobs = numbered_as(&labels.to_owned(), &blobs);
    let path = gallery::folder(&arguments.out)?.join("voronoi.svg");
    plot::save(&path, (1200, 520), |page| {
        let parts = page.split_evenly((1, 2));
        let options = ClustersOptions::new().title("The blobs that the points were drawn from");
        plot::clusters(&parts[0], &x, &blobs, None, options)?;
        let options = VoronoiOptions::new().title("The clusters that k-means finds");
        plot::voronoi(&parts[1], &x, &labels, &model.centroids(), options)
    })?;
    println!("wrote {}", path.display());
    Ok(())
}

/// Renumbers the blobs so that the colours of both pictures match. Each blob gets the number of the
/// cluster that has most of its points, among the clusters not yet taken by an earlier blob.
fn numbered_as(labels: &Array1<usize>, blobs: &Array1<usize>) -> Array1<usize> {
    let count = |of: &Array1<usize>| of.iter().max().map_or(0, |&label| label + 1);
    let n = count(labels).max(count(blobs));
    let mut shared = Array2::<usize>::zeros((n, n));
    for (&blob, &label) in blobs.iter().zip(labels) {
        shared[[blob, label]] += 1;
    }
    let mut free: Vec<usize> = (0..n).collect();
    let mut numbers = Vec::new();
    for of_blob in shared.rows() {
        let most = free.iter().copied().max_by_key(|&label| of_blob[label]);
        numbers.extend(most);
        free.retain(|&label| Some(label) != most);
    }
    blobs.mapv(|blob| numbers[blob])
}
