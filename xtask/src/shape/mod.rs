//! `cargo xtask shape`: what is counted of the sources, so that it gets no worse.
//!
//! `xtask/shape.txt` holds the figures. One that rises fails; one that falls is written there with `--write`. `--table`
//! prints the crates one by one, without judging.

mod circles;
mod held;
mod length;
mod names;
mod seams;
mod table;

use anyhow::{Result, bail};

use crate::code::{self, Crate};
use held::Held;

/// What was counted, and where.
pub struct Count {
    /// The word in `shape.txt`.
    pub what: &'static str,
    /// A few words for people.
    pub title: &'static str,
    pub found: Vec<String>,
}

pub fn run(arguments: &[&str]) -> Result<()> {
    let crates = code::workspace()?;
    let held = Held::read()?;
    match arguments {
        ["--table"] => return table::print(&crates),
        [] | ["--write"] => {}
        _ => bail!("usage: cargo xtask shape [--table | --write]"),
    }
    let counts = count(&crates, &held)?;
    for count in &counts {
        println!("{:4}  {}", count.found.len(), count.title);
    }
    if arguments == ["--write"] {
        return held.write(&counts);
    }
    let worse = held.worse(&counts);
    for (count, before) in &worse {
        eprintln!("\n{}: {} where xtask/shape.txt allows {before}:", count.title, count.found.len());
        count.found.iter().for_each(|found| eprintln!("  {found}"));
    }
    if !worse.is_empty() {
        bail!("the sources got worse");
    }
    for (count, before) in held.better(&counts) {
        println!("{}: {} instead of {before}: cargo xtask shape --write", count.title, count.found.len());
    }
    Ok(())
}

fn count(crates: &std::collections::BTreeMap<String, Crate>, held: &Held) -> Result<Vec<Count>> {
    Ok(vec![
        circles::count(crates),
        length::long(held.tables())?,
        length::wide()?,
        names::count(crates),
        seams::count(crates),
    ])
}
