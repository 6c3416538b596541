//! `xtask/shape.txt`: a line `WORD FIGURE` for each count, and `table FILE` for each file that may be long.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result};

use super::Count;
use crate::run::root;

const HEAD: &str = "\
# What `cargo xtask shape` counts, and allows: a figure may fall, and is then written with `cargo xtask shape --write`.
# A `table` is a source file that may have more than 500 lines, because it is one table.
";

#[derive(Default)]
pub struct Held {
    figures: BTreeMap<String, usize>,
    tables: Vec<String>,
}

fn file() -> PathBuf {
    root().join("xtask/shape.txt")
}

impl Held {
    pub fn read() -> Result<Held> {
        let text = fs::read_to_string(file()).with_context(|| file().display().to_string())?;
        Held::parse(&text)
    }

    fn parse(text: &str) -> Result<Held> {
        let mut held = Held::default();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            match line.split_once(' ').with_context(|| line.to_owned())? {
                ("table", file) => held.tables.push(file.to_owned()),
                (what, figure) => {
                    held.figures.insert(what.to_owned(), figure.parse().with_context(|| line.to_owned())?);
                }
            }
        }
        Ok(held)
    }

    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// Counts above their figure. One without a figure may have none.
    pub fn worse<'a>(&self, counts: &'a [Count]) -> Vec<(&'a Count, usize)> {
        let with = counts.iter().map(|count| (count, self.figures.get(count.what).copied().unwrap_or(0)));
        with.filter(|(count, allowed)| count.found.len() > *allowed).collect()
    }

    /// Counts below their figure.
    pub fn better<'a>(&self, counts: &'a [Count]) -> Vec<(&'a Count, usize)> {
        let with = counts.iter().map(|count| (count, self.figures.get(count.what).copied().unwrap_or(0)));
        with.filter(|(count, allowed)| count.found.len() < *allowed).collect()
    }

    pub fn write(&self, counts: &[Count]) -> Result<()> {
        let figures: String = counts.iter().map(|count| format!("{} {}\n", count.what, count.found.len())).collect();
        let tables: String = self.tables.iter().map(|file| format!("table {file}\n")).collect();
        Ok(fs::write(file(), format!("{HEAD}{figures}{tables}"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rises_is_worse() {
        let held = Held::parse("# x\nlong 2\ntable a.rs\n").unwrap();
        let count = |what, n: usize| Count { what, title: "", found: vec![String::new(); n] };
        let counts = [count("long", 3), count("wide", 1), count("long", 2), count("long", 1)];
        assert_eq!(
            held.worse(&counts).iter().map(|(c, n)| (c.what, *n)).collect::<Vec<_>>(),
            [("long", 2), ("wide", 0)]
        );
        assert_eq!((held.better(&counts).len(), held.tables()), (1, &["a.rs".to_owned()][..]));
    }
}
