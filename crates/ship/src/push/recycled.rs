//! Files that a server in recovery hands out under names that it has only kept room for.

use crate::handed::HandedFile;
use crate::inspect::Inspection;
use crate::objection::Objection;
use crate::server::ServerDirectory;
use pgwal_archive::whose::FirstPage;
use pgwal_format::text::control::ControlFile;
use pgwal_format::{FileName, Layout, SegmentName};
use pgwal_verify::Code;

/// Up to 12, a server that replays and archives always hands out files of `pg_wal` that wait to be written again, under
/// names of a timeline that was left: nothing but zeros, or an older segment of the same cluster. To refuse one stops
/// its archiving for good; to store one puts a false segment into the archive.
pub(super) fn is_recycled(file: &HandedFile, inspection: &Inspection, server: Option<&ServerDirectory>) -> bool {
    let FileName::Segment(name) = file.name else { return false };
    let Some((server, control)) = server.and_then(|server| Some((server, server.control()?))) else { return false };
    let unwritten = inspection.objections.contains(&Objection::Unwritten);
    (unwritten || is_older(file, inspection, name, control)) && is_not_needed(name, server, control)
}

/// All of it is a segment that lies before the one of its name.
fn is_older(file: &HandedFile, inspection: &Inspection, name: SegmentName, control: &ControlFile) -> bool {
    let misplaced = inspection.objections.iter().any(|objection| match objection {
        Objection::Finding(finding) => finding.code == Code::Misplaced,
        _ => false,
    });
    let Ok(first) = FirstPage::of(&file.bytes) else { return false };
    let layout = first.layout;
    let number = name.number(layout.address(), layout.segment);
    let is = layout.address().segment(first.address, layout.segment);
    misplaced && first.system_id == control.system_id && number.is_some_and(|number| is < number)
}

/// No record can lie under that name that this server knows of: it replays what others wrote, or its own history has
/// left the timeline before.
fn is_not_needed(name: SegmentName, server: &ServerDirectory, control: &ControlFile) -> bool {
    if server.is_in_recovery() {
        return true;
    }
    let number = |layout: &Layout| name.number(layout.address(), layout.segment);
    let layout = Layout {
        dialect: control.dialect,
        align: control.align,
        endian: control.endian,
        segment: control.segment,
        page: control.wal_page_size,
    };
    let Some(own) = number(&layout) else { return false };
    name.timeline < control.timeline && server.left(name.timeline, &layout).iter().any(|left| left.segment <= own)
}
