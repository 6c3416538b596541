//! The settings of a recovery as options of a tool.

/// What a tool calls the settings of a recovery, in the order of its options.
pub(super) struct TargetOptions {
    time: &'static str,
    lsn: &'static str,
    xid: &'static str,
    name: &'static str,
    immediate: &'static str,
    pub(super) timeline: &'static str,
    action: &'static str,
    exclusive: &'static str,
    standby: &'static str,
}

pub(super) const BARMAN: TargetOptions = TargetOptions {
    time: "--target-time",
    lsn: "--target-lsn",
    xid: "--target-xid",
    name: "--target-name",
    immediate: "--target-immediate",
    timeline: "--target-tli",
    action: "--target-action",
    exclusive: "--exclusive",
    standby: "--standby-mode",
};

pub(super) const PROBACKUP: TargetOptions = TargetOptions {
    time: "--recovery-target-time",
    lsn: "--recovery-target-lsn",
    xid: "--recovery-target-xid",
    name: "--recovery-target-name",
    immediate: "--recovery-target=immediate",
    timeline: "--recovery-target-timeline",
    action: "--recovery-target-action",
    exclusive: "--recovery-target-inclusive=false",
    standby: "--restore-as-replica",
};

/// Each setting that the tool has an option for.
pub(super) fn targets(options: &TargetOptions, settings: &[(String, String)]) -> Vec<String> {
    let one = |(name, value): &(String, String)| {
        let option = match name.as_str() {
            "recovery_target_time" => options.time,
            "recovery_target_lsn" => options.lsn,
            "recovery_target_xid" => options.xid,
            "recovery_target_name" => return Some(format!("{}={}", options.name, in_quotes(value))),
            "recovery_target_timeline" => options.timeline,
            "recovery_target_action" => options.action,
            "recovery_target" => return Some(options.immediate.to_owned()),
            "recovery_target_inclusive" => return is_off(value).then(|| options.exclusive.to_owned()),
            "standby_mode" => return (!is_off(value)).then(|| options.standby.to_owned()),
            _ => return None,
        };
        Some(format!("{option}={value}"))
    };
    settings.iter().filter_map(one).collect()
}

/// A value as it stands between quotes in a file of settings, where the tools put it as it is given.
pub(super) fn in_quotes(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "''")
}

/// The value of a setting.
pub(super) fn get<'a>(settings: &'a [(String, String)], name: &str) -> Option<&'a str> {
    settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// As servers read a boolean.
pub(super) fn is_off(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "off" | "false" | "no" | "0" | "f" | "n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_the_names_of_each_tool() {
        let all = [("recovery_target", "immediate"), ("recovery_target_timeline", "3"), ("primary", "x")];
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(targets(&BARMAN, &all), ["--target-immediate", "--target-tli=3"]);
        assert_eq!(targets(&PROBACKUP, &all), ["--recovery-target=immediate", "--recovery-target-timeline=3"]);
        let name = [("recovery_target_name".to_owned(), "it's \\ it".to_owned())];
        assert_eq!(targets(&BARMAN, &name), ["--target-name=it''s \\\\ it"]);
    }
}
