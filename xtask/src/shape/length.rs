//! Files above 500 lines, and lines above 120 columns. What stands in strings does not count, nor does a row of a table
//! in documentation: no line can be broken there.

use anyhow::Result;

use super::Count;
use crate::{code::files, run::root};

const LINES: usize = 500;
const COLUMNS: usize = 120;

/// Files that are too long. Those of shape.txt are tables.
pub fn long(tables: &[String]) -> Result<Count> {
    let mut found = Vec::new();
    for (file, text) in sources()? {
        let lines = text.lines().count();
        if lines > LINES && !tables.contains(&file) {
            found.push(format!("{file}: {lines} lines"));
        }
    }
    Ok(Count { what: "long", title: "files above 500 lines that are no table", found })
}

/// Lines that are too wide.
pub fn wide() -> Result<Count> {
    let mut found = Vec::new();
    for (file, text) in sources()? {
        let row = |line: &str| ["//! |", "/// |"].iter().any(|begins| line.trim_start().starts_with(begins));
        let lines = text.lines().zip(widths(&text)).enumerate();
        let wide = lines.filter(|(_, (line, width))| *width > COLUMNS && !row(line));
        found.extend(wide.map(|(index, (_, width))| format!("{file}:{}: {width} columns", index + 1)));
    }
    Ok(Count { what: "wide", title: "lines above 120 columns, strings apart", found })
}

/// Every file of Rust that is ours, by its path from the root.
fn sources() -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    for folder in ["crates", "xtask/src", "fuzz/src", "fuzz/fuzz_targets", "benches"] {
        let folder = root().join(folder);
        if !folder.is_dir() {
            continue;
        }
        for file in files(&folder)? {
            let text = std::fs::read_to_string(&file)?;
            out.push((file.strip_prefix(root())?.to_string_lossy().into_owned(), text));
        }
    }
    Ok(out)
}

/// Where the text is, at a character.
#[derive(Clone, Copy, PartialEq)]
enum In {
    Code,
    Line,
    Block(u32),
    Text,
    /// With so many hashes.
    Raw(usize),
}

/// The columns of each line that are no part of a string.
fn widths(text: &str) -> Vec<usize> {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut width, mut state, mut at) = (Vec::new(), 0, In::Code, 0);
    let hashes = |from: usize| chars.iter().skip(from).take_while(|c| **c == '#').count();
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied().unwrap_or('\n');
        if c == '\n' {
            out.push(width);
            (width, at) = (0, at + 1);
            state = if state == In::Line { In::Code } else { state };
            continue;
        }
        let (length, counts, after) = match state {
            In::Code => match (c, next) {
                ('/', '/') => (2, true, In::Line),
                ('/', '*') => (2, true, In::Block(1)),
                ('"', _) => (1, true, In::Text),
                ('r', '"' | '#') if chars.get(at + 1 + hashes(at + 1)) == Some(&'"') => {
                    (2 + hashes(at + 1), true, In::Raw(hashes(at + 1)))
                }
                // A character; what has no quote behind it is a lifetime.
                ('\'', '\\') => (4, true, In::Code),
                ('\'', _) if chars.get(at + 2) == Some(&'\'') => (3, true, In::Code),
                _ => (1, true, In::Code),
            },
            In::Line => (1, true, In::Line),
            In::Block(depth) => match (c, next) {
                ('*', '/') => (2, true, if depth == 1 { In::Code } else { In::Block(depth - 1) }),
                ('/', '*') => (2, true, In::Block(depth + 1)),
                _ => (1, true, state),
            },
            In::Text => match c {
                '\\' if next != '\n' => (2, false, In::Text),
                '"' => (1, true, In::Code),
                _ => (1, false, In::Text),
            },
            In::Raw(count) if c == '"' && hashes(at + 1) >= count => (1 + count, true, In::Code),
            In::Raw(_) => (1, false, state),
        };
        width += if counts { length } else { 0 };
        (at, state) = (at + length, after);
    }
    out.push(width);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_do_not_count() {
        assert_eq!(widths("let a = \"bcd\";"), [11]);
        assert_eq!(widths("f(r#\"a\"b\"#, 'c', '\"'); // \"d\"\n"), [26, 0]);
        assert_eq!(widths("\"a\\\n   b\" x"), [1, 3]);
        assert_eq!(widths("fn f<'a>(x: &'a str) /* \" */ {}"), [31]);
        assert_eq!(widths("'\\'' + \"x\""), [9]);
    }
}
