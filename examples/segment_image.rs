//! Finds the colours of a photograph: k-means on its pixels, for several numbers of clusters.
//!
//! ```text
//! cargo run --release --example segment_image
//! cargo run --release --example segment_image -- --input photo.jpg --clusters 12,5 --out colours
//! cargo run --release --features plot --example segment_image
//! ```
//!
//! Each pixel is a row of three features: red, green and blue. A fit finds `k` centroids, which are
//! colours, and the segmented picture shows each pixel in the colour of its centroid. With ten
//! clusters the picture still looks like the original. With two, small areas of a strong colour are lost
//! in larger ones, because k-means prefers clusters of similar size.
//!
//! Each pixel is weighted by its opacity, so transparent pixels do not count. They stay unchanged.
//!
//! With `--features plot` it also draws the silhouettes for 2 to 14 clusters, and a separate picture of
//! each segment.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to the person who runs it"
)]

#[cfg(feature = "plot")]
#[path = "segment_image/pictures.rs"]
mod pictures;
mod workspace;

use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io::{Cursor, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use centroid::{FitOptions, Iteration, KMeans, KMeansModel};
use clap::Parser;
use image::imageops::{FilterType, overlay, resize};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgba, RgbaImage};
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array1, Array2};

/// Finds the colours of a photograph by k-means.
#[derive(Parser)]
struct Arguments {
    /// A PNG or JPEG file [default: a photograph of a flower that comes with the crate]
    #[arg(long)]
    input: Option<PathBuf>,
    /// Numbers of clusters
    #[arg(long, value_delimiter = ',', default_value = "10,8,6,4,2")]
    clusters: Vec<usize>,
    /// The folder to write to [default: target/segment_image in the crate, with pictures target/gallery]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Number of restarts for each number of clusters
    #[arg(long, default_value_t = 10)]
    n_init: usize,
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

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The default folder to write to, relative to the workspace.
const OUT: &str = if cfg!(feature = "plot") {
    "target/gallery"
} else {
    "target/segment_image"
};

fn run(arguments: &Arguments) -> Result<()> {
    let path_or = |given: &Option<PathBuf>, default| {
        given.clone().unwrap_or_else(|| workspace::path(default))
    };
    let input = path_or(&arguments.input, "examples/data/flower.jpg");
    let out = path_or(&arguments.out, OUT);
    let photo = read_photo(&input)?;
    let (pixels, weights) = as_rows(&photo);
    check_counts(arguments, &weights)?;
    let paths = picture_paths(&out, &input, &arguments.clusters);
    check_places(&out, &paths)?;

    let (width, height) = photo.dimensions();
    println!("{}: {width} x {height} pixels", input.display());
    let mut sheet = vec![thumbnail(&photo)];
    #[cfg(feature = "plot")]
    let mut captioned = vec![(photo.clone(), "the photograph".to_owned())];
    let mut files = Vec::new();
    for &n_clusters in &arguments.clusters {
        let (model, time) = fit(arguments, n_clusters, &pixels, &weights)?;
        print_palette(&model, &weights, time);
        let segmented = recolour(&photo, &model);
        sheet.push(thumbnail(&segmented));
        files.push(encode(&segmented)?);
        #[cfg(feature = "plot")]
        captioned.push((segmented, format!("{n_clusters} colours")));
    }
    files.push(encode(&contact_sheet(&sheet))?);
    write_all(&paths, &files)?;
    println!("\nwrote {} pictures to {}", files.len(), out.display());
    #[cfg(feature = "plot")]
    pictures::draw(
        arguments,
        &pictures::stem(&out, &input),
        &captioned,
        &pixels,
    )?;
    Ok(())
}

/// Adds what the program was doing to an error.
trait While<T> {
    fn doing(self, what: &str) -> Result<T>;
}

impl<T, E: Display> While<T> for std::result::Result<T, E> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|error| format!("cannot {what}: {error}").replace('\n', " ").into())
    }
}

/// Reads the photograph, and rotates it to its orientation.
fn read_photo(path: &Path) -> Result<RgbaImage> {
    let reading = &format!("read {}", path.display());
    let bytes = fs::read(path).doing(reading)?;
    if bytes.is_empty() {
        return Err("the file is empty").doing(reading);
    }
    if bytes.starts_with(&[0xff, 0xd8]) && !has_jpeg_end(&bytes) {
        return Err("the file ends too early").doing(reading);
    }
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .doing(reading)?;
    let mut decoder = reader.into_decoder().doing(reading)?;
    let orientation = decoder.orientation().doing(reading)?;
    let mut photo = DynamicImage::from_decoder(decoder).doing(reading)?;
    photo.apply_orientation(orientation);
    Ok(photo.into_rgba8())
}

