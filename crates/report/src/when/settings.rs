//! The settings with which a server recovers to a point.

use crate::outside::{Lines, is_harmful};
use crate::time::Zone;
use crate::when::{WhenAnswer, WhenAsked, restore_command};
use pgwal_format::recovery::settings::{RecoverySetting, TargetAction};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_verify::times::Times;
use std::io;

/// Where the settings belong.
pub fn file(layout: &Layout) -> &'static str {
    layout.dialect.recovery_file()
}

/// Names and values, without quotes. Empty where there is no such point.
pub fn settings(times: &Times, answer: &WhenAnswer) -> Vec<(&'static str, String)> {
    let Some(moment) = answer.moment.as_ref().filter(|m| times.is_reachable(m)) else { return Vec::new() };
    let layout = times.layout();
    let utc = |time| Zone::utc().local(time).map(|text| text.replace("+00:00", "+00"));
    let mut out = match &answer.asked {
        WhenAsked::Name(name) => vec![("recovery_target_name", name.clone())],
        WhenAsked::Xid(xid) => vec![("recovery_target_xid", xid.to_string())],
        // From 13 on recovery fails where no later transaction ends it.
        WhenAsked::Time(_) if moment.dropped.is_none() && layout.dialect.unreached_target_is_fatal => {
            moment.kept.map(|kept| ("recovery_target_xid", kept.xid.to_string())).into_iter().collect()
        }
        WhenAsked::Time(time) => utc(*time).map(|text| ("recovery_target_time", text)).into_iter().collect(),
        // Nothing starts behind it that would stop a server: recovery without a target ends there by itself.
        WhenAsked::Lsn(_) if moment.is_end => {
            return vec![(TIMELINE, timeline_of(layout, &times.outcome.path, times.timeline()))];
        }
        WhenAsked::Lsn(lsn) if layout.dialect.lsn_target => vec![("recovery_target_lsn", lsn.unpadded().to_string())],
        // Before 10 no position is a target: the last transaction that ends before it is.
        WhenAsked::Lsn(_) => {
            moment.kept.map(|kept| ("recovery_target_xid", kept.xid.to_string())).into_iter().collect()
        }
    };
    if !out.is_empty() {
        let inclusive = match answer.asked {
            WhenAsked::Name(_) => None,
            WhenAsked::Time(_) | WhenAsked::Xid(_) => Some(true),
            // A server stops at the first record that starts there or behind. Only where that is the one meant, is it
            // replayed.
            WhenAsked::Lsn(lsn) => {
                Some(!layout.dialect.lsn_target || moment.kept.is_some_and(|e| e.lsn == lsn) || moment.point.is_some())
            }
        };
        out.extend(inclusive.map(|inclusive| ("recovery_target_inclusive", inclusive.to_string())));
        out.push((TIMELINE, timeline_of(layout, &times.outcome.path, times.timeline())));
    }
    out
}

/// Those of a recovery that ends in front of a record. `own`: the transaction that ends with that record, if one does;
/// `kept`: the last one that commits before. Empty where no server of the version can be told so.
pub fn before(
    layout: &Layout,
    (path, timeline): (&[TimelineId], TimelineId),
    record: Lsn,
    own: Option<u32>,
    kept: Option<u32>,
) -> Vec<(&'static str, String)> {
    let (name, value, inclusive) = match (layout.dialect.lsn_target, own, kept) {
        (true, ..) => ("recovery_target_lsn", record.unpadded().to_string(), false),
        // Before 10 no position is a target.
        (false, Some(own), _) => ("recovery_target_xid", own.to_string(), false),
        (false, None, Some(kept)) => ("recovery_target_xid", kept.to_string(), true),
        (false, None, None) => return Vec::new(),
    };
    let own = |setting: &RecoverySetting| setting.name == ACTION && setting.is_of(layout.dialect.version);
    let action = RecoverySetting::ALL.iter().any(own).then(|| (ACTION, TargetAction::Pause.name().to_owned()));
    let timeline = (TIMELINE, timeline_of(layout, path, timeline));
    [(name, value), ("recovery_target_inclusive", inclusive.to_string()), timeline].into_iter().chain(action).collect()
}

const TIMELINE: &str = "recovery_target_timeline";

/// How the timeline is asked for. A number asks for its history file; where all of the way is of one timeline, backups
/// begin on it, and an archive that was begun after the promotion has none (`current`, a word from 12 on).
fn timeline_of(layout: &Layout, path: &[TimelineId], timeline: TimelineId) -> String {
    let is_alone = path == [timeline] && timeline > TimelineId::FIRST;
    let knows = layout.dialect.settings.recovery_conf.is_none();
    if is_alone && knows { "current".to_owned() } else { timeline.to_string() }
}

/// What a server does at its target (9.5 and later).
const ACTION: &str = "recovery_target_action";

/// The function that ends a recovery which pauses at its target unless set otherwise; `None` up to 9.4, where that is
/// another setting.
pub fn resume(layout: &Layout) -> Option<&'static str> {
    let dialect = layout.dialect;
    let own = |setting: &RecoverySetting| setting.name == ACTION && setting.is_of(dialect.version);
    let pauses = dialect.settings.action == TargetAction::Pause && RecoverySetting::ALL.iter().any(own);
    // `pg_proc.dat`: renamed in 10.
    let name = if dialect.lsn_target { "pg_wal_replay_resume" } else { "pg_xlog_replay_resume" };
    pauses.then_some(name)
}

/// Writes the block: what fetches WAL, a remark, the settings, and which others would count more.
pub fn block(
    out: &mut Lines<'_>,
    layout: &Layout,
    (restore_command, set_by_system): (&str, &[String]),
    remark: Option<&str>,
    settings: &[(&'static str, String)],
) -> io::Result<()> {
    writeln!(out, "SETTINGS for {}:", file(layout))?;
    writeln!(out, "{restore_command}")?;
    if restore_command.starts_with(restore_command::OWN) {
        writeln!(out, "# walproof is to be in the PATH with which the server was started; or write its full path")?;
    }
    if let Some(remark) = remark {
        writeln!(out, "# {remark}")?;
    }
    for (name, value) in settings {
        writeln!(out, "{name} = '{}'", quoted(value))?;
    }
    if let Some(signal) = layout.dialect.settings.recovery_conf.is_none().then_some("recovery.signal") {
        writeln!(
            out,
            "# and an empty file {signal} in the data directory, into which the backup is unpacked: without it they are not read"
        )?;
    }
    writeln!(
        out,
        "# start it beside the production server: with another port, and archive_mode = off, or it archives into its archive"
    )?;
    writeln!(
        out,
        "# tablespaces of the backup lie where production has its own, and are written to: before the first start, name other \
         places for them in tablespace_map (of a plain copy: in the links of pg_tblspc)"
    )?;
    match set_by_system {
        [] if file(layout) == "postgresql.conf" => {
            writeln!(out, "# a recovery_target in postgresql.auto.conf counts more than these: none may be left there")
        }
        [] => Ok(()),
        names => writeln!(
            out,
            "# postgresql.auto.conf there sets {}, which counts more than these: remove it (ALTER SYSTEM RESET)",
            names.join(", ")
        ),
    }
}

/// A value inside the quotes of a configuration file (`DeescapeQuotedString` in `guc-file.l`): what cannot be seen is
/// written as octal bytes.
pub fn quoted(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            c if is_harmful(c) => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("\\{byte:03o}")));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_server_reads() {
        assert_eq!(quoted("it's \\ a\nb\u{9b}é"), "it''s \\\\ a\\012b\\302\\233é");
    }
}
