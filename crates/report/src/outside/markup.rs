//! Text inside XML and HTML.

use super::{is_harmful, show};
use std::fmt::{self, Display, Formatter, Write};

/// Something as character data or as the value of an attribute in double quotes. Names of files are whatever somebody
/// made them: nothing in them begins an element, ends an attribute or a line, turns the direction of writing round, or
/// is a character that XML 1.0 does not have.
pub struct Escaped<T: Display>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Into(f), "{}", self.0)
    }
}

struct Into<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Into<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                c if is_harmful(c) => show(c, self.0)?,
                c => self.0.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn no_text_leaves_its_place() {
        assert_eq!(
            Escaped("<img src=x onerror='a(\"b\")'> & co").to_string(),
            "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt; &amp; co"
        );
        assert_eq!(Escaped("a\0b\u{1b}[31m\u{202E}gz.\u{7f}\n").to_string(), "a\\x00b\\x1B[31m\\u{202E}gz.\\x7F\\n");
        assert_eq!(Escaped(7).to_string(), "7");
    }
}
