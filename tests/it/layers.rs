//! The layers of the crate: which top-level modules, called rooms, may use which others.
//!
//! | layer | rooms | may use |
//! |---|---|---|
//! | 0 | error | nothing of the crate |
//! | 1 | float, kernels, linalg, numeric | 0 and each other |
//! | 2 | checks, data, parallel, prepared, progress, random | 0, 1 and each other |
//! | 3 | init, metrics, the inner rooms of kmeans (algorithm, edge, engine, iteration, sums, update) | 0 to 2 |
//! | 4 | the estimators and their models, selection, semi_supervised, anomalies, datasets | 0 to 3, public items of each other |
//! | 5 | plot | linalg, and public items |
//! | 5 | lib | everything |
//!
//! The sources are parsed into tokens. Comments and strings do not count. Grouped imports, `super::` and the
//! contents of macros do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The layer of a module, given its path.
fn layer(module: &[String]) -> u32 {
    match module.first().map_or("lib", String::as_str) {
        "error" => 0,
        "float" | "kernels" | "linalg" | "numeric" => 1,
        "checks" | "data" | "parallel" | "prepared" | "progress" | "random" => 2,
        "init" | "metrics" => 3,
        "kmeans" => match module.get(1).map_or("", String::as_str) {
            "algorithm" | "edge" | "engine" | "iteration" | "sums" | "update" => 3,
            _ => 4,
        },
        "anomalies" | "datasets" | "selection" | "semi_supervised" => 4,
        "lib" | "plot" => 5,
        other => panic!("{other} has no layer: give it one here"),
    }
}

/// Words that may occur in only one place.
const HOMES: [(&str, &[&str]); 4] = [
    ("parallel", &["rayon"]),
    (
        "random",
        &["rand_xoshiro", "SeedableRng", "seed_from_u64", "from_seed"],
    ),
    ("kernels", &["unsafe", "intrinsics"]),
    ("nowhere", &["println", "eprintln", "print", "dbg", "todo"]),
];

/// Crates that kernels must not use.
const FOREIGN: [&str; 5] = ["ndarray", "ndarray_rand", "rand", "rayon", "thiserror"];

/// Methods that types of the standard library also have.
const EVERYWHERE: [&str; 2] = ["first", "len"];

/// A parsed source file.
struct Source {
    /// The path of the module, empty for `lib.rs`.
    module: Vec<String>,
    tokens: Vec<TokenTree>,
}

impl Source {
    /// IN: `path` is relative to `src`.
    fn new(path: &str, text: &str) -> Self {
        let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let module = match path {
            "lib" => Vec::new(),
            path => path.split('/').map(str::to_owned).collect(),
        };
        let tokens = text
            .parse::<TokenStream>()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        Self {
            module,
            tokens: without_tests(tokens),
        }
    }

    fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }
}

fn is_punct(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == expected)
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

/// The tokens without `mod tests { .. }`.
fn without_tests(stream: TokenStream) -> Vec<TokenTree> {
    let mut tokens: Vec<TokenTree> = Vec::new();
    for token in stream {
        let is_body =
            matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        let len = tokens.len();
        let names_tests = len >= 2
            && ident(tokens.get(len - 2)).as_deref() == Some("mod")
            && ident(tokens.last()).as_deref() == Some("tests");
        if !(is_body && names_tests) {
            tokens.push(token);
        }
    }
    tokens
}

/// Calls `f` with every word, and whether it is the name in a method call.
fn each_word(tokens: &[TokenTree], f: &mut impl FnMut(&str, bool)) {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let follows_dot = at > 0 && is_punct(tokens.get(at - 1), '.');
                f(&ident.to_string(), follows_dot);
            }
            TokenTree::Group(group) => {
                each_word(&group.stream().into_iter().collect::<Vec<_>>(), f);
            }
            _ => {}
        }
    }
}

