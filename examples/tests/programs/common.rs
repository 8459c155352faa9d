//! What the tests of the examples share: running them, and reading their output.
#![allow(dead_code, reason = "each test program uses only some of this")]

use std::path::Path;
use std::process::{Command, Output};

/// The command for an example that is built next to this test. `cargo test` builds both. Before
/// `cargo test --test programs`, run `cargo build --examples`.
pub(crate) fn program(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Command::new(folder.join("examples").join(name))
}

pub(crate) const BUILT: &str = "the examples are built: cargo build --examples";

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The output of a successful run.
pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The one-line error message of a failed run.
pub(crate) fn one_line(output: &Output) -> String {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error.strip_prefix("error: ").unwrap().trim_end().to_owned()
}

/// The word after `name` in the output.
pub(crate) fn value_of<'a>(text: &'a str, name: &str) -> &'a str {
    let after = text.rsplit(name).next().unwrap();
    after.split_whitespace().next().unwrap()
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The numbers in the lines of a table that begin with `name`.
pub(crate) fn numbers_of(text: &str, name: &str) -> Vec<f64> {
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("{name}: {text}"));
    let words = line[name.len()..].split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

pub(crate) fn of(name: &str, arguments: &[&str]) -> Output {
    program(name).args(arguments).output().expect(BUILT)
}
