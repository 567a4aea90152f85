//! The copy of the tree, in which mutants stand. Files that are as they were are left as they are, so that a second run compiles little.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::rewrite::rewrite;
use crate::scope::Site;

/// Where in which file of the copy each mutant stands.
pub type Places = BTreeMap<String, Vec<(u32, Range<usize>)>>;

/// What is no part of the product, or is made from it.
const LEFT_BEHIND: [&str; 3] = [".git", "target", "tests/mutants"];

/// The module that the copy's library has beside its own: which mutant is on, as the environment said when it was first asked.
const SWITCH: &str = "//! Which mutant is on.

use std::sync::OnceLock;

static ON: OnceLock<u32> = OnceLock::new();

pub fn on(number: u32) -> bool {
    let chosen = || std::env::var(\"WAYBILL_MUTANT\").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    *ON.get_or_init(chosen) == number
}
";

pub struct Copy {
    /// The working tree.
    pub original: PathBuf,
    /// Below it all that a run makes.
    pub root: PathBuf,
    pub tree: PathBuf,
    pub target: PathBuf,
    pub logs: PathBuf,
}

impl Copy {
    pub fn new(root: &Path, at: &Path) -> Result<Self, String> {
        let copy = Self {
            original: root.to_path_buf(),
            root: at.to_path_buf(),
            tree: at.join("tree"),
            target: at.join("target"),
            logs: at.join("logs"),
        };
        for folder in [&copy.tree, &copy.logs] {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        Ok(copy)
    }

    /// Makes the copy anew with these mutants in it.
    pub fn write(&self, mutants: &[(u32, &Site)]) -> Result<Places, String> {
        let mut by_file: BTreeMap<&str, Vec<(u32, &Site)>> = BTreeMap::new();
        for (number, site) in mutants {
            by_file.entry(&site.file).or_default().push((*number, site));
        }
        let mut places = BTreeMap::new();
        let mut there = BTreeSet::from([PathBuf::from("src/mutant.rs")]);
        let mut own = Vec::new();
        walk(&self.original, Path::new(""), &mut own)?;
        put(&self.tree.join("src/mutant.rs"), SWITCH.as_bytes())?;
        for path in own {
            let mut content = read(&self.original.join(&path))?;
            let name = path.to_string_lossy().into_owned();
            if let Some(mutants) = by_file.get(name.as_str()) {
                let text = String::from_utf8(content).map_err(|_| format!("{name}: no text"))?;
                let (text, stand) = rewrite(&text, mutants);
                places.insert(name, stand);
                content = text.into_bytes();
            } else if name == "src/lib.rs" {
                content.extend(b"\n#[doc(hidden)]\npub mod mutant;\n");
            }
            put(&self.tree.join(&path), &content)?;
            there.insert(path);
        }
        let mut old = Vec::new();
        walk(&self.tree, Path::new(""), &mut old)?;
        for path in old.into_iter().filter(|path| !there.contains(path)) {
            let path = self.tree.join(path);
            fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(places)
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let at = root.join(folder);
    for entry in fs::read_dir(&at).map_err(|error| format!("{}: {error}", at.display()))?.flatten() {
        let path = folder.join(entry.file_name());
        if LEFT_BEHIND.iter().any(|left| path == Path::new(left)) {
            continue;
        }
        if entry.path().is_dir() {
            walk(root, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn put(path: &Path, content: &[u8]) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", path.display());
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write(path, content).map_err(failed)
}
