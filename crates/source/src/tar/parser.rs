//! The members of a tar (POSIX ustar and pax, GNU long names), window by window.
//!
//! ```text
//! header, 512 bytes: 0 name 100 | 124 size 12 | 148 checksum 8 | 156 type 1 | 257 magic | 345 prefix 155
//! content, padded with zeros to 512 bytes; then the next header; at the end two blocks of zeros
//! ```
//! Numbers are octal text, or binary behind a first bit that is set. What a header claims is only ever counted down,
//! never allocated; names that stand in a content of their own are taken up to 64 KiB.

use super::TarEvent;
use std::fmt;
use std::ops::ControlFlow;

const BLOCK: usize = 512;
/// The longest name or pax header that is taken.
const LONGEST: usize = 64 << 10;

/// A member of a tar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path as written, without leading `./`; with replacement characters where it is no UTF-8.
    pub path: String,
    /// Bytes of content in the tar.
    pub size: u64,
    /// What it is.
    pub kind: TarMemberKind,
    /// Where its content begins in the plain tar.
    pub offset: u64,
    /// When it was written, in seconds since 1970.
    pub modified: u64,
    /// The member whose content it shares, as written: it is another name of that file (a hard link).
    pub same_as: Option<String>,
    /// Where it leads, as written: it is a symbolic link.
    pub leads_to: Option<String>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TarMemberKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link.
    Link,
    /// A file with holes, or anything else: its content is not that of a file as it lies.
    Other,
}

/// What is wrong with a tar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TarFault {
    /// A header's checksum is wrong: where it stands in the plain tar.
    Header(u64),
    /// It ends in the middle of a member, or of a header.
    CutOff,
    /// It ends without the two blocks of zeros.
    NoEnd,
}

impl fmt::Display for TarFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TarFault::Header(at) => write!(f, "has no header of a member at byte {at}"),
            TarFault::CutOff => f.write_str("ends in the middle of a member"),
            TarFault::NoEnd => f.write_str("ends without the blocks that end a tar"),
        }
    }
}

/// Whether these bytes begin with the header of a member.
pub fn is_header(bytes: &[u8]) -> bool {
    bytes.first_chunk::<BLOCK>().is_some_and(checksum_is_right)
}

/// Takes a tar in pieces of any length.
pub(super) struct Parser {
    at: u64,
    header: Vec<u8>,
    state: ParserState,
    fault: Option<TarFault>,
    /// Of the members to come: names, and a size, from headers of their own.
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    pax_size: Option<u64>,
    sparse: bool,
}

enum ParserState {
    Header,
    /// Bytes of content left, and of padding behind them.
    Content {
        left: u64,
        pad: u64,
        what: MemberUse,
    },
    /// Blocks that go on with the header of a file with holes.
    Extension {
        size: u64,
    },
    /// A block of zeros was seen.
    Zeros,
    Ended,
}

enum MemberUse {
    Content,
    LongName(Vec<u8>),
    LongLink(Vec<u8>),
    Pax(Vec<u8>),
    Skip,
}

impl Default for Parser {
    fn default() -> Parser {
        Parser {
            at: 0,
            header: Vec::new(),
            state: ParserState::Header,
            fault: None,
            long_name: None,
            long_link: None,
            pax_size: None,
            sparse: false,
        }
    }
}

