//! What the examples share: data sets, and the folder for pictures.
#![allow(
    dead_code,
    reason = "each example is a separate program that uses only some of this"
)]

use std::error::Error;
use std::path::PathBuf;

use ndarray::{Array1, Array2};

use super::workspace;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The folder for pictures: `out`, or `target/gallery` by default. It is created if it does not exist.
pub(crate) fn folder(out: &Option<PathBuf>) -> Result<PathBuf> {
    let default = workspace::path("target/gallery");
    let folder = out.clone().unwrap_or(default);
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot write to {}: {error}", folder.display()))?;
    Ok(folder)
}

/// Reads a data set of the crate's tests: the rows, and their classes from the last column.
pub(crate) fn data_set(name: &str) -> Result<(Array2<f64>, Array1<usize>)> {
    let path = workspace::path(&format!("tests/data/{name}.csv"));
    let reading = |error: csv::Error| format!("cannot read {}: {error}", path.display());
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .comment(Some(b'#'))
        .from_path(&path)
        .map_err(reading)?;
    let (mut values, mut classes) = (Vec::new(), Vec::new());
    for record in reader.deserialize() {
        let mut row: Vec<f64> = record.map_err(reading)?;
        classes.push(row.pop().ok_or("a row has no class")? as usize);
        values.extend(row);
    }
    let shape = (classes.len(), values.len() / classes.len().max(1));
    Ok((Array2::from_shape_vec(shape, values)?, classes.into()))
}
