//! Segments, whole ones and such in which writing was broken off.

use super::{Inspection, Predecessor};
use crate::handed::HandedFile;
use crate::objection::{Doubt, Objection};
use crate::server::ServerDirectory;
use pgwal_archive::lineage::Descent;
use pgwal_format::layout::NotWal;
use pgwal_format::text::control::ControlFile;
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo};
use pgwal_verify::segment::{Checked, Expect, WalExtent};
use pgwal_verify::{Code, check_segment};

/// Judges a segment.
pub(super) fn inspect(
    file: &HandedFile,
    (name, extent): (SegmentName, WalExtent),
    server: Option<&ServerDirectory>,
    before: Option<Predecessor>,
) -> Inspection {
    let mut out = Inspection::default();
    let control = server.and_then(ServerDirectory::control);
    if file.bytes.iter().all(|&byte| byte == 0) {
        // A promotion between two segments hands out the next one, which nobody has written to.
        if extent == WalExtent::Whole {
            out.objections.push(Objection::Unwritten);
        }
        return out;
    }
    let mut expect = Expect::named(name).of_cluster(control.map(|control| control.system_id));
    if let Some((before, end)) = before {
        match end.stops() {
            Some(at) => out.doubts.push(Doubt::AfterGap { before, at }),
            None => expect = expect.after(end),
        }
    }
    if extent == WalExtent::Unfinished {
        expect = expect.unfinished();
    }
    match check_segment(&file.bytes, &expect) {
        Err(fault) => not_wal(&mut out, fault, &file.bytes, server),
        Ok(checked) => {
            let segment = JudgedSegment { name, extent, checked, server };
            segment.judge(&mut out);
        }
    }
    out
}

/// A newer major's WAL must not stop archiving; a first page that is damaged must.
fn not_wal(out: &mut Inspection, fault: NotWal, bytes: &[u8], server: Option<&ServerDirectory>) {
    let known = server.and_then(ServerDirectory::control);
    let unknown = server.is_some_and(ServerDirectory::is_of_unknown_version);
    match fault {
        NotWal::Unreleased { magic, .. } if known.is_none() && (unknown || repeats(bytes)) => {
            out.doubts.push(Doubt::UnknownVersion { magic });
        }
        NotWal::NoSizes if unknown => out.doubts.push(Doubt::UnknownSizes),
        fault => out.objections.push(Objection::NotWal(fault)),
    }
}

/// The magic of the first page is that of others: it is no damage. Pages have 1 KiB or more.
fn repeats(bytes: &[u8]) -> bool {
    let magic = bytes.get(..2);
    bytes.chunks(1 << 10).skip(1).filter(|page| page.get(..2) == magic).nth(1).is_some()
}

struct JudgedSegment<'a> {
    name: SegmentName,
    extent: WalExtent,
    checked: Checked,
    server: Option<&'a ServerDirectory>,
}

impl JudgedSegment<'_> {
    fn judge(self, out: &mut Inspection) {
        let layout = self.checked.layout;
        let number = self.name.number(layout.address(), layout.segment);
        let left = || self.server.map(|server| server.left(self.name.timeline, &layout)).unwrap_or_default();
        out.layout = Some(layout);
        out.system_id = Some(self.checked.system_id);
        out.is = Some(self.checked.name);
        let misplaced = self.checked.findings.iter().any(|finding| finding.code == Code::Misplaced);
        // What a promotion between two segments hands out, in a file that was recycled.
        if misplaced && self.extent == WalExtent::Unfinished && left().iter().any(|at| Some(at.segment) == number) {
            return;
        }
        if let Some(control) = self.server.and_then(ServerDirectory::control) {
            out.objections.extend(of_server(&layout, control));
        }
        if let Some(begins) = self.begins().filter(|begins| number.is_some_and(|number| number < *begins)) {
            let first = SegmentName::new(self.name.timeline, begins, layout.address(), layout.segment);
            out.objections.push(Objection::BeforeTimeline { timeline: self.name.timeline, first });
        }
        if let Some(at) = self.checked.stops.filter(|_| self.extent == WalExtent::Whole && !misplaced) {
            self.ends_early(at, out);
        }
        out.end = Some(self.checked.end);
        out.objections.extend(self.checked.findings.into_iter().map(|finding| Objection::Finding(Box::new(finding))));
    }

    /// The first segment of its timeline, where its history file is at hand.
    fn begins(&self) -> Option<SegmentNo> {
        let history = self.server?.history(self.name.timeline)?;
        let line = Descent::of(self.name.timeline, &history, &self.checked.layout).segments();
        line.last().map(|(_, first)| *first)
    }

    /// Zeros behind the last record, as in the last segment of a timeline that was left: up to 9.4 it is handed out
    /// under its whole name, and later by a standby that archives always.
    fn ends_early(&self, at: Lsn, out: &mut Inspection) {
        let layout = &self.checked.layout;
        let number = layout.address().segment(at, layout.segment);
        match self.server {
            Some(server) if server.left(self.name.timeline, layout).iter().any(|left| left.segment == number) => {}
            Some(server) if !server.is_in_recovery() => out.objections.push(Objection::EndsEarly { at }),
            _ => out.doubts.push(Doubt::EndsEarly { at }),
        }
    }
}

/// A segment of another server than the one that hands it out.
fn of_server(layout: &Layout, control: &ControlFile) -> Option<Objection> {
    let (found, server) = (layout.dialect.version, control.dialect.version);
    if found != server {
        return Some(Objection::OtherVersion { found, server });
    }
    let (found, server) = (layout.segment.bytes(), control.segment.bytes());
    (found != server).then_some(Objection::OtherSize { found, server })
}
