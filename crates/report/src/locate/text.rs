//! A position for people.

use super::{LocateAnswer, ServerAnswer};
use crate::outside::Lines;
use std::io;

/// Writes it: a sentence, then what else there is to say; nothing where there is no answer.
pub fn write(out: &mut Lines<'_>, answer: &LocateAnswer<'_>) -> io::Result<()> {
    lines(answer).iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn lines(answer: &LocateAnswer<'_>) -> Vec<String> {
    if answer.problem.is_some() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut say = |label: &str, words: &str| out.push(format!("  {label:<9} {words}"));
    if let Some(lsn) = answer.lsn {
        say("LSN", &lsn.to_string());
    }
    if let Some(redo) = answer.redo {
        say("redo", &format!("{redo}, where recovery from this checkpoint begins"));
    }
    if let Some(held) = &answer.held {
        say("file", held.file.as_deref().unwrap_or("none: the archive does not have it"));
        for other in held.files.iter().filter(|other| Some(&other.file) != held.file.as_ref()) {
            say(
                "also",
                &format!(
                    "{} (timeline {}{})",
                    other.file,
                    other.timeline,
                    if other.partial { ", unfinished" } else { "" }
                ),
            );
        }
    }
    if let Some(note) = &answer.note {
        say("note", note);
    }
    if let Some(server) = &answer.server {
        let label = format!("as {}", server.version);
        if let Some((name, offset)) = &server.walfile_name_offset {
            say(&label, &format!("name and offset {name}, {offset}"));
        }
        if let Some((number, timeline)) = server.split_walfile_name {
            say(&label, &format!("segment number {number}, timeline {timeline}"));
        }
        if let (Some(error), Some(function)) = (&server.error, server.function) {
            say(&label, &format!("{function} answers ERROR:  {error}"));
        }
    }
    if answer.lsn.is_some() && !answer.assumed.is_empty() {
        say("assumed", &answer.assumed.join(", "));
    }
    let input = answer.input;
    let sentence = match (&answer.segment, answer.offset) {
        (Some(segment), Some(_)) if input == segment => {
            format!("{segment} begins at {}.", answer.lsn.unwrap_or_default())
        }
        (Some(segment), Some(offset)) => format!("{input} is byte {offset} of segment {segment}."),
        _ => match &answer.server {
            Some(ServerAnswer { version, error: Some(_), .. }) => format!("PostgreSQL {version} refuses \"{input}\"."),
            _ => format!("\"{input}\" lies in no segment."),
        },
    };
    out.insert(0, sentence);
    out
}
