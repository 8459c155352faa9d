//! Sweeps and searches as tables for people.

use std::fmt;

use super::{GridSearch, Sweep};
use crate::float::Float;

impl<F: Float> fmt::Display for Sweep<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>5} {:>12} {:>17} {:>12} {:>9} {:>10}",
            "k", "inertia", "silhouette", "Calinski-H.", "Davies-B.", "fit, ms"
        )?;
        let or_dash = |score: Option<String>| score.unwrap_or_else(|| "-".to_owned());
        for entry in self.entries() {
            let silhouette = entry.silhouette.map(|score| match entry.silhouette_error {
                Some(error) if error > 0.0 => format!("{score:.4} ±{error:.4}"),
                _ => format!("{score:.4}"),
            });
            writeln!(
                f,
                "{:>5} {:>12} {:>17} {:>12} {:>9} {:>10.2}",
                entry.n_clusters,
                Short(entry.inertia),
                or_dash(silhouette),
                or_dash(
                    entry
                        .calinski_harabasz
                        .map(|score| format!("{}", Short(score)))
                ),
                or_dash(entry.davies_bouldin.map(|score| format!("{score:.4}"))),
                1e3 * entry.fit_time.as_secs_f64(),
            )?;
        }
        let or_none = |number: Option<usize>| number.map_or("none".to_owned(), |k| k.to_string());
        write!(
            f,
            "elbow: {}, best silhouette: {}",
            or_none(self.elbow()),
            or_none(self.best_silhouette())
        )?;
        if self.disagreement().is_some() {
            write!(f, "; they disagree")?;
        }
        if self.interrupted() {
            write!(f, "\nthe sweep was ended before its end")?;
        }
        Ok(())
    }
}

impl<V: fmt::Display> fmt::Display for GridSearch<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self
            .entries()
            .iter()
            .map(|entry| entry.value.to_string())
            .collect();
        let widest = values.iter().map(|value| value.chars().count()).max();
        let width = widest.unwrap_or(0).max("value".len());
        writeln!(
            f,
            "{:>width$} {:>12} {:>12}",
            "value", "mean score", "deviation"
        )?;
        for (entry, value) in self.entries().iter().zip(&values) {
            let (mean, deviation) = (Short(entry.mean), Short(entry.standard_deviation));
            writeln!(f, "{value:>width$} {mean:>12} {deviation:>12}")?;
        }
        match self.best() {
            Some(best) => write!(f, "best: {}", best.value)?,
            None => write!(f, "best: none")?,
        }
        if self.interrupted() {
            write!(f, "\nthe search was ended before its end")?;
        }
        Ok(())
    }
}

/// A number in about six digits, whatever its size.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0.abs() {
            0.0 => "0".to_owned(),
            size if !size.is_finite() => format!("{}", self.0),
            size if (1e-2..1e6).contains(&size) => {
                format!(
                    "{:.*}",
                    (5 - size.log10().floor() as i32).clamp(1, 6) as usize,
                    self.0
                )
            }
            _ => format!("{:.4e}", self.0),
        };
        write!(f, "{text:>width$}", width = f.width().unwrap_or(0))
    }
}
