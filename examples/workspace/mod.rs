//! Where the examples find their data and write their files.

use std::path::{Path, PathBuf};

/// A path relative to the workspace, which is the folder with the lock file.
pub(crate) fn path(relative: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_root = |folder: &&Path| folder.join("Cargo.lock").is_file();
    let root = here.ancestors().find(is_root).unwrap_or(here);
    root.join(relative)
}
