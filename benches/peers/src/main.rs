//! Runs one fit or computes one score for each line of standard input. Used by `compare.py`.
//!
//! Arrays are paths of `.npy` files. A line is one of
//!
//! - `silhouette DATA LABELS`. The answer is the time in seconds and the score.
//! - `batches KIND K N_INIT MAX_ITER SEED DATA START`. `KIND` is `endless` (batches without a stop for lack of
//!   improvement), `batches`, `growing`, or `full` (Lloyd's iterations from one start). `START` is `-` for the
//!   default initialization. The answer is the time in seconds and the inertia.
//! - `ALGORITHM INIT K N_INIT MAX_ITER TOL DATA START RESULT`. `START` is `-` for initialization by `INIT`.
//!   `RESULT` is the path for the centroids, or `-`. The answer is the time in seconds and the iterations.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use centroid::metrics::silhouette_score;
use centroid::{Algorithm, FitOptions, Float, Init, KMeans, MiniBatchKMeans};
use ndarray::{Array1, Array2};
use ndarray_npy::{ReadableElement, WritableElement, read_npy, write_npy};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The data of the last line, kept because the next line often uses it again.
#[derive(Default)]
struct Read {
    path: String,
    f32: Option<Array2<f32>>,
    f64: Option<Array2<f64>>,
}

fn main() -> Result<()> {
    let mut read = Read::default();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let place = if words.first() == Some(&"silhouette") {
            1
        } else {
            6
        };
        let data = *words.get(place).ok_or("too few words")?;
        if read.path != data {
            read = Read {
                path: data.to_owned(),
                f32: read_npy(data).ok(),
                f64: read_npy(data).ok(),
            };
        }
        let answer = match (&read.f32, &read.f64) {
            (Some(x), _) => answer(x, &words)?,
            (_, Some(x)) => answer(x, &words)?,
            _ => return Err(format!("{data} is not a matrix of numbers").into()),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn answer<F>(x: &Array2<F>, words: &[&str]) -> Result<String>
where
    F: Float + ReadableElement + WritableElement,
{
    match words {
        ["silhouette", ..] => silhouette(x, words),
        ["batches", ..] => batches(x, words),
        _ => fit(x, words),
    }
}

fn batches<F>(x: &Array2<F>, words: &[&str]) -> Result<String>
where
    F: Float + ReadableElement,
{
    let [_, kind, k, n_init, max_iter, seed, _, start] = words else {
        return Err("eight words are expected".into());
    };
    let (k, seed) = (k.parse()?, seed.parse()?);
    let batches = MiniBatchKMeans::new(k)
        .n_init(n_init.parse()?)
        .max_iter(max_iter.parse()?)
        .seed(seed);
    let start: Option<Array2<F>> = match *start {
        "-" => None,
        path => Some(read_npy(path)?),
    };
    let options = match &start {
        Some(start) => FitOptions::new().initial_centroids(start),
        None => FitOptions::new(),
    };
    let begin = Instant::now();
    let model = match *kind {
        "endless" => batches.max_no_improvement(None).fit_with(x, options)?,
        "batches" => batches.fit_with(x, options)?,
        "growing" => batches.growing().fit_with(x, options)?,
        "full" => KMeans::new(k).n_init(1).seed(seed).fit_with(x, options)?,
        other => return Err(format!("no kind {other}").into()),
    };
    Ok(format!(
        "{} {}",
        begin.elapsed().as_secs_f64(),
        model.inertia()
    ))
}

fn silhouette<F: Float>(x: &Array2<F>, words: &[&str]) -> Result<String> {
    let labels: Array1<i64> = read_npy(words.get(2).ok_or("too few words")?)?;
    let labels = labels.mapv(|label| label as usize);
    let begin = Instant::now();
    let score = silhouette_score(x, &labels)?;
    Ok(format!("{} {score}", begin.elapsed().as_secs_f64()))
}

fn fit<F>(x: &Array2<F>, words: &[&str]) -> Result<String>
where
    F: Float + ReadableElement + WritableElement,
{
    let [algorithm, init, k, n_init, max_iter, tol, _, start, result] = words else {
        return Err("nine words are expected".into());
    };
    let kmeans = KMeans::new(k.parse()?)
        .algorithm(match *algorithm {
            "auto" => Algorithm::Auto,
            "lloyd" => Algorithm::Lloyd,
            other => return Err(format!("no algorithm {other}").into()),
        })
        .init(match *init {
            "plusplus" => Init::PlusPlus,
            "parallel" => Init::Parallel,
            "random" => Init::Random,
            other => return Err(format!("no start {other}").into()),
        })
        .n_init(n_init.parse()?)
        .max_iter(max_iter.parse()?)
        .tol(tol.parse()?);
    let start: Option<Array2<F>> = match *start {
        "-" => None,
        path => Some(read_npy(path)?),
    };
    let options = match &start {
        Some(start) => FitOptions::new().initial_centroids(start),
        None => FitOptions::new(),
    };
    let begin = Instant::now();
    let model = kmeans.fit_with(x, options)?;
    let seconds = begin.elapsed().as_secs_f64();
    if *result != "-" {
        write_npy(result, &model.centroids().to_owned())?;
    }
    Ok(format!("{seconds} {}", model.n_iter()))
}
