//! What is said beside lines: on standard error, in the order of WAL.

use pgwal_verify::records::{ListItem, ListPart};
use std::io::{self, Write};

/// Words beside the lines.
#[derive(Clone, Debug)]
pub struct Aside(pub Vec<u8>);

impl Aside {
    /// What `write` writes.
    pub fn of(write: impl FnOnce(&mut Vec<u8>)) -> Aside {
        let mut words = Vec::new();
        write(&mut words);
        Aside(words)
    }

    /// Says it. Where nobody can be told, the list goes on, and the exit code counts.
    pub fn say(&self, to: &mut dyn Write) {
        let _ = to.write_all(&self.0);
    }
}

/// Writes lines, and says beside them what belongs there.
pub fn write(piece: &ListPart<Aside>, lines: &mut dyn Write, aside: &mut dyn Write) -> io::Result<()> {
    for item in piece.items() {
        match item {
            ListItem::Text(text) => lines.write_all(text)?,
            ListItem::Event(words) => words.say(aside),
        }
    }
    Ok(())
}
