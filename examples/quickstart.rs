//! Five blobs: fit, labels of new points, distances, soft assignment.
//!
//! ```text
//! cargo run --release --example quickstart
//! ```
#![allow(
    clippy::print_stdout,
    reason = "a program talks to the person who runs it"
)]

use centroid::KMeans;
use centroid::datasets::make_blobs;
use ndarray::array;

fn main() -> Result<(), centroid::Error> {
    let centers = array![
        [0.2, 2.3],
        [-1.5, 2.3],
        [-2.8, 1.8],
        [-2.8, 2.8],
        [-2.8, 1.3]
    ];
    let (x, _) = make_blobs(2000, &centers, &[0.4, 0.3, 0.1, 0.1, 0.1], 7)?;

    let model = KMeans::new(5).n_init(10).seed(42).fit(&x)?;
    println!("centroids:\n{:.3}", model.centroids());
    println!("sizes: {}", model.cluster_sizes());
    println!(
        "inertia: {:.2} after {} iterations",
        model.inertia(),
        model.n_iter()
    );

    let new = array![[0.0, 2.0], [3.0, 2.0], [-3.0, 3.0], [-3.0, 2.5]];
    println!("\nnew points:\n{new:.1}");
    println!("labels: {}", model.predict(&new)?);
    println!("distances to the centroids:\n{:.3}", model.transform(&new)?);
    println!(
        "affinities, exp(-d^2):\n{:.3}",
        model.affinities(&new, 1.0)?
    );
    Ok(())
}