/// Calls `f` with every path that begins with `crate`, `super` or `self`, as names from the root of the crate.
/// A grouped import gives several paths.
fn each_path(tokens: &[TokenTree], module: &[String], f: &mut impl FnMut(Vec<String>)) {
    let mut at = 0;
    while at < tokens.len() {
        let is_start = ["crate", "super", "self"].map(str::to_owned);
        let follows_path = at > 1 && is_punct(tokens.get(at - 1), ':');
        match &tokens[at] {
            TokenTree::Ident(first)
                if is_start.contains(&first.to_string())
                    && !follows_path
                    && is_punct(tokens.get(at + 1), ':') =>
            {
                at = walk(tokens, at, Vec::new(), module, f);
            }
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                let named = at > 1 && ident(tokens.get(at - 2)).as_deref() == Some("mod");
                let name = ident(tokens.get(at.saturating_sub(1))).filter(|_| named);
                let module: Vec<_> = module.iter().cloned().chain(name).collect();
                each_path(&inner, &module, f);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads one path, starting with the token `at`. Returns the end of the path.
fn walk(
    tokens: &[TokenTree],
    mut at: usize,
    mut path: Vec<String>,
    module: &[String],
    f: &mut impl FnMut(Vec<String>),
) -> usize {
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => {
                match name.to_string().as_str() {
                    "crate" => path.clear(),
                    "self" if path.is_empty() => path = module.to_vec(),
                    "self" => {}
                    "super" if path.is_empty() => {
                        path = module[..module.len().saturating_sub(1)].to_vec();
                    }
                    "super" => {
                        path.pop();
                    }
                    name => path.push(name.to_owned()),
                }
                at += 1;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for branch in inner.split(|token| is_punct(Some(token), ',')) {
                    if !branch.is_empty() {
                        walk(branch, 0, path.clone(), module, f);
                    }
                }
                return at + 1;
            }
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                path.push("*".to_owned());
                at += 1;
            }
            _ => {}
        }
        if is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
            at += 2;
        } else {
            // Names after a type belong to that type.
            let end = path
                .iter()
                .position(|name| name.starts_with(char::is_uppercase));
            path.truncate(end.map_or(path.len(), |end| end + 1));
            f(path);
            return at;
        }
    }
}

/// The items of the crate, public and internal.
#[derive(Default)]
struct Index {
    /// For each name that `lib.rs` exports, its origin.
    exports: BTreeMap<String, Vec<String>>,
    /// The rooms that are public modules.
    public_rooms: BTreeSet<String>,
    /// For each room, the names of its public items.
    public_items: BTreeMap<String, BTreeSet<String>>,
    /// For each internal method, the rooms that have one of that name.
    inner_methods: BTreeMap<String, BTreeSet<String>>,
    /// The names of public methods.
    public_methods: BTreeSet<String>,
}

impl Index {
    fn of(sources: &[Source]) -> Self {
        let mut index = Self::default();
        for source in sources {
            index.add(source, &source.tokens);
        }
        index
    }

    fn add(&mut self, source: &Source, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                self.add(source, &group.stream().into_iter().collect::<Vec<_>>());
            }
            if ident(Some(token)).as_deref() != Some("pub") {
                continue;
            }
            let mut after = tokens[at + 1..].iter().peekable();
            let limited = matches!(after.peek(), Some(TokenTree::Group(_)));
            let words: Vec<String> = after
                .skip(usize::from(limited))
                .map_while(|token| ident(Some(token)))
                .filter(|word| !["const", "unsafe", "async"].contains(&word.as_str()))
                .take(2)
                .collect();
            let room = source.room().to_owned();
            match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["use"] | ["use", ..] if !limited => {
                    let end = tokens[at..]
                        .iter()
                        .position(|token| is_punct(Some(token), ';'));
                    let used = &tokens[at + 2..at + end.unwrap_or(0)];
                    walk(
                        used,
                        0,
                        source.module.clone(),
                        &source.module,
                        &mut |path| {
                            let Some(name) = path.last().cloned() else {
                                return;
                            };
                            if source.module.is_empty() {
                                self.exports.insert(name, path);
                            } else {
                                self.public_items
                                    .entry(room.clone())
                                    .or_default()
                                    .insert(name);
                            }
                        },
                    );
                }
                ["mod", name] if !limited && source.module.is_empty() => {
                    self.public_rooms.insert(name.to_owned());
                }
                ["fn", name] if limited => {
                    self.inner_methods
                        .entry(name.to_owned())
                        .or_default()
                        .insert(room);
                }
                [kind, name] if !limited => {
                    if kind == "fn" {
                        self.public_methods.insert(name.to_owned());
                    }
                    self.public_items
                        .entry(room)
                        .or_default()
                        .insert(name.to_owned());
                }
                _ => {}
            }
        }
    }

    /// Whether users of the crate can name the item.
    fn is_public(&self, path: &[String]) -> bool {
        match path {
            [] => true,
            [name] => self.exports.contains_key(name) || self.public_rooms.contains(name),
            [room, .., name] => {
                let items = self.public_items.get(room);
                self.public_rooms.contains(room) && items.is_some_and(|items| items.contains(name))
            }
        }
    }

    /// The origin of a name at the root.
    fn resolve(&self, path: Vec<String>) -> Vec<String> {
        match path.first().and_then(|name| self.exports.get(name)) {
            Some(origin) => origin.clone(),
            None => path,
        }
    }
}