impl Parser {
    /// Takes the next bytes.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(TarEvent<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while !bytes.is_empty() {
            if matches!(self.state, ParserState::Ended) || self.fault.is_some() {
                // Zeros fill the last record; what else lies there no reader takes. The packed stream is still checked.
                return ControlFlow::Continue(());
            }
            let taken = match &mut self.state {
                ParserState::Content { left, pad, what } => {
                    let (content, _) = bytes.split_at(bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX)));
                    *left -= content.len() as u64;
                    if !content.is_empty() {
                        match what {
                            MemberUse::Content => sink(TarEvent::Content(content))?,
                            MemberUse::LongName(kept) | MemberUse::LongLink(kept) | MemberUse::Pax(kept) => {
                                let room = LONGEST.saturating_sub(kept.len());
                                kept.extend_from_slice(content.get(..content.len().min(room)).unwrap_or(&[]));
                            }
                            MemberUse::Skip => {}
                        }
                    }
                    let rest = (bytes.len() - content.len()) as u64;
                    let padding = if *left == 0 { rest.min(*pad) } else { 0 };
                    *pad -= padding;
                    if *left == 0 && *pad == 0 {
                        self.content_ends();
                    }
                    content.len() + padding as usize
                }
                _ => {
                    let wanted = (BLOCK - self.header.len()).min(bytes.len());
                    self.header.extend_from_slice(bytes.get(..wanted).unwrap_or(&[]));
                    wanted
                }
            };
            self.at += taken as u64;
            bytes = bytes.get(taken..).unwrap_or(&[]);
            if self.header.len() == BLOCK {
                let block = std::mem::take(&mut self.header);
                if let Ok(block) = <&[u8; BLOCK]>::try_from(block.as_slice()) {
                    self.block(block, sink)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// What was wrong, when no more bytes come. `whole`: the stream itself was.
    pub(super) fn finish(self, whole: bool) -> Option<TarFault> {
        match (self.fault, self.state) {
            (Some(fault), _) => Some(fault),
            (None, ParserState::Ended) => None,
            _ if !whole => Some(TarFault::CutOff),
            (None, ParserState::Header | ParserState::Zeros) if self.header.is_empty() => Some(TarFault::NoEnd),
            _ => Some(TarFault::CutOff),
        }
    }

    fn content_ends(&mut self) {
        match std::mem::replace(&mut self.state, ParserState::Header) {
            ParserState::Content { what: MemberUse::LongName(name), .. } => self.long_name = Some(without_end(name)),
            ParserState::Content { what: MemberUse::LongLink(name), .. } => self.long_link = Some(without_end(name)),
            ParserState::Content { what: MemberUse::Pax(text), .. } => self.pax(&text),
            _ => {}
        }
    }

    fn block(&mut self, block: &[u8; BLOCK], sink: &mut dyn FnMut(TarEvent<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        if let ParserState::Extension { size } = self.state {
            // The flag behind 21 entries of 24 bytes.
            if block.get(504) != Some(&1) {
                self.content(size, MemberUse::Skip);
            }
            return ControlFlow::Continue(());
        }
        if block.iter().all(|&b| b == 0) {
            self.state = if matches!(self.state, ParserState::Zeros) { ParserState::Ended } else { ParserState::Zeros };
            return ControlFlow::Continue(());
        }
        let size = number(field(block, 124, 12)).filter(|_| checksum_is_right(block));
        let Some(size) = size else {
            self.fault = Some(TarFault::Header(self.at - BLOCK as u64));
            return ControlFlow::Continue(());
        };
        match block.get(156).copied().unwrap_or(0) {
            b'L' => self.content(size, MemberUse::LongName(Vec::new())),
            b'x' => self.content(size, MemberUse::Pax(Vec::new())),
            b'K' => self.content(size, MemberUse::LongLink(Vec::new())),
            b'g' => self.content(size, MemberUse::Skip),
            kind => return self.member(block, kind, size, sink),
        }
        ControlFlow::Continue(())
    }

    fn member(
        &mut self,
        block: &[u8; BLOCK],
        kind: u8,
        size: u64,
        sink: &mut dyn FnMut(TarEvent<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let name = self.long_name.take().unwrap_or_else(|| short_name(block));
        let link = self.long_link.take();
        let is_symbolic = kind == b'2';
        let link = matches!(kind, b'1' | b'2').then(|| link.unwrap_or_else(|| text(block, 157, 100).to_vec()));
        let size = self.pax_size.take().unwrap_or(size);
        let sparse = std::mem::take(&mut self.sparse);
        let path = String::from_utf8_lossy(&name).into_owned();
        let path = path.trim_start_matches("./").to_owned();
        let (kind, stored) = match kind {
            0 if path.ends_with('/') => (TarMemberKind::Folder, 0),
            0 | b'0' | b'7' if sparse => (TarMemberKind::Other, size),
            0 | b'0' | b'7' => (TarMemberKind::File, size),
            b'1' | b'2' => (TarMemberKind::Link, 0),
            b'5' => (TarMemberKind::Folder, 0),
            b'3' | b'4' | b'6' => (TarMemberKind::Other, 0),
            _ => (TarMemberKind::Other, size),
        };
        let more = block.get(156) == Some(&b'S') && block.get(482) == Some(&1);
        let modified = number(field(block, 136, 12)).unwrap_or(0);
        let link = link.map(|name| String::from_utf8_lossy(&name).into_owned());
        let (leads_to, same_as) = if is_symbolic { (link, None) } else { (None, link) };
        sink(TarEvent::Member(&Member { path, size: stored, kind, offset: self.at, modified, same_as, leads_to }))?;
        if more {
            self.state = ParserState::Extension { size };
        } else {
            self.content(stored, if kind == TarMemberKind::File { MemberUse::Content } else { MemberUse::Skip });
        }
        ControlFlow::Continue(())
    }

    fn content(&mut self, size: u64, what: MemberUse) {
        let pad = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        self.state = ParserState::Content { left: size, pad, what };
        if size == 0 {
            self.content_ends();
        }
    }

    /// `<length> <key>=<value>\n`, again and again.
    fn pax(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(space) = rest.iter().position(|&b| b == b' ') {
            let length = std::str::from_utf8(rest.get(..space).unwrap_or(&[]))
                .ok()
                .and_then(|digits| digits.parse::<usize>().ok());
            let Some(record) = length.filter(|&l| l > space).and_then(|length| rest.get(space + 1..length)) else {
                return;
            };
            rest = rest.get(space + 1 + record.len()..).unwrap_or(&[]);
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let Some(equals) = record.iter().position(|&b| b == b'=') else { return };
            let (key, value) = (record.get(..equals).unwrap_or(&[]), record.get(equals + 1..).unwrap_or(&[]));
            match key {
                b"path" => self.long_name = Some(value.to_vec()),
                b"linkpath" => self.long_link = Some(value.to_vec()),
                b"size" => self.pax_size = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()),
                key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
        }
    }
}

fn field(block: &[u8; BLOCK], at: usize, length: usize) -> &[u8] {
    block.get(at..at + length).unwrap_or(&[])
}

fn text(block: &[u8; BLOCK], at: usize, length: usize) -> &[u8] {
    field(block, at, length).split(|&b| b == 0).next().unwrap_or(&[])
}

/// Without the zeros that end it.
fn without_end(mut name: Vec<u8>) -> Vec<u8> {
    while name.last() == Some(&0) {
        name.pop();
    }
    name
}

fn short_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let (prefix, name) = (text(block, 345, 155), text(block, 0, 100));
    // In GNU's headers other fields stand where the prefix does.
    if prefix.is_empty() || field(block, 257, 6) != b"ustar\0" { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first().filter(|(first, _)| **first & 0x80 != 0) {
        let (high, low) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
        let small = *first == 0x80 && high.iter().all(|&b| b == 0);
        return low.first_chunk().filter(|_| small).map(|bytes| u64::from_be_bytes(*bytes));
    }
    let text = field.split(|&b| b == 0).next()?;
    let digits = std::str::from_utf8(text).ok()?.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// The sum of all bytes, the checksum's own counted as spaces.
fn checksum_is_right(block: &[u8; BLOCK]) -> bool {
    let sum: u64 =
        block.iter().enumerate().map(|(at, &b)| u64::from(if (148..156).contains(&at) { b' ' } else { b })).sum();
    let digits = field(block, 148, 8);
    digits.iter().any(u8::is_ascii_digit) && number(digits) == Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: u64, kind: u8) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|&b| u64::from(b)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    fn padded(bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        out.resize(bytes.len().next_multiple_of(BLOCK), 0);
        out
    }

    type Read = (String, u64, TarMemberKind, Vec<u8>);

    fn read(tar: &[u8], piece: usize) -> (Vec<Read>, Option<TarFault>) {
        let mut out: Vec<Read> = Vec::new();
        let mut parser = Parser::default();
        for window in tar.chunks(piece) {
            let _ = parser.push(window, &mut |event| {
                match event {
                    TarEvent::Member(m) => out.push((m.path.clone(), m.size, m.kind, Vec::new())),
                    TarEvent::Content(bytes) => out.last_mut().unwrap().3.extend_from_slice(bytes),
                }
                ControlFlow::Continue(())
            });
        }
        (out, parser.finish(true))
    }

    #[test]
    fn members_in_pieces_of_any_length() {
        let long = format!("{}/x", "d".repeat(150));
        let record = |text: String| format!("{} {text}\n", text.len() + 2 + 3);
        let pax = record(format!("path={long}2")) + "11 mtime=0\n";
        let tar = [
            header("./backup_label", 5, b'0'),
            padded(b"START"),
            header("global/", 0, b'5'),
            header("././@LongLink", long.len() as u64 + 1, b'L'),
            padded(format!("{long}\0").as_bytes()),
            header("short", 0, b'0'),
            header("pax", pax.len() as u64, b'x'),
            padded(pax.as_bytes()),
            header("short", 600, 0),
            padded(&[7; 600]),
            header("link", 9, b'2'),
            vec![0; 2 * BLOCK],
        ]
        .concat();
        for piece in [1, 7, 511, 512, 513, 100_000] {
            let (members, fault) = read(&tar, piece);
            assert_eq!(fault, None, "{piece}");
            let names: Vec<&str> = members.iter().map(|m| m.0.as_str()).collect();
            assert_eq!(names, ["backup_label", "global/", &long, &format!("{long}2"), "link"]);
            assert_eq!(
                (members[0].3.as_slice(), members[3].3.len(), members[4].2),
                (&b"START"[..], 600, TarMemberKind::Link)
            );
        }
    }

    #[test]
    fn hostile_tars() {
        assert_eq!(read(&[], 512).1, Some(TarFault::NoEnd));
        assert_eq!(read(&[1; 1024], 512).1, Some(TarFault::Header(0)));
        let huge = header("x", 0o77777777777, b'L');
        assert_eq!(read(&[huge, vec![b'a'; 200_000]].concat(), 4096).1, Some(TarFault::CutOff));
        let mut binary = header("x", 0, b'0');
        binary[124..136].copy_from_slice(&[0xFF; 12]);
        assert_eq!(read(&binary, 512).1, Some(TarFault::Header(0)));
        let whole = [header("a", 5, b'0'), padded(b"12345"), vec![0; 1024]].concat();
        for length in 1..whole.len() {
            assert!(read(&whole[..length], 100).1.is_some() || length >= 2048, "{length}");
        }
        for bit in 0..8 * BLOCK {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let _ = read(&changed, 300);
        }
    }
}
