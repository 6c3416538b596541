//! The crates in figures.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{circles, names};
use crate::code::Crate;

pub fn print(crates: &BTreeMap<String, Crate>) -> Result<()> {
    println!("| crate | files | lines | median | longest | circles | types | with two meanings |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    crates.values().flat_map(names::of_crate).for_each(|(name, _)| *all.entry(name).or_default() += 1);
    let mut sum = Row::default();
    for one in crates.values() {
        let row = Row::of(one, &all);
        row.print(&one.name);
        sum.add(row);
    }
    sum.doubles = all.values().filter(|count| **count > 1).count();
    sum.types = all.len();
    sum.print("all");
    Ok(())
}

#[derive(Default)]
struct Row {
    /// Lines of each file, with its name.
    files: Vec<(usize, String)>,
    circles: usize,
    types: usize,
    doubles: usize,
}

impl Row {
    fn of(one: &Crate, all: &BTreeMap<String, usize>) -> Row {
        let file = |file: &std::path::Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let types = names::of_crate(one);
        Row {
            files: one.modules.values().map(|m| (m.text.lines().count(), file(&m.file))).collect(),
            circles: circles::of_crate(one).len(),
            types: types.len(),
            doubles: types.iter().filter(|(name, _)| all.get(name).is_some_and(|count| *count > 1)).count(),
        }
    }

    fn add(&mut self, other: Row) {
        self.files.extend(other.files);
        self.circles += other.circles;
    }

    fn print(&self, name: &str) {
        let mut files = self.files.clone();
        files.sort();
        let lines: usize = files.iter().map(|(lines, _)| lines).sum();
        let median = files.get(files.len() / 2).map_or(0, |(lines, _)| *lines);
        let longest = files.last().map(|(lines, name)| format!("{lines} ({name})")).unwrap_or_default();
        let Row { circles, types, doubles, .. } = self;
        println!("| {name} | {} | {lines} | {median} | {longest} | {circles} | {types} | {doubles} |", files.len());
    }
}
