//! The settings with which a server recovers to a point.

use crate::outside::is_harmful;
use crate::time::Zone;
use crate::when::{WhenAnswer, WhenAsked};
use pgwal_format::Layout;
use pgwal_verify::times::Times;

/// Where the settings belong.
pub fn file(layout: &Layout) -> &'static str {
    layout.dialect.recovery_file()
}

/// Names and values, without quotes. Empty where there is no such point.
pub fn settings(times: &Times, answer: &WhenAnswer) -> Vec<(&'static str, String)> {
    let Some(moment) = answer.moment.as_ref().filter(|m| times.is_reachable(m.lsn)) else { return Vec::new() };
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
        WhenAsked::Lsn(_) if moment.is_end => return vec![("recovery_target_timeline", times.timeline().to_string())],
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
        out.push(("recovery_target_timeline", times.timeline().to_string()));
    }
    out
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
