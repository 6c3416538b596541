//! `cargo xtask api`: what `pgwal` names at its top, with everything public about it.
//!
//! Read from the sources, not by the compiler: an item, its public fields, variants and methods, and the traits that it
//! has. `crates/pgwal/api.txt` holds it, so that a change of what is promised is seen as one.

mod generated;
mod item;
mod tidy;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::{Context, Result, bail};

use crate::{
    code::{self, Crate, uses},
    run::root,
};

pub fn run(arguments: &[&str]) -> Result<()> {
    let now = api()?;
    match arguments {
        [] => print!("{now}"),
        ["--write"] => fs::write(file(), now)?,
        ["--check"] => {
            let held = fs::read_to_string(file()).with_context(|| file().display().to_string())?;
            let differences = differences(&held, &now);
            if !differences.is_empty() {
                differences.iter().for_each(|line| eprintln!("{line}"));
                bail!("the public items of pgwal are not those of crates/pgwal/api.txt: cargo xtask api --write");
            }
            println!("{} lines of public items, as in crates/pgwal/api.txt", now.lines().count());
        }
        _ => bail!("usage: cargo xtask api [--check | --write]"),
    }
    Ok(())
}

fn file() -> PathBuf {
    root().join("crates/pgwal/api.txt")
}

/// Lines of one that the other has not: `-` gone, `+` new.
fn differences(held: &str, now: &str) -> Vec<String> {
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (in_full(held), in_full(now));
    let gone = before.difference(&after).map(|line| format!("- {line}"));
    gone.chain(after.difference(&before).map(|line| format!("+ {line}"))).collect()
}

/// Each line, those of an item's parts with the item in front.
fn in_full(text: &str) -> BTreeSet<String> {
    let (mut out, mut item) = (BTreeSet::new(), "");
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("    ") {
            Some(part) => out.insert(format!("{item}: {part}")),
            None => {
                item = line;
                out.insert(line.to_owned())
            }
        };
    }
    out
}

/// All items, by name; what is only handed through is named in front.
fn api() -> Result<String> {
    let crates = code::workspace()?;
    let facade = crates.get("pgwal").context("there is no crate pgwal")?;
    let root = facade.modules.get(&Vec::new()).context("pgwal has no lib.rs")?;
    let (mut through, mut items) = (Vec::new(), BTreeMap::new());
    let is_public =
        |item: &&syn::Item| matches!(item, syn::Item::Use(u) if matches!(u.vis, syn::Visibility::Public(_)));
    let public: Vec<syn::Item> = root.items.iter().filter(is_public).cloned().collect();
    for (name, path) in uses(&public) {
        let (first, rest) = path.split_first().context("an empty path")?;
        if rest.is_empty() {
            through.push(format!("mod {name} = {first}\n"));
            continue;
        }
        let text = of_crate(&crates, first, rest, 4);
        items.insert(name, text.with_context(|| path.join("::"))?);
    }
    let items: Vec<String> = items.into_values().map(|lines| lines.join("\n    ") + "\n").collect();
    Ok(through.concat() + "\n" + &items.join("\n"))
}

/// An item that a path leads to, from one crate's root into another's where it is handed on.
fn of_crate(crates: &BTreeMap<String, Crate>, first: &str, rest: &[String], depth: u32) -> Option<Vec<String>> {
    let one = crates.get(first.strip_prefix("pgwal_")?)?;
    let from_root: Vec<String> = std::iter::once("crate".to_owned()).chain(rest.iter().cloned()).collect();
    let (place, rest) = one.resolve(&[], &from_root)?;
    // A function may have the name of its module.
    let name = rest.first().or_else(|| place.last())?;
    let handed_on = || {
        let (first, rest) = one.modules.get(&place)?.names.get(name)?.split_first()?;
        of_crate(crates, first, rest, depth.checked_sub(1)?)
    };
    item::described(one, &place, name).or_else(handed_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_goes_is_named_with_its_item() {
        let (held, now) = ("enum A\n    B\n    C\n\nfn f()\n", "enum A\n    C\n    D\n\nfn f()\n");
        assert_eq!(differences(held, now), ["- enum A: B", "+ enum A: D"]);
        assert!(differences(held, held).is_empty());
    }
}
