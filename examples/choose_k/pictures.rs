//! The sweeps as pictures.

use std::path::Path;

use centroid::metrics::silhouette_samples;
use centroid::plot::{self, CurveOptions, SilhouetteOptions};
use centroid::selection::Sweep;
use ndarray::Array2;

use super::gallery::Result;

pub(crate) fn draw(
    out: &Path,
    blobs: &Array2<f64>,
    of_blobs: &Sweep<f64>,
    of_colours: &Sweep<f32>,
) -> Result<()> {
    let title = |title: &str| CurveOptions::new().title(title);
    let path = out.join("blobs-elbow.svg");
    plot::elbow(&path, of_blobs, title("Five blobs: inertia"))?;
    let path = out.join("blobs-silhouette-scores.svg");
    plot::silhouette_scores(&path, of_blobs, title("Five blobs: silhouettes"))?;
    draw_silhouettes(&out.join("blobs-silhouettes.svg"), blobs, of_blobs)?;
    let path = out.join("colours-elbow.svg");
    plot::elbow(&path, of_colours, title("Colours of a photograph: inertia"))?;
    let path = out.join("colours-silhouette-scores.svg");
    plot::silhouette_scores(
        &path,
        of_colours,
        title("Colours of a photograph: silhouettes of a sample"),
    )?;
    println!("\nwrote 5 pictures to {}", out.display());
    Ok(())
}

/// Draws one diagram for each number of clusters from two to seven.
fn draw_silhouettes(path: &Path, x: &Array2<f64>, sweep: &Sweep<f64>) -> Result<()> {
    let models = (2..=7).filter_map(|n_clusters| sweep.model(n_clusters));
    let models: Vec<_> = models.collect();
    let samples: centroid::Result<Vec<_>> = models
        .iter()
        .map(|model| silhouette_samples(x, &model.labels()))
        .collect();
    let samples = samples?;
    let diagrams = samples.iter().zip(&models);
    let diagrams: Vec<_> = diagrams
        .map(|(samples, model)| (samples.view(), model.labels()))
        .collect();
    let options = SilhouetteOptions::new()
        .size(1200, 760)
        .title("Five blobs: silhouettes of all points")
        .columns(Some(3));
    plot::silhouette_diagrams(path, &diagrams, options)?;
    Ok(())
}
