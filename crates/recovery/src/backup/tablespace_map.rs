//! `tablespace_map` of 9.5 and later (`read_tablespace_map`): where the tablespaces of a backup lie, one a line.
//!
//! ```text
//! 16400 /data/fast        a backslash takes the meaning from the character behind it: a line's end, a backslash
//! ```

/// The tablespaces and their places, as far as it makes sense.
pub(super) fn parse(bytes: &[u8]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let (mut line, mut escaped) = (Vec::new(), false);
    for &byte in bytes {
        match byte {
            b'\\' if !escaped => {
                escaped = true;
                continue;
            }
            b'\n' | b'\r' if !escaped => {
                out.extend(split(&line));
                line.clear();
            }
            _ => line.push(byte),
        }
        escaped = false;
    }
    out
}

fn split(line: &[u8]) -> Option<(String, String)> {
    let line = String::from_utf8_lossy(line);
    let (oid, place) = line.split_once(' ')?;
    let is_oid = !oid.is_empty() && oid.bytes().all(|b| b.is_ascii_digit());
    (is_oid && !place.is_empty()).then(|| (oid.to_owned(), place.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_escapes_and_what_makes_no_sense() {
        let own = |oid: &str, place: &str| (oid.to_owned(), place.to_owned());
        let text = b"16400 /data/fast\r\n16401 /data/a b\\\\c\\\nd\n";
        assert_eq!(parse(text), [own("16400", "/data/fast"), own("16401", "/data/a b\\c\nd")]);
        assert_eq!(parse(b"../x /y\n16400\n 1 /z\n16402 /not/ended"), []);
    }
}
