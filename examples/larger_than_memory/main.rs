//! Clusters a file that need not fit in memory, with random batches and then one pass that labels all rows.
//!
//! ```text
//! cargo run --release --example larger_than_memory
//! cargo run --release --example larger_than_memory -- --size 2000
//! cargo run --release --example larger_than_memory -- --input vectors.npy --clusters 100 --exact
//! ```
//!
//! Without `--input` it first writes a `.npy` file of normal clusters. The file is mapped into memory
//! rather than read, so the system loads only the pages that are accessed. Pages count as memory of this
//! program while they are mapped. Therefore each batch maps the file and then unmaps it, and only one batch
//! is resident, whatever the size of the file. The peak is printed at the end.
//!
//! `--exact` continues from the centroids of the batches with Lloyd's iterations, each of which is one pass
//! over the file. They keep a label of 4 bytes for each row.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to the person who runs it"
)]

mod npy;
#[path = "../workspace/mod.rs"]
mod workspace;

use std::error::Error;
use std::fs;
use std::io::{self, BufWriter};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use centroid::datasets::{make_blobs, uniform_centers};
use centroid::{FitOptions, IterBlocks, Iteration, KMeans, KMeansModel, MiniBatchKMeans};
use clap::Parser;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use ndarray_npy::{WritableElement, WriteNpyExt};
use npy::{Matrix, While, new_npy, temporary_beside};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Clusters the rows of a .npy file that need not fit in memory.
#[derive(Parser)]
struct Arguments {
    /// A .npy file of f32, one row for each point [default: normal clusters, written to the folder]
    #[arg(long, conflicts_with = "size")]
    input: Option<PathBuf>,
    /// Size of the generated file in megabytes
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    size: u32,
    /// Number of clusters
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    clusters: u32,
    /// Rows of a batch
    #[arg(long, default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Number of passes over the rows
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Continues with Lloyd's iterations over the whole file
    #[arg(long)]
    exact: bool,
    /// The folder to write to [default: target/larger_than_memory in the crate]
    #[arg(long)]
    out: Option<PathBuf>,
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
    let default = workspace::path("target/larger_than_memory");
    let out = arguments.out.clone().unwrap_or(default);
    let input = arguments.input.clone();
    let input = input.unwrap_or_else(|| out.join(format!("blobs-{}mb.npy", arguments.size)));
    let stem = input.file_stem().unwrap_or_default().to_string_lossy();
    let labels = out.join(format!("{stem}-labels.npy"));
    let centroids = out.join(format!("{stem}-centroids.npy"));
    check_places(&out, &[&labels, &centroids])?;
    if arguments.input.is_none() {
        let n_rows = u64::from(arguments.size) * 1_000_000 / BLOB_ROW;
        check_clusters(arguments, n_rows, &input)?;
        let (_, time) = timed(|| write_blobs(&input, n_rows as usize, arguments.seed))?;
        println!("wrote {} in {time}", input.display());
    }

    let matrix = Matrix::open(&input)?;
    let (n_rows, n_features) = (matrix.n_rows, matrix.n_features);
    check_clusters(arguments, n_rows as u64, &input)?;
    let megabytes = matrix.file.metadata()?.len() as f64 / 1e6;
    println!("{n_rows} rows of {n_features} values, {megabytes:.1} MB");

    let (mut model, time) = timed(|| train(arguments, &matrix))?;
    let (k, epochs) = (model.n_clusters(), arguments.epochs);
    println!("found {k} centroids in {time}, epochs: {epochs}");
    if arguments.exact {
        let ((refined, first), time) = timed(|| refine(&matrix, &model))?;
        let (n_iter, last) = (refined.n_iter(), refined.inertia());
        println!("refined them in {time}, iterations: {n_iter}, inertia {first:.6e} to {last:.6e}");
        model = refined;
    }
    let (labelled, time) = timed(|| label(&matrix, &model, &labels, &centroids))?;
    let sizes = labelled.sizes.iter().copied();
    let (least, most) = (sizes.clone().min(), sizes.max());
    let (least, most) = (least.unwrap_or(0), most.unwrap_or(0));
    println!("labelled all rows in {time}: clusters of {least} to {most} rows");
    println!("inertia {:.6e}", labelled.inertia);
    println!("wrote {} and {}", labels.display(), centroids.display());
    match peak_memory() {
        Some(peak) => println!("peak resident memory {:.1} MB", peak as f64 / 1e6),
        None => println!("peak resident memory is unknown on this system"),
    }
    Ok(())
}

