//! The last line: what passes here is in a form, and what has no place in that form is shown.

use super::{is_harmful, show};
use std::fmt::Write as _;
use std::io::{self, Write};

/// The form of what is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutputForm {
    /// Lines without colours.
    Plain,
    /// Lines with colours of our own (`ESC [ … m`), which go where nobody sees them.
    Styled,
    /// JSON: what is left as it is by its rules and yet does harm becomes `\u009B`, which means the same.
    Json,
    /// What `pg_waldump` prints, names of restore points as they are.
    AsPgWaldump,
}

/// Shows what has no place in a form.
pub struct OutputGuard<W> {
    form: OutputForm,
    out: W,
    /// The beginning of a character whose end is still to come.
    held: Vec<u8>,
}

/// Text in a form, for a file.
pub fn guarded(form: OutputForm, text: &[u8]) -> Vec<u8> {
    let mut guard = OutputGuard::new(form, Vec::with_capacity(text.len()));
    guard.take(text);
    guard.release();
    guard.out
}

impl<W> OutputGuard<W> {
    /// A guard before a writer.
    pub fn new(form: OutputForm, out: W) -> OutputGuard<W> {
        OutputGuard { form, out, held: Vec::new() }
    }

    /// Whether text can pass as it is, and nothing waits before it.
    fn lets_pass(&self, text: &[u8]) -> bool {
        self.form == OutputForm::AsPgWaldump || self.held.is_empty() && is_plain(text)
    }

    /// What text becomes; the beginning of a character at its end is held back.
    fn through(&mut self, text: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(text);
        let whole = all.len() - unfinished(&all);
        self.held = all.split_off(whole);
        let mut out = String::with_capacity(all.len() + 16);
        for chunk in all.utf8_chunks() {
            self.characters(chunk.valid(), &mut out);
            chunk.invalid().iter().for_each(|byte| self.stray(*byte, &mut out));
        }
        out
    }

    fn characters(&self, text: &str, out: &mut String) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let colour = if self.form == OutputForm::Styled && c == '\u{1b}' { colour(rest) } else { 0 };
            let (piece, behind) = rest.split_at(colour.max(c.len_utf8()));
            rest = behind;
            if colour > 0 || c == '\n' || !is_harmful(c) {
                out.push_str(piece);
            } else if self.form == OutputForm::Json {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            } else {
                let _ = show(c, out);
            }
        }
    }

    /// A byte that is no UTF-8.
    fn stray(&self, byte: u8, out: &mut String) {
        let _ = write!(out, "{}\\x{byte:02X}", if self.form == OutputForm::Json { "\\" } else { "" });
    }
}

impl OutputGuard<Vec<u8>> {
    fn take(&mut self, text: &[u8]) {
        if self.lets_pass(text) {
            self.out.extend_from_slice(text);
        } else {
            let shown = self.through(text);
            self.out.extend_from_slice(shown.as_bytes());
        }
    }

    fn release(&mut self) {
        let mut shown = String::new();
        std::mem::take(&mut self.held).iter().for_each(|byte| self.stray(*byte, &mut shown));
        self.out.extend_from_slice(shown.as_bytes());
    }
}

impl<W: Write> Write for OutputGuard<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.lets_pass(text) {
            self.out.write_all(text)?;
        } else {
            let shown = self.through(text);
            self.out.write_all(shown.as_bytes())?;
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut shown = String::new();
        std::mem::take(&mut self.held).iter().for_each(|byte| self.stray(*byte, &mut shown));
        self.out.write_all(shown.as_bytes())?;
        self.out.flush()
    }
}

/// Nothing but printable ASCII and line breaks.
fn is_plain(text: &[u8]) -> bool {
    // 64 at a time, with no way out between them, and with one comparison of signed bytes: what is below a blank, 0x7F
    // and what is above are all at most 0x20 when one is added. All output passes here.
    let has_odd = |block: &[u8]| {
        block.iter().fold(0, |any, &byte| any | u8::from((byte.wrapping_add(1) as i8 <= 0x20) & (byte != b'\n'))) != 0
    };
    let blocks = text.chunks_exact(64);
    let rest = blocks.remainder();
    !blocks.into_iter().any(has_odd) && !has_odd(rest)
}

/// Bytes at the end that begin a character and do not end it.
fn unfinished(text: &[u8]) -> usize {
    let last = text.iter().rev().take(3).position(|byte| byte & 0xC0 != 0x80);
    let Some((back, lead)) = last.and_then(|back| Some((back + 1, text.iter().rev().nth(back)?))) else { return 0 };
    let needed = match lead {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    if needed > back { back } else { 0 }
}

/// The length of the colour that text begins with.
fn colour(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(rest.len());
    if rest[digits..].starts_with('m') { 2 + digits + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WILD: &str = "a\n\u{1b}[31mb\u{1b}[0m \u{1b}]0;t\u{7} \u{9b}1m \u{202e}é\t\u{7f}";

    #[test]
    fn each_form_lets_pass_what_belongs_to_it() {
        let text = |form| String::from_utf8(guarded(form, WILD.as_bytes())).unwrap();
        assert_eq!(text(OutputForm::Plain), "a\n\\x1B[31mb\\x1B[0m \\x1B]0;t\\x07 \\x9B1m \\u{202E}é\\t\\x7F");
        assert_eq!(text(OutputForm::Styled), "a\n\u{1b}[31mb\u{1b}[0m \\x1B]0;t\\x07 \\x9B1m \\u{202E}é\\t\\x7F");
        assert_eq!(text(OutputForm::AsPgWaldump), WILD);
        let name = "\u{9b}\u{202e}\u{e0001}\u{7f}é";
        let json = guarded(OutputForm::Json, serde_json::to_string(name).unwrap().as_bytes());
        assert_eq!(String::from_utf8(json.clone()).unwrap(), "\"\\u009B\\u202E\\uDB40\\uDC01\\u007Fé\"");
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), name);
    }

    #[test]
    fn each_byte_is_told_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            let plain = byte == b'\n' || (b' '..=b'~').contains(&byte);
            for place in [0, 63, 64, 130, 199] {
                let mut text = [b'a'; 200];
                text[place] = byte;
                assert_eq!(is_plain(&text), plain, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn a_character_in_two_writes_is_one() {
        let text = "ü\u{9b}\u{202e}表🐘\u{e0001}".as_bytes();
        let whole = guarded(OutputForm::Plain, text);
        for cut in 0..text.len() {
            let mut guard = OutputGuard::new(OutputForm::Plain, Vec::new());
            guard.write_all(&text[..cut]).unwrap();
            guard.write_all(&text[cut..]).unwrap();
            guard.flush().unwrap();
            assert_eq!(guard.out, whole, "{cut}");
        }
        assert_eq!(guarded(OutputForm::Plain, b"\x9B1m \xC2\n\xE2\x80"), b"\\x9B1m \\xC2\n\\xE2\\x80");
        assert_eq!(guarded(OutputForm::Json, b"\"\xE9\""), b"\"\\\\xE9\"");
    }
}
