//! `tablespace_map` of 9.5 and later (`read_tablespace_map`): where the tablespaces of a backup lie, one a line.
//!
//! ```text
//! 16400 /data/fast        a backslash takes the meaning from the character behind it: a line's end, a backslash
//! ```

use pgwal_format::recovery::TablespaceMap;

/// What a server does not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapFault {
    /// An empty line, or the second half of a line's end of another system.
    Empty,
    /// No OID, no space, or no place behind it.
    NoPlace,
    /// What stands in front of the space is no number.
    NoNumber,
    /// The last line is not ended.
    NotEnded,
    /// In the place of the link stands a folder that is not empty.
    OverFolder(u32),
}

/// The first thing that a server refuses, and in which line, counted from 1. One that is not ended is passed over by
/// those that scan.
pub(super) fn fault(bytes: &[u8], rules: TablespaceMap) -> Option<(u32, MapFault)> {
    let of = |line: &[u8]| match rules {
        TablespaceMap::Scanned => of_scanned(line),
        _ => of_split(line, rules == TablespaceMap::Numbered),
    };
    let lines = MapLines::of(bytes);
    let refused = lines.ended.iter().find_map(|(number, line)| Some((*number, of(line)?)));
    let open = lines.has_more || lines.is_escaped && rules != TablespaceMap::Scanned;
    refused.or_else(|| open.then_some((lines.last, MapFault::NotEnded)))
}

/// In which line, counted from 1, a tablespace is named.
pub(super) fn line_of(bytes: &[u8], oid: u32) -> Option<u32> {
    let own = |line: &[u8]| split(line).is_some_and(|(named, _)| named.parse() == Ok(oid));
    MapLines::of(bytes).ended.iter().find(|(_, line)| own(line)).map(|(number, _)| *number)
}

/// What stands between ends of lines that no backslash stands before.
struct MapLines {
    /// In which line, counted from 1, and what, its backslashes taken out.
    ended: Vec<(u32, Vec<u8>)>,
    /// The line behind them.
    last: u32,
    /// Something stands there.
    has_more: bool,
    /// A backslash is the last byte of all.
    is_escaped: bool,
}

impl MapLines {
    fn of(bytes: &[u8]) -> MapLines {
        let (mut ended, mut line, mut escaped, mut number) = (Vec::new(), Vec::new(), false, 1);
        for &byte in bytes {
            match byte {
                b'\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                b'\n' | b'\r' if !escaped => {
                    ended.push((number, std::mem::take(&mut line)));
                    number += u32::from(byte == b'\n');
                }
                _ => line.push(byte),
            }
            escaped = false;
        }
        MapLines { ended, last: number, has_more: !line.is_empty(), is_escaped: escaped }
    }
}

fn of_scanned(line: &[u8]) -> Option<MapFault> {
    // `sscanf` passes over what stands in front of a word.
    let mut words = line.trim_ascii_start().splitn(2, u8::is_ascii_whitespace).map(<[u8]>::trim_ascii);
    match (words.next(), words.next()) {
        (None | Some([]), _) => Some(MapFault::Empty),
        (_, None | Some([])) => Some(MapFault::NoPlace),
        _ => None,
    }
}

fn of_split(line: &[u8], numbered: bool) -> Option<MapFault> {
    if line.is_empty() {
        return None;
    }
    let at = line.iter().position(|&b| b == b' ').filter(|&at| at > 0 && at + 1 < line.len());
    let Some(oid) = at.and_then(|at| line.get(..at)) else { return Some(MapFault::NoPlace) };
    (numbered && !is_number(oid)).then_some(MapFault::NoNumber)
}

/// What `strtoul` takes to its end: blanks, a sign, digits of no more than 64 bits. What is beyond an OID is cut off.
fn is_number(word: &[u8]) -> bool {
    let word = word.trim_ascii_start();
    let digits = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all && std::str::from_utf8(digits).is_ok_and(|digits| digits.parse::<u64>().is_ok())
}

/// The tablespaces and their places, as far as it makes sense.
pub(super) fn parse(bytes: &[u8]) -> Vec<(String, String)> {
    MapLines::of(bytes).ended.iter().filter_map(|(_, line)| split(line)).collect()
}

fn split(line: &[u8]) -> Option<(String, String)> {
    let line = String::from_utf8_lossy(line);
    let (oid, place) = line.trim_start().split_once(' ')?;
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
        assert_eq!(parse(b" 16400 /data/fast\n"), [own("16400", "/data/fast")]);
        for (text, scanned, split, numbered) in [
            (&b"16400 /a\n"[..], None, None, None),
            (b"", None, None, None),
            (b"x\n", Some(MapFault::NoPlace), Some(MapFault::NoPlace), Some(MapFault::NoPlace)),
            (b"16400 \n", Some(MapFault::NoPlace), Some(MapFault::NoPlace), Some(MapFault::NoPlace)),
            (b"x /a\n", None, None, Some(MapFault::NoNumber)),
            (b"16400 /a\r\n", Some(MapFault::Empty), None, None),
            // 12 starts, 17 does not.
            (b" 16400 /a\n", None, Some(MapFault::NoPlace), Some(MapFault::NoPlace)),
            // 17 starts, and takes the rest of a number beyond an OID.
            (b"-1 /a\n", None, None, None),
            (b"+5 /a\n", None, None, None),
            (b"18446744073709551615 /a\n", None, None, None),
            // 17 does not.
            (b"99999999999999999999999 /a\n", None, None, Some(MapFault::NoNumber)),
            (b"+ /a\n", None, None, Some(MapFault::NoNumber)),
            (b"\n16400 /a\n", Some(MapFault::Empty), None, None),
            (b"16400 /a", Some(MapFault::NotEnded), Some(MapFault::NotEnded), Some(MapFault::NotEnded)),
            (b"16400 /a\n\\", None, Some(MapFault::NotEnded), Some(MapFault::NotEnded)),
        ] {
            let rules = [TablespaceMap::Scanned, TablespaceMap::Split, TablespaceMap::Numbered];
            let found = rules.map(|rules| fault(text, rules).map(|(_, fault)| fault));
            assert_eq!(found, [scanned, split, numbered], "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(parse(b"../x /y\n16400\n16402 /not/ended"), []);
    }
}
