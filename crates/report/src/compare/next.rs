//! What to do about what was compared.

use super::{CompareAnswer, WrittenCopy};
use crate::when::restore_command::cp;
use pgwal_verify::compare::{CopyDifference, DifferingFiles, RightCopy};
use std::path::absolute;

pub(super) fn next(answer: &CompareAnswer<'_>) -> String {
    let found = answer.found;
    if found.foreign {
        return "nothing to choose between: these are two archives, and each is judged by itself: walproof verify"
            .into();
    }
    if let Some(written) = &answer.written {
        return of_written(written);
    }
    let twin = |side: usize| found.twins.get(side)?.first().map(|files| (side, files));
    if let Some((side, files)) = twin(0).or_else(|| twin(1)) {
        return of_twins(if side == 0 { "A" } else { "B" }, files);
    }
    let parted = found.segments.iter().find(|segment| segment.right == RightCopy::Unknown);
    if let Some(segment) = parted.filter(|segment| matches!(segment.difference, CopyDifference::Records(..))) {
        return format!(
            "find out which server is meant: what either wrote goes on from its own {}; copy that archive alone",
            segment.name
        );
    }
    let neither = found.segments.iter().find(|segment| segment.right == RightCopy::Neither).map(|segment| segment.name);
    if let Some(name) = neither.or(found.alike_damaged.first().copied()) {
        return format!("find a good copy of {name} in pg_wal of the old primary or on a standby, and compare again");
    }
    match found.differs() {
        true => "walproof compare A B --write DIR writes a copy of what either has whole".into(),
        false => "nothing".into(),
    }
}

fn of_twins(side: &str, files: &DifferingFiles) -> String {
    let wrong = std::iter::once(&files.taken).chain(&files.others).filter(|(_, wrong)| wrong.is_some());
    let wrong: Vec<&str> = wrong.map(|(file, _)| file.as_str()).collect();
    match wrong.as_slice() {
        [] => format!("find out which server archived which of them, and move the other out of {side}: {}", files.name),
        all if all.len() > files.others.len() => {
            format!("find a good copy of {}: those in {side} are all wrong", files.name)
        }
        all => format!("move {} out of {side}", all.join(" and ")),
    }
}

fn of_written(written: &WrittenCopy) -> String {
    let folder = written.folder.display();
    match written.left_out.first() {
        _ if written.is_whole() => format!(
            "the mended copy is whole: plain segments in one folder, which restore_command = '{}' serves",
            // A server runs it in its data directory.
            cp(&absolute(&written.folder).unwrap_or_else(|_| written.folder.clone()))
        ),
        Some(name) => format!("find a good copy of {name} elsewhere, and put it into {folder}"),
        None => format!("walproof verify {folder} says what is still wrong"),
    }
}
