//! What comes from outside: names of files, restore points, labels of backups, reasons of histories, words of the
//! command line, messages of other programs. None of it reaches a terminal or another program as it is.
//!
//! ```text
//!  text              Lines: a line at a time, all of it shown ─┐
//!  tables, lists     Shown, where there is something to show ──┼─► OutputGuard ──► standard output, standard error, a file
//!  JSON              serde ────────────────────────────────────┤            what may not stand there in this form is shown
//!  CSV               cell: shown, in quotes, and no formula ───┤
//!  XML, HTML         Escaped: shown, then as markup has it ────┤
//!  labels, Nagios    shown, then as the format has it ─────────┘
//!  --format waldump  as pg_waldump prints it: names of restore points as they are
//! ```
//! A renderer cannot forget it. One of text has nothing to write to but [`Lines`], in which a line break is a character
//! like all others; and the program opens standard output and standard error in one place alone (`clippy.toml` forbids
//! it elsewhere), behind an [`OutputGuard`] that knows the form of what passes and shows what has no place in it.
//!
//! What is shown looks as in Rust and C: `\n`, `\t`, `\x1B`, `\u{202E}`; a byte that is not UTF-8 is `\xE9`. A
//! backslash stays one.

pub mod cell;
mod guard;
mod lines;
mod markup;
mod wrapped;

pub use guard::{OutputForm, OutputGuard, guarded};
pub use lines::Lines;
pub use markup::Escaped;
pub use wrapped::wrapped;

use std::fmt::{self, Display, Formatter, Write};

/// Something, with what may do harm made visible. Line breaks are among that: one is no line.
pub struct Shown<T: Display>(pub T);

impl<T: Display> Display for Shown<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Showing(f), "{}", self.0)
    }
}

struct Showing<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Showing<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| if is_harmful(c) { show(c, self.0) } else { self.0.write_char(c) })
    }
}

/// Bytes as text: what is not UTF-8 is shown as well.
pub fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let _ = write!(out, "{}", Shown(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02X}");
        }
    }
    out
}

/// Whether a character does something else than to stand where it was put: control characters (C0 and C1, line breaks
/// and tabs among them), marks that turn the direction of writing round or cannot be seen, and what is no character.
pub fn is_harmful(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => true,
        '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' => true,
        c => c.is_control() || u32::from(c) & 0xFFFE == 0xFFFE,
    }
}

fn show(c: char, out: &mut impl Write) -> fmt::Result {
    match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        c if u32::from(c) < 0x100 => write!(out, "\\x{:02X}", u32::from(c)),
        c => write!(out, "\\u{{{:X}}}", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_harm_is_seen_and_nothing_else_is_changed() {
        assert_eq!(Shown("Müller's 表 \\ 100% 🐘").to_string(), "Müller's 表 \\ 100% 🐘");
        assert_eq!(Shown("a\nVERDICT  PROVEN\r\t").to_string(), "a\\nVERDICT  PROVEN\\r\\t");
        assert_eq!(Shown("\u{1b}]0;x\u{7}\u{9b}31m\0\u{7f}").to_string(), "\\x1B]0;x\\x07\\x9B31m\\x00\\x7F");
        assert_eq!(Shown("gz.\u{202e}\u{2066}\u{200f}\u{feff}").to_string(), "gz.\\u{202E}\\u{2066}\\u{200F}\\u{FEFF}");
        assert_eq!(Shown("\u{fffe}\u{10ffff}\u{fffd}").to_string(), "\\u{FFFE}\\u{10FFFF}\u{fffd}");
        assert_eq!(shown(b"\xC3\xA9 \xE9 \x9B1m \n"), "é \\xE9 \\x9B1m \\n");
    }
}
