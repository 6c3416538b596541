//! Lines broken between words, for a terminal that is narrower than they are.

/// Columns of a label, under which a line goes on.
const INDENT: usize = 9;
/// On a terminal narrower than that nothing is gained.
const NARROWEST: usize = 40;

/// Breaks lines of text where they are longer than that; what is one word stays one.
pub fn wrapped(text: &[u8], columns: usize) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(text) else { return text.to_vec() };
    if columns < NARROWEST {
        return text.as_bytes().to_vec();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.split_inclusive('\n') {
        broken(line, columns, &mut out);
    }
    out.into_bytes()
}

fn broken(line: &str, columns: usize, out: &mut String) {
    let mut at = 0;
    for (i, word) in line.split_inclusive(' ').enumerate() {
        let wide = width(word.trim_end());
        if i > 0 && at > INDENT && at + wide > columns {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(INDENT));
            at = INDENT;
        }
        out.push_str(word);
        at += width(word);
    }
}

/// Columns of a text; colours (`ESC [ … m`) have none.
fn width(text: &str) -> usize {
    let mut columns = 0;
    let mut is_colour = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => is_colour = true,
            'm' if is_colour => is_colour = false,
            _ if is_colour || c.is_control() => {}
            _ => columns += 1,
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_only_there() {
        let text = "VERDICT  \u{1b}[31mREFUTED: on timeline 4 replay stops\u{1b}[0m at 5A/1F00C9D8\nshort\n";
        let broken = String::from_utf8(wrapped(text.as_bytes(), 40)).unwrap();
        assert_eq!(
            broken,
            "VERDICT  \u{1b}[31mREFUTED: on timeline 4 replay\n         stops\u{1b}[0m at 5A/1F00C9D8\nshort\n"
        );
        let word = "x".repeat(100) + "\n";
        assert_eq!(wrapped(word.as_bytes(), 40), word.as_bytes());
        assert_eq!(wrapped(text.as_bytes(), 20), text.as_bytes());
        assert_eq!(wrapped(text.as_bytes(), 200), text.as_bytes());
    }
}
