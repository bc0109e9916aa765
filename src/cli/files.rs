//! Which files a command means: paths, patterns, directories, or standard input.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// What files of directories are read; others are lists, checksums and the like.
const EXTENSIONS: [&str; 4] = ["pgp", "gpg", "asc", "key"];

/// One source of certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    StandardInput,
    File(PathBuf),
}

impl Input {
    /// The octets. A directory or missing file is an error.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::StandardInput => Ok(Box::new(io::stdin())),
            Self::File(path) => Ok(Box::new(File::open(path)?)),
        }
    }

    /// In octets; 0 when it cannot be told.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::StandardInput => 0,
            Self::File(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// The inputs that `names` stand for, in their order; those of one name sorted.
pub(super) fn expand(names: &[String]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for name in names {
        match name.as_str() {
            "-" => inputs.push(Input::StandardInput),
            name => inputs.extend(paths(name)?.into_iter().map(Input::File)),
        }
    }
    Ok(inputs)
}

fn paths(name: &str) -> anyhow::Result<Vec<PathBuf>> {
    let path = Path::new(name);
    if path.is_dir() {
        return directory(path);
    }
    let is_pattern = name.contains(['*', '?', '[']);
    if path.exists() || !is_pattern {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for path in glob::glob(name).with_context(|| format!("the pattern {name} cannot be understood"))? {
        let path = path?;
        if path.is_dir() {
            found.extend(directory(&path)?);
        } else {
            found.push(path);
        }
    }
    ensure!(!found.is_empty(), "no file matches {name}");
    Ok(found)
}

/// The keyrings in a directory and those below it.
fn directory(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(path, &mut found).with_context(|| format!("the directory {} cannot be read", path.display()))?;
    if found.is_empty() {
        let [last, others @ ..] = EXTENSIONS.map(|extension| format!("*.{extension}"));
        bail!("the directory {} has no {} or {last}", path.display(), others.join(", "));
    }
    found.sort();
    Ok(found)
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        // A link to a directory may lead back; a link to a file is as good as the file.
        if entry.file_type()?.is_dir() {
            collect(&path, found)?;
        } else if is_keyring(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_keyring(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}
