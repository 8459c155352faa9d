//! The layers of the crate: which module may use which.
//!
//! | layer | modules | may use |
//! |---|---|---|
//! | 0 | error | nothing of the crate |
//! | 1 | float, kernels | each other |
//! | 2 | data, numeric, parallel, prepared, progress, random | 0, 1 and each other |
//! | 3 | init, metrics, kmeans's update, sums, edge and engine | 0 to 2 |
//! | 4 | the estimators and their models, selection, semi_supervised, anomalies, datasets | 0 to 3, not one another |
//! | 5 | lib, instances | everything |
//! | 5 | plot | what is public |

use std::fs;
use std::path::{Path, PathBuf};

/// The layer of a file below `src`, and of the first name behind `crate::`.
fn layer(path: &str) -> u32 {
    let room = path.trim_end_matches(".rs");
    match room.split('/').next().unwrap_or_default() {
        "error" => 0,
        "float" | "kernels" => 1,
        "data" | "numeric" | "prepared" | "progress" | "parallel" | "random" => 2,
        "init" | "metrics" => 3,
        "kmeans" => {
            let inner = room.split('/').nth(1).unwrap_or_default();
            if ["update", "sums", "edge", "engine"].contains(&inner) {
                3
            } else {
                4
            }
        }
        "anomalies" | "datasets" | "selection" | "semi_supervised" => 4,
        "instances" | "lib" | "plot" => 5,
        other => panic!("{other} has no layer: give it one here"),
    }
}

/// The code of a file without its comments and without its tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    code.take_while(|line| !line.starts_with("mod tests {"))
}

/// The paths behind `crate::` in a line.
fn crate_paths(line: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for part in line.split("crate::").skip(1) {
        let path: String = part
            .chars()
            .take_while(|c| c.is_alphanumeric() || "_:".contains(*c))
            .collect();
        paths.push(path.replace("::", "/"));
    }
    paths
}

/// Whether a path behind `crate::` is part of the interface: a type at the root, or a public module.
fn is_public(used: &str) -> bool {
    let room = used.split('/').next().unwrap_or_default();
    let rooms = [
        "anomalies",
        "datasets",
        "init",
        "metrics",
        "plot",
        "selection",
        "semi_supervised",
    ];
    room.starts_with(char::is_uppercase) || room.is_empty() || rooms.contains(&room)
}

/// What is wrong with a file.
fn offences(path: &str, text: &str) -> Vec<String> {
    let own = layer(path);
    let own_room = path.split(['/', '.']).next().unwrap_or_default();
    let mut offences = Vec::new();
    let mut forbid = |line: &str, what: &str| offences.push(format!("{path}: {what}: {line}"));
    for line in code(text) {
        for used in crate_paths(line) {
            let room = used.split('/').next().unwrap_or_default();
            if own_room == "plot" && !is_public(&used) {
                forbid(line, "what users of the crate cannot name");
            }
            let is_type = room.starts_with(char::is_uppercase) || room.is_empty();
            if own == 5 || is_type || room == own_room {
                continue;
            }
            if layer(&used) > own || (layer(&used) == own && own >= 3) {
                forbid(line, "a higher layer, or another room of the same one");
            }
        }
        let names = |name: &str| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == name)
        };
        let rules: [(&str, &[&str]); 4] = [
            ("parallel.rs", &["rayon"]),
            (
                "random/",
                &["rand_xoshiro", "SeedableRng", "seed_from_u64", "from_seed"],
            ),
            ("kernels/", &["unsafe", "intrinsics"]),
            ("nowhere", &["println", "eprintln", "print", "dbg", "todo"]),
        ];
        for (home, words) in rules {
            if !path.starts_with(home) && words.iter().any(|word| names(word)) {
                forbid(line, "a word that belongs elsewhere");
            }
        }
        let foreign = ["ndarray", "ndarray_rand", "rand", "rayon", "thiserror"];
        if own == 1 && foreign.iter().any(|name| names(name)) {
            forbid(line, "kernels know of slices alone");
        }
        if line.contains("use ") && line.contains("::*;") && !path.ends_with("x86.rs") {
            forbid(line, "everything of a module at once");
        }
    }
    offences
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_module_keeps_to_its_layer() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    assert!(files.len() > 20, "{files:?}");
    let mut all = Vec::new();
    for file in files {
        let path = file
            .strip_prefix(&src)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        if !path.ends_with("tests.rs") {
            all.extend(offences(&path, &fs::read_to_string(&file).unwrap()));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn offences_are_found() {
    for (path, line) in [
        ("kernels/generic.rs", "use crate::data::Points;"),
        ("kernels/generic.rs", "let x: ndarray::Array1<f64>;"),
        ("error.rs", "use crate::float::Float;"),
        ("data/points.rs", "use crate::init::Init;"),
        ("init/mod.rs", "use crate::kmeans::KMeans;"),
        (
            "init/mod.rs",
            "let moved = crate::kmeans::update::update();",
        ),
        ("datasets/mod.rs", "use crate::kmeans::KMeans;"),
        ("data/points.rs", "use rayon::prelude::ParallelIterator;"),
        (
            "init/random.rs",
            "let rng = rand_xoshiro::Xoshiro256PlusPlus::from_seed(seed);",
        ),
        ("data/points.rs", "unsafe { slice.get_unchecked(0) }"),
        ("kmeans/model/mod.rs", "println!(\"hello\");"),
        ("kmeans/model/mod.rs", "use super::engine::*;"),
        ("plot/clusters.rs", "use crate::data::Points;"),
    ] {
        assert_eq!(offences(path, line).len(), 1, "{path}: {line}");
    }
    for (path, line) in [
        ("kmeans/mod.rs", "use crate::init::Init;"),
        ("data/points.rs", "use crate::kernels::Rows;"),
        ("float.rs", "use crate::kernels::Kernels;"),
        (
            "kernels/mod.rs",
            "// SAFETY: unsafe with rayon and ndarray, in a comment",
        ),
        ("parallel.rs", "use rayon::prelude::ParallelIterator;"),
        ("plot/clusters.rs", "use crate::{Float, KMeansModel};"),
        ("plot/curve.rs", "use crate::selection::Sweep;"),
    ] {
        assert!(offences(path, line).is_empty(), "{path}: {line}");
    }
}

#[test]
#[should_panic(expected = "has no layer")]
fn a_new_room_needs_a_layer() {
    let _ = offences("mixture/mod.rs", "");
}
