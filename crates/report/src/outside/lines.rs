//! Text for people, a line at a time.

use super::Shown;
use anstyle::Style;
use std::fmt::{self, Write as _};
use std::io::{self, Write};

/// Takes whole lines, and shows what is in them: a line break ends a line only where it ends what was given. Headings
/// are coloured with ANSI sequences, wherever they go: a writer that is no terminal strips them (`anstream`).
pub struct Lines<'a> {
    out: &'a mut dyn Write,
    /// Room that is used again.
    text: String,
}

impl<'a> Lines<'a> {
    /// Lines that go there.
    pub fn new(out: &'a mut dyn Write) -> Lines<'a> {
        Lines { out, text: String::new() }
    }

    /// A line: what `writeln!` calls.
    pub fn write_fmt(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let _ = text.write_fmt(line);
        let written = self.styled(&[(Style::new(), text.strip_suffix('\n').unwrap_or(&text))]);
        self.text = text;
        written
    }

    /// A line of pieces that each have a style of their own.
    pub fn styled(&mut self, pieces: &[(Style, &str)]) -> io::Result<()> {
        let mut line = String::new();
        for (style, text) in pieces {
            let _ = write!(line, "{style}{}{style:#}", Shown(text));
        }
        line.push('\n');
        self.out.write_all(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anstyle::AnsiColor;

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        let mut out = Vec::new();
        let mut lines = Lines::new(&mut out);
        let (name, ends) = ("a\nVERDICT  PROVEN", "ends\n");
        writeln!(lines, "file {name}: \u{1b}[2J").unwrap();
        writeln!(lines).unwrap();
        writeln!(lines, "{ends}").unwrap();
        let red = Style::new().fg_color(Some(AnsiColor::Red.into()));
        lines.styled(&[(red, "x\u{1b}y"), (Style::new(), " z")]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "file a\\nVERDICT  PROVEN: \\x1B[2J\n\nends\\n\n\u{1b}[31mx\\x1By\u{1b}[0m z\n");
    }
}
