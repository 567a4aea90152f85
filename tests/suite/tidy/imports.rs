//! No two files import each other, straight or by way of others: then each can be read, and understood, before those that stand on it.
//!
//! Read are `use` lines and paths in the code; tests are left out. A name that a file only hands on (`pub use`) leads to the file that makes it: a
//! `mod.rs` that declares and re-exports is in no circle. One that makes something which its child names, and names something of that child, is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::lexer::{Words, words};

/// `["crate", "retailer", "world"]`.
type Module = Vec<String>;

/// What a `use` brings in: the name, the path, and is it for others too?
struct Import {
    name: String,
    path: Vec<String>,
    public: bool,
}

struct File {
    path: PathBuf,
    words: Vec<String>,
    /// What is made here.
    makes: BTreeSet<String>,
    imports: Vec<Import>,
    /// Where in `words` a `use` stands.
    uses: Vec<Range<usize>>,
}

/// From file to file, with the names.
pub type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

pub struct Crate(BTreeMap<Module, File>);

impl Crate {
    /// Of files below `src`, with their texts. Modules that are declared for tests alone are left out.
    pub fn read(files: &[(PathBuf, String)]) -> Self {
        let mut modules = BTreeMap::new();
        let mut tests: Vec<Module> = Vec::new();
        for (path, text) in files {
            let Some(module) = module_of(path) else { continue };
            let Words { words, test_modules } = words(text);
            tests.extend(test_modules.into_iter().map(|test| module.iter().cloned().chain([test]).collect()));
            let (imports, uses) = imports(&words);
            let makes = makes(&words);
            modules.insert(module, File { path: path.clone(), words, makes, imports, uses });
        }
        modules.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self(modules)
    }

    pub fn files(&self) -> BTreeSet<PathBuf> {
        self.0.values().map(|file| file.path.clone()).collect()
    }

    pub fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (module, file) in &self.0 {
            let used = file.names();
            let mut go = |path: &[String]| {
                if let Some((to, name)) = self.resolve(module, path, 0)
                    && to != file.path
                {
                    arrows.entry(file.path.clone()).or_default().entry(to).or_default().insert(name);
                }
            };
            // A module that is brought in whole is no arrow yet: what is named of it is one.
            for import in
                file.imports.iter().filter(|import| !import.public || self.names_of(module, import).any(|name| used.contains(name)))
            {
                if import.name == "*" || self.module_at(module, &import.path).is_none() {
                    go(&import.path);
                }
            }
            for path in file.paths() {
                let brought = file.imports.iter().find(|import| import.name == path[0]).map(|import| &import.path);
                match brought {
                    Some(brought) if self.module_at(module, brought).is_some() => {
                        go(&brought.iter().chain(&path[1..]).cloned().collect::<Vec<_>>());
                    }
                    Some(_) => {}
                    None => go(&path),
                }
            }
        }
        arrows
    }

    /// The name that a `use` brings in; by `*` all that the module makes.
    fn names_of<'a>(&'a self, from: &Module, import: &'a Import) -> impl Iterator<Item = &'a String> {
        let all = if import.name == "*" { self.walk(from, &import.path).and_then(|(module, _)| self.0.get(&module)) } else { None };
        std::iter::once(&import.name).chain(all.into_iter().flat_map(|file| &file.makes))
    }

    /// The file that makes what the path names, and its name there; `None`: another crate's.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Option<(PathBuf, String)> {
        let (module, rest) = self.walk(from, path)?;
        let file = self.0.get(&module)?;
        let Some(name) = rest.first().filter(|name| *name != "*") else { return Some((file.path.clone(), "*".to_owned())) };
        if depth < 8 && !file.makes.contains(name) {
            if let Some(import) = file.imports.iter().find(|import| import.name == *name) {
                return self.resolve(&module, &import.path, depth + 1);
            }
            let globs = file.imports.iter().filter(|import| import.name == "*");
            for glob in globs {
                let path: Vec<String> = glob.path[..glob.path.len() - 1].iter().chain([name]).cloned().collect();
                if self.walk(&module, &path).is_some_and(|(to, _)| self.0.get(&to).is_some_and(|file| file.makes.contains(name))) {
                    return self.resolve(&module, &path, depth + 1);
                }
            }
        }
        Some((file.path.clone(), name.clone()))
    }

    /// Goes down as far as there are modules; `None`: the path begins in another crate.
    fn walk<'a>(&self, from: &Module, path: &'a [String]) -> Option<(Module, &'a [String])> {
        let mut module = from.clone();
        match path.first()?.as_str() {
            "crate" => module.truncate(1),
            "super" => {
                module.pop();
            }
            "self" => {}
            first => {
                module.push(first.to_owned());
                if !self.0.contains_key(&module) {
                    return None;
                }
            }
        }
        let mut rest = &path[1..];
        while let Some(next) = rest.first() {
            if next == "super" {
                module.pop();
            } else {
                module.push(next.clone());
                if !self.0.contains_key(&module) {
                    module.pop();
                    break;
                }
            }
            rest = &rest[1..];
        }
        Some((module, rest))
    }

    fn module_at(&self, from: &Module, path: &[String]) -> Option<Module> {
        self.walk(from, path).filter(|(_, rest)| rest.is_empty()).map(|(module, _)| module)
    }
}