/// The result of `stage`, and how long it took.
fn timed<T>(stage: impl FnOnce() -> Result<T>) -> Result<(T, String)> {
    let started = Instant::now();
    let result = stage()?;
    let seconds = started.elapsed().as_secs_f64();
    Ok((result, format!("{seconds:.2} s")))
}

/// A progress bar that disappears when it is dropped, also after an error.
fn progress(what: &'static str, unit: &str, len: u64) -> Result<ProgressBar> {
    let template = format!("{{msg}} [{{bar:40}}] {{pos}} of {{len}} {unit}, {{eta}} left");
    let style = ProgressStyle::with_template(&template)?.progress_chars("=> ");
    let bar = ProgressBar::new(len).with_style(style).with_message(what);
    Ok(bar.with_finish(ProgressFinish::AndClear))
}

/// Creates the folder and checks that the files can be written there, before any work.
fn check_places(out: &Path, paths: &[&Path]) -> Result<()> {
    fs::create_dir_all(out).doing("write to", out)?;
    tempfile::tempfile_in(out).doing("write to", out)?;
    match paths.iter().find(|path| path.is_dir()) {
        Some(path) => Err("it is a folder").doing("write", path),
        None => Ok(()),
    }
}

fn check_clusters(arguments: &Arguments, n_rows: u64, input: &Path) -> Result<()> {
    let k = arguments.clusters;
    if u64::from(k) > n_rows {
        let rows = format!("the {n_rows} rows of {}", input.display());
        return Err(format!("{k} clusters are more than {rows}").into());
    }
    Ok(())
}

const BLOB_FEATURES: usize = 16;
const N_BLOBS: usize = 64;
/// The size of a row of the generated file in bytes.
const BLOB_ROW: u64 = (BLOB_FEATURES * size_of::<f32>()) as u64;

/// Writes normal clusters around random centres, block by block.
fn write_blobs(path: &Path, n_rows: usize, seed: u64) -> Result<()> {
    let centers = uniform_centers::<f32>(N_BLOBS, BLOB_FEATURES, seed)?;
    let file = new_npy::<f32, _>(path, (n_rows, BLOB_FEATURES))?;
    let bar = progress("writing", "rows", n_rows as u64)?;
    let block = npy::BLOCK / BLOB_ROW as usize;
    for (index, start) in (0..n_rows).step_by(block).enumerate() {
        let len = block.min(n_rows - start);
        let (rows, _) = make_blobs(len, &centers, &[1.0], seed.wrapping_add(index as u64))?;
        f32::write_slice(rows.as_slice().unwrap_or_default(), file.as_file())
            .doing("write", path)?;
        bar.inc(len as u64);
    }
    file.persist(path).doing("write", path)?;
    Ok(())
}

/// The number of pieces of the file that make up a batch.
///
/// Single random rows would cost a page each. A single piece would be a poor sample if similar rows are next
/// to each other in the file.
const PIECES: usize = 8;

/// Fits centroids to batches, in a new random order in each epoch.
fn train(arguments: &Arguments, matrix: &Matrix) -> Result<KMeansModel<f32>> {
    let k = arguments.clusters as usize;
    let kmeans = MiniBatchKMeans::new(k).seed(arguments.seed);
    let mut stream = kmeans.init_size(32 * k).online();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(arguments.seed);
    // With small batches, the list of all pieces would itself be long.
    let len = (arguments.batch as usize).div_ceil(PIECES).max(64);
    let mut pieces: Vec<_> = matrix.ranges(len).collect();
    let n_batches = pieces.len().div_ceil(PIECES) as u64 * u64::from(arguments.epochs);
    let bar = progress("training", "batches", n_batches)?;
    for _ in 0..arguments.epochs {
        pieces.shuffle(&mut random);
        for pieces in pieces.chunks(PIECES) {
            let batch = gather(matrix, pieces)?;
            let done = stream.partial_fit(&batch);
            done.map_err(|error| in_file(error, pieces))?;
            bar.inc(1);
        }
    }
    Ok(stream.model()?)
}

