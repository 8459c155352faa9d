//! Clusters rows of numbers as they arrive on standard input, and prints the centroids at intervals.
//!
//! ```text
//! tail -f data.csv | cargo run --release --example stream_stdin -- --clusters 5
//! cargo run --release --example stream_stdin -- --header --columns 0,2 --every 100 < data.csv
//! ```
//!
//! Each row is a line of numbers, separated by commas or by `--delimiter`. Rows are collected until a batch
//! is full or the centroids are printed. Any other line is reported on standard error with its line number,
//! and skipped. With `--bad-rows fail` it ends the program. Blank lines are ignored.
//!
//! The centroids are printed below a line that begins with `#`. Each is a line of its label, the number of
//! rows that moved it, and its coordinates.

use std::error::Error;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use centroid::{Float, MiniBatchKMeans, OnlineKMeans};
use clap::{Parser, ValueEnum};
use csv::{ByteRecord, ReaderBuilder, Terminator, Trim};
use ndarray::ArrayView2;

/// Clusters rows of numbers from standard input, and prints the centroids at intervals.
#[derive(Parser)]
struct Arguments {
    /// Number of clusters
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    clusters: u32,
    /// Rows of a batch
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Rows between outputs of the centroids, which are also printed at the end
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Skips the first line
    #[arg(long)]
    header: bool,
    /// The character between two fields, or \t
    #[arg(long, default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// The columns to use, counted from 0 [default: all]
    #[arg(long, value_delimiter = ',')]
    columns: Vec<usize>,
    /// What to do with a line that is not a row of numbers
    #[arg(long, value_enum, default_value_t = BadRows::Skip)]
    bad_rows: BadRows,
    /// Random seed
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum BadRows {
    /// Reports and skips it
    Skip,
    /// Stops with an error
    Fail,
}

fn delimiter(text: &str) -> std::result::Result<u8, String> {
    match text.as_bytes() {
        b"\\t" | b"\t" => Ok(b'\t'),
        &[byte] if byte == b' ' || byte.is_ascii_punctuation() => Ok(byte),
        _ => Err("a punctuation character, a space or \\t is needed".to_owned()),
    }
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads the output any more. This ends the program, but it is not an error.
        Err(error) if is_closed_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed as well.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut lines = ReaderBuilder::new()
        .has_headers(arguments.header)
        .delimiter(arguments.delimiter)
        .trim(Trim::All)
        // A row of another length is a bad row, not an error of the reader.
        .flexible(true)
        // With quoting, an unclosed quotation mark would swallow the rest of the stream.
        .quoting(false)
        // Every row ends with a line feed, so lines can be counted. The carriage return of Windows is trimmed.
        .terminator(Terminator::Any(b'\n'))
        .from_reader(io::stdin().lock().chain(&b"\n"[..]));
    let mut clusters = Clusters::new(arguments);
    let mut record = ByteRecord::new();
    while lines.read_byte_record(&mut record)? {
        if record.len() == 1 && record[0].is_empty() {
            continue;
        }
        if let Err(fault) = clusters.add(&record) {
            let line = lines.position().line() - 1;
            if arguments.bad_rows == BadRows::Fail {
                return Err(format!("line {line}: {fault}").into());
            }
            clusters.skipped += 1;
            writeln!(io::stderr(), "line {line} is skipped: {fault}")?;
            continue;
        }
        if clusters.n_rows.is_multiple_of(arguments.every) {
            clusters.print()?;
        } else if clusters.batch.len() == arguments.batch as usize * clusters.n_features {
            clusters.fit_batch()?;
        }
    }
    clusters.finish()
}

/// The stream, and the rows of its next batch.
struct Clusters<'a> {
    columns: &'a [usize],
    stream: OnlineKMeans<f64>,
    /// The number of features of the first row, or 0 before it.
    n_features: usize,
    batch: Vec<f64>,
    n_rows: u64,
    skipped: u64,
    /// The numbers of rows and of bad rows when the centroids were last printed.
    printed: Option<(u64, u64)>,
}

impl<'a> Clusters<'a> {
    fn new(arguments: &'a Arguments) -> Self {
        let kmeans = MiniBatchKMeans::new(arguments.clusters as usize).seed(arguments.seed);
        Self {
            columns: &arguments.columns,
            stream: kmeans.online(),
            n_features: 0,
            batch: Vec::new(),
            n_rows: 0,
            skipped: 0,
            printed: None,
        }
    }

    /// Adds a row to the next batch. The error says why a line is not a row.
    fn add(&mut self, record: &ByteRecord) -> std::result::Result<(), String> {
        let before = self.batch.len();
        let added = self.push_fields(record);
        if added.is_err() {
            self.batch.truncate(before);
        } else {
            self.n_features = self.batch.len() - before;
            self.n_rows += 1;
        }
        added
    }

    fn push_fields(&mut self, record: &ByteRecord) -> std::result::Result<(), String> {
        if self.columns.is_empty() {
            let (expected, found) = (self.n_features, record.len());
            if expected != 0 && found != expected {
                let first = format!("the first row has {expected}");
                return Err(format!("the number of fields is {found}, {first}"));
            }
            for field in record {
                self.batch.push(number(field)?);
            }
        } else {
            for &column in self.columns {
                let field = record.get(column);
                let field = field.ok_or_else(|| format!("there is no column {column}"))?;
                self.batch.push(number(field)?);
            }
        }
        Ok(())
    }

    /// Passes the batch to the stream.
    fn fit_batch(&mut self) -> Result<()> {
        if !self.batch.is_empty() {
            let shape = (self.batch.len() / self.n_features, self.n_features);
            let batch = ArrayView2::from_shape(shape, &self.batch)?;
            self.stream.partial_fit(&batch)?;
            self.batch.clear();
        }
        Ok(())
    }

    /// Prints the centroids of all rows so far, or why there are none yet.
    fn print(&mut self) -> Result<()> {
        self.fit_batch()?;
        self.printed = Some((self.n_rows, self.skipped));
        let mut out = io::stdout().lock();
        write!(out, "# {} rows, {} skipped", self.n_rows, self.skipped)?;
        match self.stream.model() {
            Err(error) => writeln!(out, ": {error}")?,
            Ok(model) => {
                writeln!(out)?;
                let weights = self.stream.cluster_weights();
                let rows = model.centroids();
                for (label, (centroid, weight)) in rows.outer_iter().zip(weights).enumerate() {
                    write!(out, "{label:>3}, {weight:>9}")?;
                    for &x in centroid {
                        write!(out, ", {:>11}", six_digits(x))?;
                    }
                    writeln!(out)?;
                }
            }
        }
        Ok(out.flush()?)
    }

    fn finish(&mut self) -> Result<()> {
        self.fit_batch()?;
        if let Err(error) = self.stream.model() {
            return Err(match self.skipped {
                0 => error.into(),
                skipped => format!("{error} (bad rows: {skipped})").into(),
            });
        }
        if self.printed != Some((self.n_rows, self.skipped)) {
            self.print()?;
        }
        Ok(())
    }
}

/// Parses a finite number that is not too large, with or without quotation marks.
fn number(field: &[u8]) -> std::result::Result<f64, String> {
    let text = String::from_utf8_lossy(field);
    let unquoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let value: f64 = unquoted
        .unwrap_or(&text)
        .trim()
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    if !value.is_finite() {
        return Err(format!("{text:?} is not finite"));
    }
    if value.abs() > f64::MAX_MAGNITUDE {
        return Err(format!("{text:?} is too large"));
    }
    Ok(value)
}

/// Rounds to six significant digits.
fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
