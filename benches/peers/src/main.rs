//! One fit, or one score, for each line of standard input, for `compare.py`.
//!
//! A line is `silhouette DATA LABELS`, answered by seconds and the score, or `ALGORITHM INIT K N_INIT MAX_ITER TOL DATA START RESULT`: names of files of NumPy's
//! format, where `START` is `-` for a start by `INIT`, and `RESULT` is `-` where the centroids are not
//! asked for. The answer is one line: seconds, iterations.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use centroid::metrics::silhouette_score;
use centroid::{Algorithm, FitOptions, Float, Init, KMeans};
use ndarray::{Array1, Array2};
use ndarray_npy::{ReadableElement, WritableElement, read_npy, write_npy};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Data that was read, to be used for many lines.
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
        let is_score = words.first() == Some(&"silhouette");
        let place = if is_score { 1 } else { 6 };
        let data = *words.get(place).ok_or("too few words")?;
        if read.path != data {
            read = Read {
                path: data.to_owned(),
                f32: read_npy(data).ok(),
                f64: read_npy(data).ok(),
            };
        }
        let answer = match (&read.f32, &read.f64) {
            (Some(x), _) if is_score => silhouette(x, &words)?,
            (_, Some(x)) if is_score => silhouette(x, &words)?,
            (Some(x), _) => fit(x, &words)?,
            (_, Some(x)) => fit(x, &words)?,
            _ => return Err(format!("{data} holds no matrix of numbers").into()),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
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