/// The violations in a file.
fn offences(source: &Source, index: &Index) -> Vec<String> {
    let (own, room) = (layer(&source.module), source.room());
    let place = source.module.join("/");
    let mut offences = BTreeSet::new();
    each_path(&source.tokens, &source.module, &mut |path| {
        let story = format!("{place}: {}", path.join("::"));
        if path.last().is_some_and(|name| name == "*") && !place.ends_with("x86") {
            offences.insert(format!("{story}: everything of a module at once"));
        }
        let is_public = index.is_public(&path);
        // Plots may use public items and `linalg`, which works only on slices.
        let is_plots_own = |used: &String| used == "plot" || used == "linalg";
        if room == "plot" && path.first().is_some_and(|used| !is_plots_own(used)) && !is_public {
            offences.insert(format!("{story}: what users of the crate cannot name"));
        }
        let target = index.resolve(path);
        let Some(used) = target.first() else { return };
        if own == 5 || (used == room && layer(&target) == own) {
            return;
        }
        let sideways = layer(&target) == own && own >= 3 && used != room;
        if layer(&target) > own || (sideways && !(own == 4 && is_public)) {
            offences.insert(format!(
                "{story}: a higher layer, or another room of the same one"
            ));
        }
    });
    each_word(&source.tokens, &mut |word, is_method| {
        let belongs = |(home, words): &(&str, &[&str])| room == *home || !words.contains(&word);
        if !HOMES.iter().all(belongs) && room != "lib" {
            offences.insert(format!("{place}: {word}: a word that belongs elsewhere"));
        }
        if own == 1 && FOREIGN.contains(&word) {
            offences.insert(format!("{place}: {word}: kernels know of slices alone"));
        }
        let is_asked = is_method && own == 4 && !EVERYWHERE.contains(&word);
        let rooms = index.inner_methods.get(word).filter(|_| is_asked);
        if let Some(rooms) = rooms
            && !rooms.contains(room)
            && !index.public_methods.contains(word)
            && rooms
                .iter()
                .any(|other| layer(std::slice::from_ref(other)) == 4)
        {
            offences.insert(format!(
                "{place}: {word}: a method that another room keeps to itself"
            ));
        }
    });
    offences.into_iter().collect()
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

/// All files of the crate except unit tests.
fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    let read = |file: &PathBuf| {
        let path = file
            .strip_prefix(&src)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        (!is_test).then(|| Source::new(&path, &fs::read_to_string(file).unwrap()))
    };
    files.iter().filter_map(read).collect()
}