/// Whether a JPEG has its end marker. Without it, the decoder silently fills the missing part with grey.
fn has_jpeg_end(mut bytes: &[u8]) -> bool {
    loop {
        bytes = match bytes {
            [0xff, 0xd9, ..] => return true,
            // Markers without a length, escaped 0xff bytes of the compressed data, and padding.
            [0xff, 0x00 | 0x01 | 0xd0..=0xd8, rest @ ..] => rest,
            [0xff, 0xff, ..] => &bytes[1..],
            // The length includes its own two bytes. This also skips a thumbnail, which has its own end marker.
            [0xff, _, high, low, ..] => {
                let len = usize::from(u16::from_be_bytes([*high, *low]));
                bytes.get(2 + len..).unwrap_or_default()
            }
            [_, rest @ ..] => rest,
            [] => return false,
        };
    }
}

/// The pixels as `n x 3` colours in 0..=1, and their opacities as weights.
fn as_rows(photo: &RgbaImage) -> (Array2<f32>, Array1<f32>) {
    let unit = |value: u8| f32::from(value) / 255.0;
    let colours = Array2::from_shape_fn((photo.len() / 4, 3), |(pixel, channel)| {
        unit(photo.as_raw()[4 * pixel + channel])
    });
    let weights = photo.pixels().map(|pixel| unit(pixel[3])).collect();
    (colours, weights)
}

/// Checks all arguments before the first fit, so that a long run does not end in an error.
fn check_counts(arguments: &Arguments, weights: &Array1<f32>) -> Result<()> {
    if arguments.n_init == 0 {
        return Err("n_init must be at least 1".into());
    }
    let n_pixels = weights.iter().filter(|&&weight| weight > 0.0).count();
    if n_pixels == 0 {
        return Err("the picture is fully transparent".into());
    }
    let clusters = &arguments.clusters;
    for (i, &n_clusters) in clusters.iter().enumerate() {
        if n_clusters == 0 {
            return Err("the number of clusters must be at least 1".into());
        }
        if n_clusters > n_pixels {
            let pixels = format!("the {n_pixels} visible pixels of the picture");
            return Err(format!("{n_clusters} clusters are more than {pixels}").into());
        }
        if clusters[..i].contains(&n_clusters) {
            return Err(format!("{n_clusters} clusters are requested twice").into());
        }
    }
    Ok(())
}

/// One path for each number of clusters, and one for the contact sheet.
fn picture_paths(out: &Path, input: &Path, clusters: &[usize]) -> Vec<PathBuf> {
    let stem = input.file_stem().unwrap_or_default().to_string_lossy();
    let of_clusters = clusters.iter().map(|k| format!("{stem}-k{k}.png"));
    let names = of_clusters.chain([format!("{stem}-contact-sheet.png")]);
    names.map(|name| out.join(name)).collect()
}

/// Creates the folder and checks that the files can be written there.
fn check_places(out: &Path, paths: &[PathBuf]) -> Result<()> {
    let writing = &format!("write to {}", out.display());
    fs::create_dir_all(out).doing(writing)?;
    tempfile::tempfile_in(out).doing(writing)?;
    match paths.iter().find(|path| path.is_dir()) {
        Some(path) => Err("it is a folder").doing(&format!("write {}", path.display())),
        None => Ok(()),
    }
}

/// Fits with a progress bar.
fn fit(
    arguments: &Arguments,
    n_clusters: usize,
    pixels: &Array2<f32>,
    weights: &Array1<f32>,
) -> Result<(KMeansModel<f32>, Duration)> {
    let kmeans = KMeans::new(n_clusters)
        .n_init(arguments.n_init)
        .seed(arguments.seed);
    let style = ProgressStyle::with_template("{msg} [{bar:30}] start {pos} of {len}{prefix}")?
        .progress_chars("=> ");
    let bar = ProgressBar::new(arguments.n_init as u64).with_style(style);
    bar.set_message(format!("{n_clusters:>3} clusters"));
    let mut observer = |iteration: &Iteration| {
        bar.set_position(iteration.restart as u64 + 1);
        bar.set_prefix(format!(", iteration {}", iteration.index));
        ControlFlow::Continue(())
    };
    let started = Instant::now();
    let options = FitOptions::new().weights(weights).observer(&mut observer);
    let model = kmeans.fit_with(pixels, options)?;
    bar.finish_and_clear();
    Ok((model, started.elapsed()))
}

