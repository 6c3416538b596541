//! Reads a segment and renders what is in it.

use super::Render;
use super::plan::File;
use super::sheet::Sheet;
use crate::codes::Code;
use crate::finding::{Detail, Finding};
use crate::inventory::Segment;
use crate::look::{Buffers, Looker};
use crate::stretch::{Kind, Piece, Readable};
use pgwal_source::{Entry, ReadState, Scratch};
use pgwal_walk::{Expect, Head, Run, Stream, scan};
use std::ops::ControlFlow;

/// Buffers of a thread.
#[derive(Default)]
pub(super) struct Tools {
    pub scratch: Scratch,
    pub bytes: Vec<u8>,
    look: Buffers,
}

/// A segment that was read.
pub(super) struct Seen<'a, R: Render> {
    pub run: Option<Run<Sheet<'a, R>>>,
    /// The file is not any more what it was when it was verified.
    pub trouble: Option<Finding>,
}

pub(super) fn read<'a, R: Render>(
    looker: &Looker<'_>,
    file: &File,
    sheet: Sheet<'a, R>,
    tools: &mut Tools,
) -> Seen<'a, R> {
    let layout = &looker.consensus.layout;
    if file.unusable == Some(Readable::Nothing) {
        return Seen { run: None, trouble: None };
    }
    let trouble = |code: Code, why: Option<String>| Finding {
        timeline: Some(file.segment.timeline),
        lsn: Some(file.start.plus_within(layout.long_header() as u64)),
        at: Some(file.start),
        file: looker.entries.get(file.segment.entry).map(|e| e.shown()),
        offset: Some(0),
        detail: why.map_or(Detail::Plain, Detail::Refused),
        ..Finding::of(code)
    };
    let Some(entry) = looker.entries.get(pick(looker, file, &mut tools.look)) else {
        return Seen { run: None, trouble: Some(trouble(Code::Vanished, None)) };
    };
    let sheet = match streamed(looker, file, entry, sheet, tools) {
        Ok(run) => return Seen { run: Some(run), trouble: None },
        Err(sheet) => sheet,
    };
    let size = layout.segment.bytes();
    // Whose the file is was judged before, and a damaged identifier was found out.
    let expect = Expect {
        layout,
        start: file.start,
        timeline: Some(file.segment.timeline),
        system_id: None,
        keep: sheet.keep(),
    };
    let how = pgwal_source::How { limit: size, ..looker.how };
    let (mut sheet, mut done) = (Some(sheet), None);
    let mut named = None;
    let mut pushed = 0u64;
    let Tools { scratch, bytes, .. } = tools;
    bytes.clear();
    let result = looker.source.read(entry, &how, scratch, &mut |window| {
        pushed += window.len() as u64;
        if bytes.is_empty()
            && window.len() as u64 >= size
            && let Some(sheet) = sheet.take()
        {
            named = layout.page_header(window).long;
            done = Some(scan(window, expect, sheet));
        } else if done.is_none() {
            bytes.extend_from_slice(window);
        }
        if pushed > size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(sheet) = sheet {
        named = layout.page_header(bytes).long;
        done = Some(scan(bytes, expect, sheet));
    }
    if let Some(run) = &mut done
        && named.is_some_and(|long| long.system_id != looker.consensus.system_id)
    {
        run.head = Head::Damaged;
    }
    let trouble = match result {
        Err(error) => Some(trouble(Code::Unreadable, Some(error.to_string()))),
        Ok(_) if file.unusable.is_some() => None,
        Ok(read) => match read.state {
            ReadState::Vanished => Some(trouble(Code::Vanished, None)),
            ReadState::Changed if looker.live => None,
            ReadState::Whole | ReadState::LimitReached | ReadState::Stopped => None,
            _ => Some(trouble(Code::Changed, None)),
        },
    };
    Seen { run: done, trouble }
}

/// Reads a good segment as it comes; gives the sheet back, empty, where it is not one.
#[allow(clippy::result_large_err, reason = "the sheet goes on to the scan, once a segment")]
fn streamed<'a, R: Render>(
    looker: &Looker<'_>,
    file: &File,
    entry: &Entry,
    sheet: Sheet<'a, R>,
    tools: &mut Tools,
) -> Result<Run<Sheet<'a, R>>, Sheet<'a, R>> {
    let layout = &looker.consensus.layout;
    let size = layout.segment.bytes();
    if file.unusable.is_some() || !sheet.is_clean() || entry.size.is_none() {
        return Err(sheet);
    }
    let system_id = Some(looker.consensus.system_id);
    let expect =
        Expect { layout, start: file.start, timeline: Some(file.segment.timeline), system_id, keep: sheet.keep() };
    let mut stream = Stream::new(expect, sheet)?;
    let mut good = true;
    let how = pgwal_source::How { limit: size, ..looker.how };
    let read = looker.source.read(entry, &how, &mut tools.scratch, &mut |window| {
        good = stream.push(window).is_ok();
        if good { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let whole = read.is_ok_and(|r| r.state == ReadState::Whole && r.plain_bytes == size);
    let run = if good && whole { stream.finish() } else { Err(stream.into_fold()) };
    run.map_err(|mut sheet| {
        sheet.reset();
        sheet
    })
}

/// The file that counts, where a segment has several: the first that a server can use.
fn pick(looker: &Looker<'_>, file: &File, buffers: &mut Buffers) -> usize {
    let segment = &file.segment;
    if segment.copies <= 1 {
        return segment.entry;
    }
    let is_good = |entry: &usize| {
        let stretch = looker.look(&Segment { entry: *entry, copies: 1, ..*segment }, buffers);
        matches!(stretch.pieces.first(), Some(Piece { kind: Kind::Run(_), .. }))
    };
    (segment.entry..segment.entry + segment.copies).find(is_good).unwrap_or(segment.entry)
}
