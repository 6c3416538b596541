//! What a tool leaves to be done by hand: the signal file, and the settings of the recovery.
//!
//! ```text
//! 12 and later    DIR/recovery.signal, settings in DIR/postgresql.auto.conf
//! 11 and earlier  settings in DIR/recovery.conf
//! ```

use super::ToolCall;
use super::targets::in_quotes;
use crate::shell::quoted;

/// Brings the files with one command, and has the server fetch WAL with another: its words before and behind the names
/// of what is fetched and where to.
pub(super) fn recovery(bring: &str, (before, after): (&str, &str), call: &ToolCall<'_>) -> String {
    // To a server a `%` begins a name of its own.
    let own = |words: &str| words.replace('%', "%%");
    let fetch = setting("restore_command", &format!("{} %f %p{}", own(before), own(after)));
    if call.recovery_conf {
        return with_settings(bring, vec![fetch], call);
    }
    with_settings(&signalled(bring), vec![fetch], call)
}

/// Brings the files, and asks for a recovery (12 and later).
pub(super) fn signalled(bring: &str) -> String {
    format!("{bring} &&\ntouch DIR/recovery.signal")
}

/// Brings the files, and has the server recover to the target; `first`: lines in front of its settings.
pub(super) fn with_settings(bring: &str, first: Vec<String>, call: &ToolCall<'_>) -> String {
    let own = call.settings.iter().map(|(name, value)| setting(name, value));
    let lines: Vec<String> = first.into_iter().chain(own).map(|line| quoted(&line)).collect();
    if lines.is_empty() {
        return bring.to_owned();
    }
    let file = if call.recovery_conf { "recovery.conf" } else { "postgresql.auto.conf" };
    format!("{bring} &&\nprintf '%s\\n' {} >> DIR/{file}", lines.join(" "))
}

/// A line of a file of settings.
fn setting(name: &str, value: &str) -> String {
    format!("{name} = '{}'", in_quotes(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_lie_where_the_version_reads_them() {
        let settings = [("recovery_target_name".to_owned(), "it's".to_owned())];
        let call = ToolCall { settings: &settings, ..ToolCall::default() };
        assert_eq!(
            recovery("get", ("fetch", ""), &call),
            "get &&\ntouch DIR/recovery.signal &&\nprintf '%s\\n' \"restore_command = 'fetch %f %p'\" \
             \"recovery_target_name = 'it''s'\" >> DIR/postgresql.auto.conf"
        );
        let old = ToolCall { recovery_conf: true, ..call };
        assert!(recovery("get", ("f", ""), &old).ends_with(">> DIR/recovery.conf"));
        assert!(!recovery("get", ("f", ""), &old).contains("signal"));
        assert_eq!(with_settings("get", Vec::new(), &ToolCall::default()), "get");
        let odd = recovery("get", ("fetch /100%f", " --from /a%"), &ToolCall::default());
        assert!(odd.contains("'fetch /100%%f %f %p --from /a%%'"), "{odd}");
    }
}