/// Prints the colours, the most common first, with their shares of the picture.
fn print_palette(model: &KMeansModel<f32>, weights: &Array1<f32>, time: Duration) {
    let mut shares = vec![0.0; model.n_clusters()];
    model
        .labels()
        .iter()
        .zip(weights)
        .for_each(|(&label, &w)| shares[label] += f64::from(w));
    let total: f64 = shares.iter().sum();
    let mut order: Vec<usize> = (0..model.n_clusters()).collect();
    order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));

    println!(
        "\n{:>3} clusters: inertia {:>9.1}, {:>3} iterations of the best restart, {:>5.2} s",
        model.n_clusters(),
        model.inertia(),
        model.n_iter(),
        time.as_secs_f64()
    );
    for line in order.chunks(5) {
        let colours = line.iter().map(|&label| {
            let [r, g, b] = colour(model, label);
            format!(
                "#{r:02x}{g:02x}{b:02x} {:5.1}%",
                100.0 * shares[label] / total
            )
        });
        println!("  {}", colours.collect::<Vec<_>>().join("   "));
    }
}

/// The colour of a centroid.
fn colour(model: &KMeansModel<f32>, label: usize) -> [u8; 3] {
    let centroids = model.centroids();
    std::array::from_fn(|channel| (centroids[[label, channel]] * 255.0).round() as u8)
}

/// The picture with each pixel in the colour of its centroid. Opacities are unchanged.
fn recolour(photo: &RgbaImage, model: &KMeansModel<f32>) -> RgbaImage {
    let palette: Vec<_> = (0..model.n_clusters())
        .map(|label| colour(model, label))
        .collect();
    let mut segmented = photo.clone();
    for (pixel, &label) in segmented.pixels_mut().zip(model.labels()) {
        if pixel[3] > 0 {
            pixel.0[..3].copy_from_slice(&palette[label]);
        }
    }
    segmented
}

const TILE_WIDTH: u32 = 480;
const MARGIN: u32 = 8;

fn thumbnail(picture: &RgbaImage) -> RgbaImage {
    if picture.width() <= TILE_WIDTH {
        return picture.clone();
    }
    let height = u64::from(picture.height()) * u64::from(TILE_WIDTH) / u64::from(picture.width());
    resize(
        picture,
        TILE_WIDTH,
        height.max(1) as u32,
        FilterType::Triangle,
    )
}

/// The pictures, all of the same size, in rows of three on white.
fn contact_sheet(pictures: &[RgbaImage]) -> RgbaImage {
    let (width, height) = (pictures[0].width() + MARGIN, pictures[0].height() + MARGIN);
    let columns = pictures.len().min(3) as u32;
    let rows = (pictures.len() as u32).div_ceil(columns);
    let size = (columns * width + MARGIN, rows * height + MARGIN);
    let mut sheet = RgbaImage::from_pixel(size.0, size.1, Rgba([255; 4]));
    for (picture, place) in pictures.iter().zip(0..) {
        let (column, row) = (place % columns, place / columns);
        let (x, y) = (MARGIN + column * width, MARGIN + row * height);
        overlay(&mut sheet, picture, i64::from(x), i64::from(y));
    }
    sheet
}

fn encode(picture: &RgbaImage) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .doing("encode a PNG")?;
    Ok(bytes.into_inner())
}

/// Writes all files or none: they are first written to temporary files, and moved to their paths at the end.
fn write_all(paths: &[PathBuf], files: &[Vec<u8>]) -> Result<()> {
    let mut written = Vec::new();
    for (path, bytes) in paths.iter().zip(files) {
        let writing = &format!("write {}", path.display());
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = readable_file().tempfile_in(folder).doing(writing)?;
        file.write_all(bytes).doing(writing)?;
        written.push((file, path));
    }
    for (file, path) in written {
        file.persist(path)
            .doing(&format!("write {}", path.display()))?;
    }
    Ok(())
}

/// A temporary file with the usual permissions. By default only the owner could read it.
fn readable_file() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}