#[test]
fn every_module_uses_only_lower_layers() {
    let sources = sources();
    assert!(sources.len() > 60, "{}", sources.len());
    let index = Index::of(&sources);
    assert!(index.exports.len() > 15 && index.public_rooms.len() >= 6);
    let all: Vec<_> = sources
        .iter()
        .flat_map(|source| offences(source, &index))
        .collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn offences_are_found() {
    let inner = "impl KMeans { pub(crate) fn peek(&self) {} }";
    let mut sources = sources();
    sources.push(Source::new("kmeans/inner.rs", inner));
    let index = Index::of(&sources);
    let found = |path: &str, line: &str| offences(&Source::new(path, line), &index);
    for (path, line) in [
        ("kernels/rows.rs", "use crate::data::Points;"),
        ("kernels/rows.rs", "fn f(x: ndarray::Array1<f64>) {}"),
        ("error.rs", "use crate::float::Float;"),
        ("data/points.rs", "use crate::init::Init;"),
        ("init/mod.rs", "use crate::kmeans::KMeans;"),
        ("init/mod.rs", "fn f() { crate::kmeans::update::update(); }"),
        ("datasets/mod.rs", "use crate::kmeans::minibatch::draws;"),
        ("data/points.rs", "use rayon::prelude::ParallelIterator;"),
        (
            "init/random.rs",
            "fn f(seed: [u8; 32]) { from_seed(seed); }",
        ),
        (
            "data/points.rs",
            "fn f(x: &[f64]) -> f64 { unsafe { *x.get_unchecked(0) } }",
        ),
        ("kmeans/model/mod.rs", "fn f() { println!(\"hello\"); }"),
        ("kmeans/model/mod.rs", "use super::engine::*;"),
        ("plot/clusters.rs", "use crate::data::Points;"),
        ("plot/clusters.rs", "use crate::init::{Init, search};"),
        // Grouped imports.
        ("init/mod.rs", "use crate::{parallel, kmeans::KMeansModel};"),
        ("init/mod.rs", "use crate::{Float, KMeans};"),
        (
            "selection/gap.rs",
            "use crate::{KMeans, kmeans::engine::{self, run}, semi_supervised::limits};",
        ),
        // Paths that leave a room, and paths in macros.
        (
            "init/search/mod.rs",
            "use super::super::metrics::silhouette_score;",
        ),
        (
            "data/points.rs",
            "fn f() { assert!(super::super::kmeans::is_sorted()); }",
        ),
        // Inner rooms.
        (
            "kmeans/engine/lloyd.rs",
            "use super::super::model::KMeansModel;",
        ),
        (
            "kmeans/engine/lloyd.rs",
            "use crate::kmeans::{update, minibatch::online};",
        ),
        // Internal methods of another room.
        (
            "selection/gap.rs",
            "fn f(kmeans: &KMeans) { kmeans.peek(); }",
        ),
    ] {
        assert_eq!(
            found(path, line).len(),
            1,
            "{path}: {line}: {:?}",
            found(path, line)
        );
    }
    for (path, line) in [
        ("kmeans/mod.rs", "use crate::init::Init;"),
        (
            "kmeans/engine/lloyd.rs",
            "use super::super::update::inertia;",
        ),
        ("data/points.rs", "use crate::kernels::Rows;"),
        ("float.rs", "use crate::kernels::Kernels;"),
        (
            "kernels/mod.rs",
            "// SAFETY: unsafe with rayon and ndarray, in a comment\n",
        ),
        (
            "kmeans/mod.rs",
            "const STORY: &str = \"crate::plot with rayon\";",
        ),
        ("parallel/mod.rs", "use rayon::prelude::ParallelIterator;"),
        ("plot/clusters.rs", "use crate::{Float, KMeansModel};"),
        ("plot/curve.rs", "use crate::selection::Sweep;"),
        ("plot/principal.rs", "use crate::linalg::dot;"),
        (
            "selection/sweep/fits.rs",
            "use crate::{KMeans, metrics::silhouette_score, parallel};",
        ),
    ] {
        assert_eq!(found(path, line), [""; 0], "{path}: {line}");
    }
}

#[test]
#[should_panic(expected = "has no layer")]
fn a_new_room_needs_a_layer() {
    let index = Index::default();
    let _ = offences(
        &Source::new("mixture/mod.rs", "use crate::mixture::sums;"),
        &index,
    );
}
