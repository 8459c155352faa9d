//! Pictures of the segmented photograph.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use centroid::plot::{self, CurveOptions, Image, ImageGridOptions};
use centroid::selection::{Silhouettes, Sweep, SweepEntry, SweepOptions, sweep};
use centroid::{KMeans, KMeansModel};
use image::RgbaImage;
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array2, Axis};

use super::{Arguments, Result};

/// The number of pixels whose silhouettes are computed, each with respect to all other pixels.
const SAMPLE: usize = 2_000;

/// The common prefix of the paths of all pictures.
pub(crate) fn stem(out: &Path, input: &Path) -> PathBuf {
    out.join(input.file_stem().unwrap_or_default())
}

/// Draws the segmented versions with captions, the silhouettes by number of clusters, and each segment of
/// the model at the elbow. Unlike in the fits, every visible pixel has the same weight here.
pub(crate) fn draw(
    arguments: &Arguments,
    stem: &Path,
    versions: &[(RgbaImage, String)],
    pixels: &Array2<f32>,
) -> Result<()> {
    let named = |what: &str| PathBuf::from(format!("{}-{what}", stem.display()));
    let photo = &versions[0].0;
    let images: plot::Result<Vec<_>> = versions
        .iter()
        .map(|(picture, caption)| Ok(as_image(picture)?.caption(caption)))
        .collect();
    plot::image_grid(
        named("segmented.png"),
        &images?,
        in_rows_of_three(versions.len()),
    )?;

    let visible: Vec<usize> = (0..pixels.nrows())
        .filter(|&pixel| photo.as_raw()[4 * pixel + 3] > 0)
        .collect();
    let pixels = &pixels.select(Axis(0), &visible);
    let most = 14.min(pixels.nrows());
    if most < 3 {
        println!("drew the versions; there are too few pixels for silhouettes");
        return Ok(());
    }
    let silhouettes = Silhouettes::Sampled {
        sample_size: SAMPLE,
        seed: arguments.seed,
    };
    let kmeans = KMeans::new(2).n_init(arguments.n_init).seed(arguments.seed);
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos} of {len}")?;
    let bar = ProgressBar::new(most as u64 - 1).with_style(style.progress_chars("=> "));
    bar.set_message("numbers of clusters");
    let mut observer = |_: &SweepEntry<f32>| {
        bar.inc(1);
        ControlFlow::Continue(())
    };
    let options = SweepOptions::new()
        .silhouettes(silhouettes)
        .observer(&mut observer);
    let found = sweep(&kmeans, pixels, 2..=most, options)?;
    bar.finish_and_clear();
    let title = "Silhouettes of a sample of pixels";
    plot::silhouette_scores(
        named("silhouettes.svg"),
        &found,
        CurveOptions::new().title(title),
    )?;

    let model = chosen(&found).ok_or("there is no number of clusters to choose")?;
    let segments = (0..model.n_clusters()).map(|label| alone(photo, model, label));
    let segments: Vec<_> = segments.collect();
    let images = segments.iter().enumerate().map(|(label, segment)| {
        let [r, g, b] = super::colour(model, label);
        let share = model.cluster_sizes()[label] as f64 / pixels.nrows() as f64;
        let caption = format!("#{r:02x}{g:02x}{b:02x} {:.1}%", 100.0 * share);
        Ok(as_image(segment)?.caption(caption))
    });
    let images: plot::Result<Vec<_>> = images.collect();
    let options = in_rows_of_three(segments.len());
    plot::image_grid(named("segments.png"), &images?, options)?;
    let paths = (0..segments.len()).map(|label| named(&format!("segment-{label}.png")));
    let files: Result<Vec<_>> = segments.iter().map(super::encode).collect();
    super::write_all(&paths.collect::<Vec<_>>(), &files?)?;
    println!(
        "drew the versions, the silhouettes for k = 2..={most}, and {} segments",
        model.n_clusters()
    );
    Ok(())
}

fn in_rows_of_three(n_images: usize) -> ImageGridOptions {
    let n_rows = u32::try_from(n_images.div_ceil(3)).unwrap_or(u32::MAX);
    ImageGridOptions::new()
        .size(1200, n_rows.saturating_mul(290))
        .columns(Some(3))
}

/// The model at the elbow, or the one with the best silhouette if there is no elbow.
fn chosen(sweep: &Sweep<f32>) -> Option<&KMeansModel<f32>> {
    sweep.model(sweep.elbow().or_else(|| sweep.best_silhouette())?)
}

/// The visible pixels of a segment, on white.
fn alone(photo: &RgbaImage, model: &KMeansModel<f32>, label: usize) -> RgbaImage {
    let mut segment = photo.clone();
    let mut labels = model.labels().into_iter();
    for pixel in segment.pixels_mut() {
        let is_of_it = pixel[3] > 0 && labels.next() == Some(&label);
        if !is_of_it {
            pixel.0 = [255; 4];
        }
    }
    segment
}

/// The picture on a white background.
fn as_image(picture: &RgbaImage) -> plot::Result<Image> {
    let on_white = |part: u8, opacity: u8| {
        let (part, opacity) = (u16::from(part), u16::from(opacity));
        ((part * opacity + 255 * (255 - opacity)) / 255) as u8
    };
    let pixels = picture.pixels();
    let rgb = pixels.flat_map(|pixel| [0, 1, 2].map(|part| on_white(pixel[part], pixel[3])));
    Image::rgb(
        picture.width() as usize,
        picture.height() as usize,
        rgb.collect(),
    )
}
