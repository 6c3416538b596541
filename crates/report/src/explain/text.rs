//! Explanations for people.

use super::words::{name_of, sentence};
use super::{Evidence, ExplainAnswer, ExplainedLine, ExplainedPlaces};
use crate::outside::Lines;
use pgwal_format::Version;
use pgwal_verify::codes::Code;
use pgwal_verify::log_line::Nature;
use std::io;

/// Columns of a line.
const WIDTH: usize = 110;
/// Columns of a label.
const LABEL: usize = 12;
/// Other messages that are listed.
const MAX_OTHERS: usize = 8;

/// Writes it.
pub fn write(out: &mut Lines<'_>, answer: &ExplainAnswer) -> io::Result<()> {
    match answer {
        ExplainAnswer::List(codes) => list(out, codes),
        ExplainAnswer::Codes(codes) => {
            for (i, code) in codes.iter().enumerate() {
                if i > 0 {
                    writeln!(out)?;
                }
                at_length(out, *code)?;
            }
            Ok(())
        }
        ExplainAnswer::Line(line) => message(out, line),
        ExplainAnswer::Places(said) => places(out, said),
    }
}

fn list(out: &mut Lines<'_>, codes: &[Code]) -> io::Result<()> {
    writeln!(out, "These are the findings that walproof can report. walproof explain CODE says more of one.")?;
    for code in codes {
        writeln!(out, "{}  {:<18} {:<8} {}", code.id(), code.name(), code.severity().to_string(), code.title())?;
    }
    Ok(())
}

fn at_length(out: &mut Lines<'_>, code: Code) -> io::Result<()> {
    writeln!(out, "{} ({}, {}): {}.", code.id(), code.name(), code.severity(), code.title())?;
    labelled(out, "MEANING", code.explanation())?;
    labelled(out, "EXAMPLE", code.example())
}

fn message(out: &mut Lines<'_>, line: &ExplainedLine) -> io::Result<()> {
    let m = &line.message;
    let nature = match m.row().nature {
        Nature::Normal => "normal",
        Nature::Damage => "a sign of damage or of a setting that cannot work",
        _ => "normal or not, depending on where it is said",
    };
    writeln!(out, "This message is {nature}: {}", m.row().name)?;
    if line.lines > 1 {
        let level = m.level().map(|level| format!(", at level {}", level.name())).unwrap_or_default();
        labelled(out, "LINE", &format!("{} of {}{level}: the worst of them", line.number, line.lines))?;
    }
    let translated = if m.is_translated() { "; here in another language" } else { "" };
    let since = versions(m.wording().from, m.wording().to);
    labelled(out, "WORDING", &format!("{} ({since}{translated})", m.wording().pattern))?;
    if let Some(within) = m.within().and_then(name_of) {
        labelled(out, "WITHIN", within)?;
    }
    if !line.places.is_empty() {
        let places: Vec<String> = line.places.iter().map(ToString::to_string).collect();
        labelled(out, "PLACES", &places.join(", "))?;
    }
    labelled(out, "MEANING", m.meaning())?;
    if let Some(when) = m.normal_when() {
        labelled(out, "NORMAL", when)?;
    }
    if let Some(when) = m.damage_when() {
        labelled(out, "DAMAGE", when)?;
    }
    for (i, does) in m.server_does().iter().enumerate() {
        let label = if i == 0 { "THE SERVER" } else { "" };
        labelled(out, label, &format!("{}: {}", versions(does.from, does.to), does.text))?;
    }
    if let Some(family) = m.family() {
        labelled(out, "CODES", &format!("{family} (walproof explain {family})"))?;
    }
    evidence(out, line.evidence.as_ref())?;
    also(out, line)?;
    commands(out, &line.next)
}

/// The other messages among the lines.
fn also(out: &mut Lines<'_>, line: &ExplainedLine) -> io::Result<()> {
    for (i, other) in line.others.iter().take(MAX_OTHERS).enumerate() {
        let nature = match other.row.nature {
            Nature::Normal => "normal",
            Nature::Damage => "damage",
            _ => "normal or not",
        };
        let times = if other.count > 1 { format!(", {} times", other.count) } else { String::new() };
        let label = if i == 0 { "ALSO" } else { "" };
        labelled(out, label, &format!("line {}{times}: {} ({nature})", other.first, other.row.name))?;
    }
    match line.others.len().checked_sub(MAX_OTHERS) {
        Some(more @ 1..) => labelled(out, "", &format!("and {more} more")),
        _ => Ok(()),
    }
}

fn places(out: &mut Lines<'_>, said: &ExplainedPlaces) -> io::Result<()> {
    let what = if said.lines > 1 { "None of these lines is a" } else { "This is no" };
    writeln!(out, "{what} message about WAL or recovery that is known; it names places in WAL.")?;
    for (i, place) in said.places.iter().enumerate() {
        labelled(out, if i == 0 { "PLACES" } else { "" }, &place.to_string())?;
    }
    evidence(out, said.evidence.as_ref())?;
    commands(out, &said.next)
}

fn evidence(out: &mut Lines<'_>, evidence: Option<&Evidence>) -> io::Result<()> {
    match evidence {
        Some(Evidence::Seen(probe)) => {
            labelled(out, "EVIDENCE", &sentence(probe))?;
            for finding in probe.findings.iter().take(5) {
                let message = finding.message(Some(&probe.layout));
                labelled(out, "", &format!("{} {}: {message}", finding.severity, finding.code))?;
            }
            Ok(())
        }
        Some(Evidence::None(why)) => labelled(out, "EVIDENCE", why),
        None => Ok(()),
    }
}

fn commands(out: &mut Lines<'_>, commands: &[String]) -> io::Result<()> {
    for (i, command) in commands.iter().enumerate() {
        // Commands are never broken into lines.
        writeln!(out, "{:<LABEL$} {command}", if i == 0 { "NEXT" } else { "" })?;
    }
    Ok(())
}

fn versions(from: Version, to: Version) -> String {
    if from == to { format!("PostgreSQL {from}") } else { format!("PostgreSQL {from} to {to}") }
}

/// A label, then the text in lines of words.
fn labelled(out: &mut Lines<'_>, label: &str, text: &str) -> io::Result<()> {
    let mut line = format!("{label:<LABEL$}");
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(out, "{line}")?;
            line = " ".repeat(LABEL);
        }
        line.push(' ');
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{line}")
}
