//! The sources of a crate, read as Rust: its modules, and what a path in one of them leads to.

mod paths;
mod uses;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use syn::{Attribute, Item};

use crate::run::root;

pub use paths::paths;
pub use uses::uses;

/// A module's place in its crate: `[]` is the root, `["judge", "line"]` is `judge/line.rs`.
pub type Place = Vec<String>;

/// A file of a crate.
pub struct Module {
    pub file: PathBuf,
    pub text: String,
    /// Without what only tests see.
    pub items: Vec<Item>,
    /// Names that are brought in, and the paths they stand for.
    pub names: BTreeMap<String, Vec<String>>,
}

/// A crate's `src`.
pub struct Crate {
    /// Its folder's name.
    pub name: String,
    pub modules: BTreeMap<Place, Module>,
}

/// Every crate of the workspace, by its folder's name.
pub fn workspace() -> Result<BTreeMap<String, Crate>> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.path();
        if folder.join("src").is_dir() {
            let found = Crate::read(&folder)?;
            out.insert(found.name.clone(), found);
        }
    }
    Ok(out)
}

/// The files of a folder and its folders that end in `.rs`, in order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            out.extend(files(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    Ok(out)
}

impl Crate {
    fn read(folder: &Path) -> Result<Crate> {
        let src = folder.join("src");
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (mut modules, mut of_tests) = (BTreeMap::new(), Vec::new());
        for file in files(&src)? {
            let text = fs::read_to_string(&file)?;
            let parsed = syn::parse_file(&text).with_context(|| file.display().to_string())?;
            let place = place(file.strip_prefix(&src)?);
            let (tests, items): (Vec<Item>, Vec<Item>) =
                parsed.items.into_iter().partition(|item| is_test(attributes(item)));
            let in_files = tests.iter().filter_map(|item| match item {
                Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
                _ => None,
            });
            of_tests.extend(in_files.map(|name| [place.as_slice(), &[name]].concat()));
            let names = uses(&items).into_iter().collect();
            modules.insert(place, Module { file, text, items, names });
        }
        modules.retain(|place: &Place, _| !of_tests.iter().any(|test| place.starts_with(test)));
        Ok(Crate { name, modules })
    }

    /// The module that a path in `from` leads to, and what is left of the path there; `None` where it leads elsewhere.
    pub fn resolve(&self, from: &[String], path: &[String]) -> Option<(Place, Vec<String>)> {
        self.resolve_within(from, path, 8)
    }

    fn resolve_within(&self, from: &[String], path: &[String], depth: u32) -> Option<(Place, Vec<String>)> {
        let (first, mut rest) = path.split_first()?;
        let mut place = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.to_vec(),
            "super" => from.split_last()?.1.to_vec(),
            name => {
                let child = [from, &[name.to_owned()]].concat();
                self.modules.contains_key(&child).then_some(child)?
            }
        };
        while let Some((next, after)) = rest.split_first() {
            let child = [place.as_slice(), std::slice::from_ref(next)].concat();
            if next == "super" {
                place.pop()?;
            } else if self.modules.contains_key(&child) {
                place = child;
            } else if let Some(target) = self.modules.get(&place)?.names.get(next).filter(|_| depth > 0) {
                let target = [target.as_slice(), after].concat();
                return self.resolve_within(&place, &target, depth - 1).or(Some((place, rest.to_vec())));
            } else {
                break;
            }
            rest = after;
        }
        Some((place, rest.to_vec()))
    }
}

/// `judge/line.rs` and `judge/mod.rs`, relative to `src`, as places.
fn place(file: &Path) -> Place {
    let mut out: Place = file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(out.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        out.pop();
    }
    out
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|a| a.path().is_ident("cfg") && a.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test"))
}

/// Of the kinds of items that tests have.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (file, at) in [("lib.rs", ""), ("a.rs", "a"), ("a/mod.rs", "a"), ("a/b.rs", "a/b")] {
            assert_eq!(place(Path::new(file)).join("/"), at);
        }
    }

    #[test]
    fn a_path_is_followed_through_what_is_brought_in() {
        let words = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
        let module = |names: &[(&str, &str)]| Module {
            file: PathBuf::new(),
            text: String::new(),
            items: Vec::new(),
            names: names.iter().map(|(name, path)| ((*name).to_owned(), words(path))).collect(),
        };
        let modules = [
            (vec![], module(&[("Code", "codes::Code")])),
            (words("codes"), module(&[])),
            (words("judge"), module(&[])),
            (words("judge::line"), module(&[])),
        ];
        let one = Crate { name: "one".into(), modules: modules.into() };
        let resolved = |path: &str| {
            one.resolve(&words("judge::line"), &words(path)).map(|(place, rest)| (place.join("/"), rest.join("::")))
        };
        assert_eq!(resolved("crate::Code"), Some(("codes".into(), "Code".into())));
        assert_eq!(resolved("super::Judge"), Some(("judge".into(), "Judge".into())));
        assert_eq!(resolved("super::super::codes::Code"), Some(("codes".into(), "Code".into())));
        assert_eq!(resolved("std::fs"), None);
    }
}
