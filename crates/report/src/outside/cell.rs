//! Cells of comma-separated values (RFC 4180).

use super::shown;

/// Text as a cell is to hold it: shown, and behind an apostrophe where a spreadsheet would take it for a formula.
pub fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    let shown = shown(bytes);
    if shown.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        out.push(b'\'');
    }
    out.extend_from_slice(shown.as_bytes());
}

/// A cell, in quotes where it must be.
pub fn quoted(out: &mut Vec<u8>, cell: &[u8]) {
    if !cell.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    for &byte in cell {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Text as a cell.
pub fn of(words: &str) -> String {
    let (mut cell, mut out) = (Vec::new(), Vec::new());
    text(&mut cell, words.as_bytes());
    quoted(&mut out, &cell);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_are_no_formulas() {
        for (words, shown) in [
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            ("a\nb", "a\\nb"),
            ("\t=1", "\\t=1"),
            ("\r\u{1b}", "\\r\\x1B"),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1,2", "\"'+1,2\""),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
        ] {
            assert_eq!(of(words), shown);
        }
    }
}
