//! How findings are made, and how a caller weighs them.

use super::{Detail, Finding};
use crate::codes::{Code, CodePattern, Severity};
use pgwal_format::image::Unrestorable;
use pgwal_format::record::{BlockRef, Record};
use pgwal_format::rmgr::table::Short;
use pgwal_format::{Lsn, SegmentName, TimelineId};

impl Finding {
    /// The image of a page in the record at `lsn` cannot be restored.
    pub fn image(lsn: Lsn, timeline: TimelineId, block: &BlockRef, why: Unrestorable) -> Finding {
        let detail = Detail::Image { rel: block.rel, block: block.block, why };
        Finding { timeline: Some(timeline), lsn: Some(lsn), at: Some(lsn), detail, ..Finding::of(Code::Image) }
    }

    /// The data of a record ends before a field of its type, though its checksum is right.
    pub fn short(record: &Record<'_>, timeline: TimelineId, short: Short) -> Finding {
        let (layout, lsn) = (record.layout, record.lsn);
        let number = layout.address().segment(lsn, layout.segment);
        let segment = SegmentName::new(timeline, number, layout.address(), layout.segment).to_string();
        Finding {
            timeline: Some(timeline),
            lsn: Some(lsn),
            at: Some(lsn),
            file: Some(segment.clone()),
            segment: Some(segment),
            offset: Some(layout.address().offset(lsn, layout.segment)),
            detail: Detail::Short { rmid: record.header.rmid, info: record.header.info, before: short.0 },
            ..Finding::of(Code::Data)
        }
    }

    /// Whether it tells of an unfinished segment behind the last whole one, which no server gets by itself.
    pub fn is_left_unfinished(&self) -> bool {
        self.code == Code::PartialOnly && matches!(self.detail, Detail::Partial { .. })
    }

    /// A finding of this code and its usual severity, everything else left open.
    pub(crate) fn of(code: Code) -> Finding {
        Finding {
            code,
            severity: code.severity(),
            timeline: None,
            lsn: None,
            at: None,
            segment: None,
            file: None,
            offset: None,
            span: Vec::new(),
            readable_until: None,
            lost: None,
            detail: Detail::Plain,
            more: 0,
            accepted: false,
            passed: false,
            copy: None,
        }
    }
}

/// Gives findings the severities that a caller wants, and drops those to be ignored. Returns how many errors count for
/// less.
pub(crate) fn set_severities(findings: &mut Vec<Finding>, wanted: &[(CodePattern, Severity)]) -> u64 {
    let mut lowered = 0;
    findings.retain_mut(|f| {
        if let Some((_, severity)) = wanted.iter().rev().find(|(pattern, _)| pattern.matches(f.code)) {
            lowered += u64::from(f.severity == Severity::Error && *severity < Severity::Error);
            f.severity = *severity;
        }
        f.severity != Severity::Ignore
    });
    lowered
}
