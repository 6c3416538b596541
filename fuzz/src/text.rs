//! Texts that people, servers and other tools write: names, positions, history files, lines of a log.

use pgwal_format::dialect::DIALECTS;
use pgwal_format::text::control::ControlFile;
use pgwal_format::text::{backup_history, history};
use pgwal_format::wal_functions::{file_name, file_name_offset, lsn_diff, parse_lsn, split_file_name};
use pgwal_format::{AddressScheme, FileName, Lsn, Position, SegmentName, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_source::name::{self, NamePlace};
use pgwal_verify::codes::CodePattern;
use pgwal_verify::log_line;

/// Reads `bytes` in every grammar.
pub fn run(bytes: &[u8]) {
    history_file(bytes);
    let _ = ControlFile::parse(bytes);
    if let Ok(backup) = backup_history::parse(bytes) {
        assert!(backup.stop >= backup.start);
    }
    let text = String::from_utf8_lossy(bytes);
    names(&text);
    positions(&text);
    functions(&text);
    log_lines(&text);
    let _ = (text.parse::<Version>(), TimelineId::parse(&text), text.parse::<CodePattern>());
}

fn history_file(bytes: &[u8]) {
    let own = TimelineId(u32::from(bytes.first().copied().unwrap_or(9)));
    if let Ok(ancestors) = history::parse(bytes, own) {
        assert!(ancestors.windows(2).all(|two| two[0].timeline < two[1].timeline));
        assert!(ancestors.iter().all(|a| a.timeline < own));
        // What may be an ancestor of this one may be one of every later timeline.
        assert_eq!(history::parse(bytes, TimelineId(u32::MAX)).as_ref(), Ok(&ancestors));
    }
}

fn sizes() -> [SegmentSize; 3] {
    [20, 24, 30].map(|log2| SegmentSize::new(1 << log2).expect("1 MiB to 1 GiB are sizes of a segment"))
}

fn names(text: &str) {
    if let Some(name) = FileName::parse(text) {
        assert_eq!(name.to_string(), text);
        assert!(
            matches!(name::place(text), NamePlace::Wal(placed) if placed.name == name && placed.suffix.is_empty()),
            "{text}"
        );
    }
    if let NamePlace::Wal(placed) = name::place(text) {
        assert!(text.ends_with(placed.suffix));
        assert_eq!(FileName::parse(&placed.name.to_string()), Some(placed.name));
    }
    let Some(name) = SegmentName::parse(text) else { return };
    for (scheme, size) in
        [AddressScheme::Split, AddressScheme::Linear].into_iter().flat_map(|s| sizes().map(|size| (s, size)))
    {
        if let Some(number) = name.number(scheme, size) {
            assert_eq!(SegmentName::new(name.timeline, number, scheme, size), name);
            assert_eq!(scheme.segment(scheme.segment_start(number, size), size), number);
        }
    }
}

fn positions(text: &str) {
    match Position::parse(text) {
        Ok(position) => {
            let _ = (position.timeline(), position.scheme());
            for (scheme, size) in
                [AddressScheme::Split, AddressScheme::Linear].into_iter().flat_map(|s| sizes().map(|size| (s, size)))
            {
                match position.lsn(scheme, size) {
                    Ok(lsn) => in_segment(lsn, scheme, size),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(lsn) = text.parse::<Lsn>() {
        assert_eq!((lsn.to_string().parse(), lsn.unpadded().to_string().parse()), (Ok(lsn), Ok(lsn)));
    }
}

fn in_segment(lsn: Lsn, scheme: AddressScheme, size: SegmentSize) {
    let normal = scheme.normal(lsn, size);
    let number = scheme.segment(normal, size);
    let offset = scheme.offset(normal, size);
    assert!(offset < size.bytes());
    if normal.high() < u32::MAX {
        assert_eq!(scheme.segment_start(number, size).plus_within(offset), normal);
        assert_eq!(scheme.distance(normal, lsn, size), 0);
        assert_eq!(scheme.advance(scheme.segment_start(number, size), offset, size), Some(normal));
    }
    let _ = (scheme.prev_segment(lsn, size), scheme.segment_start(SegmentNo(lsn.get()), size));
}

fn functions(text: &str) {
    for (dialect, size) in DIALECTS.iter().flat_map(|d| sizes().map(|size| (d, size))) {
        match parse_lsn(dialect, text) {
            Ok(lsn) => {
                let timeline = TimelineId(lsn.low());
                let (name, offset) = file_name_offset(dialect, lsn, timeline, size);
                assert_eq!(name, file_name(dialect, lsn, timeline, size));
                assert!(u64::from(offset) <= size.bytes());
                for (a, b) in [(lsn, Lsn::ZERO), (Lsn::MAX, lsn), (lsn, lsn)] {
                    let _ = lsn_diff(dialect, a, b, size).map_err(|error| error.to_string());
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let _ = split_file_name(dialect, text, size).map_err(|error| error.to_string());
    }
}

fn log_lines(text: &str) {
    if let Some(line) = log_line::recognise(text) {
        let _ = (line.next(), line.positions(), line.place(), line.within(), line.kind(), line.wording());
        for fact in line.facts() {
            let _ = (fact.value.to_string(), line.fact(fact.slot));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("text", super::run).unwrap() >= 10);
    }
}