fn gather(matrix: &Matrix, pieces: &[Range<usize>]) -> Result<Array2<f32>> {
    matrix.look_at(0..matrix.n_rows, |rows| {
        let pieces = pieces.iter().map(|piece| rows.slice(s![piece.clone(), ..]));
        Ok(concatenate(Axis(0), &pieces.collect::<Vec<_>>())?)
    })
}

/// The error of a batch, with the row's index in the file.
fn in_file(mut error: centroid::Error, pieces: &[Range<usize>]) -> centroid::Error {
    if let centroid::Error::NotFinite { row, .. } | centroid::Error::TooLarge { row, .. } =
        &mut error
    {
        let mut rows = pieces.iter().cloned().flatten();
        *row = rows.nth(*row).unwrap_or(*row);
    }
    error
}

/// Runs Lloyd's iterations from the centroids of `model`. Also returns the inertia of these centroids.
fn refine(matrix: &Matrix, model: &KMeansModel<f32>) -> Result<(KMeansModel<f32>, f64)> {
    let bar = progress("refining", "rows", matrix.n_rows as u64)?;
    let read = |range: Range<usize>| {
        bar.inc(range.len() as u64);
        let rows = matrix.look_at(range, |rows| Ok(rows.to_owned()));
        rows.map_err(|error| io::Error::other(error.to_string()))
    };
    let mut source = IterBlocks::new(matrix.n_features, || {
        bar.reset();
        matrix.ranges(matrix.block()).map(read)
    });
    let mut first = None;
    let mut observer = |iteration: &Iteration| {
        first.get_or_insert(iteration.inertia);
        ControlFlow::Continue(())
    };
    let centroids = model.centroids();
    let options = FitOptions::new()
        .initial_centroids(&centroids)
        .keep_labels(false)
        .observer(&mut observer);
    let refined = KMeans::new(model.n_clusters()).fit_blocks_with(&mut source, options);
    let refined = refined.map_err(|error| match error.cause() {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    })?;
    let first = first.unwrap_or(refined.inertia());
    Ok((refined, first))
}

/// The result of the pass that labels all rows.
struct Labelled {
    inertia: f64,
    sizes: Vec<u64>,
}

/// Writes the labels of all rows to one file, and the centroids to another.
fn label(
    matrix: &Matrix,
    model: &KMeansModel<f32>,
    labels_path: &Path,
    centroids_path: &Path,
) -> Result<Labelled> {
    let file = new_npy::<u32, _>(labels_path, matrix.n_rows)?;
    let mut found = Labelled {
        inertia: 0.0,
        sizes: vec![0; model.n_clusters()],
    };
    let bar = progress("labelling", "rows", matrix.n_rows as u64)?;
    for range in matrix.ranges(matrix.block()) {
        let labels = matrix.look_at(range, |rows| {
            let labels = model.predict(&rows)?;
            found.inertia += inertia(&rows, &labels, &model.centroids());
            Ok(labels)
        })?;
        labels.iter().for_each(|&label| found.sizes[label] += 1);
        let labels: Vec<u32> = labels.iter().map(|&label| label as u32).collect();
        u32::write_slice(&labels, file.as_file()).doing("write", labels_path)?;
        bar.inc(labels.len() as u64);
    }
    let centroids = temporary_beside(centroids_path)?;
    let writer = BufWriter::new(centroids.as_file());
    let written = model.centroids().write_npy(writer);
    written.doing("write", centroids_path)?;
    file.persist(labels_path).doing("write", labels_path)?;
    centroids
        .persist(centroids_path)
        .doing("write", centroids_path)?;
    Ok(found)
}

/// The sum of the squared distances of the rows to their centroids.
fn inertia(
    rows: &ArrayView2<'_, f32>,
    labels: &Array1<usize>,
    centroids: &ArrayView2<'_, f32>,
) -> f64 {
    let rows = rows.outer_iter().zip(labels);
    let sq_dists = rows.map(|(row, &label)| {
        let pairs = row.into_iter().zip(centroids.row(label));
        let squares = pairs.map(|(&x, &c)| (f64::from(x) - f64::from(c)).powi(2));
        squares.sum::<f64>()
    });
    sq_dists.sum()
}

/// The peak resident memory of this program in bytes, as reported by the system.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kilobytes)
}