impl File {
    fn outside_uses(&self) -> impl Iterator<Item = usize> {
        (0..self.words.len()).filter(|at| !self.uses.iter().any(|range| range.contains(at)))
    }

    /// What is named in the code, but for methods and what is declared.
    fn names(&self) -> BTreeSet<String> {
        let named = self.outside_uses().filter(|at| *at == 0 || !matches!(self.words[at - 1].as_str(), "." | "mod" | "fn"));
        named.map(|at| self.words[at].clone()).collect()
    }

    /// All `a::b::c` that stand in the code.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        for at in self.outside_uses() {
            let begins = is_name(&self.words[at]) && (at == 0 || self.words[at - 1] != "::");
            if !begins || self.words.get(at + 1).is_none_or(|next| next != "::") {
                continue;
            }
            let mut path = vec![self.words[at].clone()];
            let mut next = at + 1;
            while self.words.get(next).is_some_and(|word| word == "::") && self.words.get(next + 1).is_some_and(|word| is_name(word)) {
                path.push(self.words[next + 1].clone());
                next += 2;
            }
            if path.len() > 1 {
                paths.push(path);
            }
        }
        paths
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// `src/retailer/world.rs` is `crate::retailer::world`.
fn module_of(path: &Path) -> Option<Module> {
    let inside = path.strip_prefix("src").ok()?.with_extension("");
    let mut module: Module = vec!["crate".to_owned()];
    module.extend(inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()));
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    Some(module)
}

fn makes(words: &[String]) -> BTreeSet<String> {
    let kinds = ["struct", "enum", "union", "trait", "type", "fn", "const", "static", "macro_rules"];
    words
        .windows(3)
        .filter(|of| kinds.contains(&of[0].as_str()))
        .map(|of| if of[1] == "!" { of[2].clone() } else { of[1].clone() })
        .collect()
}

fn imports(words: &[String]) -> (Vec<Import>, Vec<Range<usize>>) {
    let (mut imports, mut uses) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < words.len() {
        let begins = at == 0 || matches!(words[at - 1].as_str(), ";" | "}" | "{" | "]" | "pub" | ")");
        if words[at] != "use" || !begins {
            at += 1;
            continue;
        }
        let public = at > 0 && matches!(words[at - 1].as_str(), "pub" | ")");
        let end = at + words[at..].iter().position(|word| word == ";").unwrap_or(words.len() - at - 1);
        tree(&words[at + 1..end], &[], public, &mut imports);
        uses.push(at..end + 1);
        at = end + 1;
    }
    (imports, uses)
}

/// Reads `a::{b, c::{d as e, *}}`.
fn tree(words: &[String], before: &[String], public: bool, imports: &mut Vec<Import>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "::" => {}
            "{" => {
                let inner = &words[at + 1..words.len() - 1];
                let (mut depth, mut from) = (0, 0);
                for (place, word) in inner.iter().enumerate() {
                    match word.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        "," if depth == 0 => {
                            tree(&inner[from..place], &path, public, imports);
                            from = place + 1;
                        }
                        _ => {}
                    }
                }
                tree(&inner[from..], &path, public, imports);
                return;
            }
            "as" => {
                imports.push(Import { name: words[at + 1].clone(), path, public });
                return;
            }
            "self" if at > 0 || !before.is_empty() => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
    if let Some(name) = path.last().filter(|_| path.len() > before.len() || !words.is_empty()) {
        imports.push(Import { name: name.clone(), path, public });
    }
}

/// Files that lead back to themselves.
pub fn circles(arrows: &Arrows) -> Vec<Vec<PathBuf>> {
    let reach: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> = arrows.keys().map(|from| (from, reached(arrows, from))).collect();
    let mut circles: Vec<Vec<PathBuf>> = Vec::new();
    for (from, to) in &reach {
        if to.contains(from) && !circles.iter().any(|circle| circle.contains(from)) {
            let back = |other: &&&PathBuf| reach.get(*other).is_some_and(|to| to.contains(from));
            circles.push(to.iter().filter(back).map(|path| (*path).clone()).collect());
        }
    }
    circles
}

fn reached<'a>(arrows: &'a Arrows, from: &'a PathBuf) -> BTreeSet<&'a PathBuf> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        open.extend(arrows.get(next).into_iter().flatten().map(|(to, _)| to).filter(|to| found.insert(*to)));
    }
    found
}

/// A circle with its arrows, for people.
pub fn shown(circle: &[PathBuf], arrows: &Arrows) -> String {
    let mut lines = String::new();
    for from in circle {
        for (to, names) in arrows.get(from).into_iter().flatten().filter(|(to, _)| circle.contains(to)) {
            let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            lines += &format!("  {} -> {}: {names}\n", from.display(), to.display());
        }
    }
    lines
}

#[test]
fn a_circle_is_found_and_what_is_only_handed_on_is_none() {
    let circles_of = |files: &[(&str, &str)]| {
        let files: Vec<(PathBuf, String)> = files.iter().map(|(path, text)| (Path::new("src").join(path), (*text).to_owned())).collect();
        let found = circles(&Crate::read(&files).arrows());
        found.into_iter().map(|circle| circle.iter().map(|path| path.display().to_string()).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let handed_on = [
        ("shop/mod.rs", "mod till; mod goods;\npub use goods::{Price, Tee};\n#[cfg(test)]\nmod tests { use super::till::Till; }"),
        ("shop/goods.rs", "pub struct Tee; pub struct Price;"),
        ("shop/till.rs", "use super::{Price, Tee};\n// use crate::shop::till;\npub struct Till;"),
    ];
    assert!(circles_of(&handed_on).is_empty());
    let made_there = [
        ("shop/mod.rs", "mod till;\nuse till::Till;\npub struct Shop(Till);"),
        ("shop/till.rs", "use crate::{facts::Moment, shop::{self as all}};\npub struct Till; fn at(shop: &all::Shop) {}"),
        ("facts.rs", "pub struct Moment;"),
    ];
    assert_eq!(circles_of(&made_there), [["src/shop/mod.rs", "src/shop/till.rs"]]);
    let by_another = [
        ("one.rs", "pub fn one() { super::two::two() }"),
        ("two.rs", "pub use crate::three::*;\npub fn two() { three() }"),
        ("three.rs", "use crate::one::one;\npub fn three() { one() }"),
    ];
    assert_eq!(circles_of(&by_another).len(), 1);
}
