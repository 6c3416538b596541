//! The tool's own command that restores a backup to a target.

use crate::backup::ListedBackup;
use crate::repo_layout::RepoLayout;
use crate::repository::Repository;

/// What a tool calls the settings of a recovery, in the order of its options.
struct TargetOptions {
    time: &'static str,
    lsn: &'static str,
    xid: &'static str,
    name: &'static str,
    immediate: &'static str,
    timeline: &'static str,
    action: &'static str,
    exclusive: &'static str,
}

const BARMAN: TargetOptions = TargetOptions {
    time: "--target-time",
    lsn: "--target-lsn",
    xid: "--target-xid",
    name: "--target-name",
    immediate: "--target-immediate",
    timeline: "--target-tli",
    action: "--target-action",
    exclusive: "--exclusive",
};

const PROBACKUP: TargetOptions = TargetOptions {
    time: "--recovery-target-time",
    lsn: "--recovery-target-lsn",
    xid: "--recovery-target-xid",
    name: "--recovery-target-name",
    immediate: "--recovery-target=immediate",
    timeline: "--recovery-target-timeline",
    action: "--recovery-target-action",
    exclusive: "--recovery-target-inclusive=false",
};

/// The complete command, for a shell, to restore a backup into the folder `DIR`. `settings`: the recovery's, by
/// PostgreSQL's names. `None` where the tool has none that reads this place.
pub fn restore(repository: &Repository, backup: &ListedBackup, settings: &[(String, String)]) -> Option<String> {
    let base = repository.path(&repository.base)?;
    let base = std::path::absolute(&base).unwrap_or(base).to_str()?.trim_end_matches('/').to_owned();
    let name = repository.name.as_deref();
    let label = backup.label.as_str();
    let words = match repository.layout {
        RepoLayout::PgBackRest => pgbackrest(&base, name?, label, settings),
        RepoLayout::Barman => {
            let mut words = vec!["barman".to_owned(), "recover".to_owned()];
            words.extend(targets(&BARMAN, settings));
            // A server without a name of its own is the folder that was named.
            let server = name.or_else(|| base.rsplit('/').next())?;
            words.extend([server.to_owned(), label.to_owned(), "DIR".to_owned()]);
            words
        }
        RepoLayout::WalG => {
            let fetch = ["wal-g", "backup-fetch", "DIR", label];
            std::iter::once(format!("WALG_FILE_PREFIX={base}")).chain(fetch.map(str::to_owned)).collect()
        }
        RepoLayout::PgProbackup => {
            let start = ["pg_probackup", "restore", "-B", &base, "--instance", name?, "-i", label, "-D", "DIR"];
            start.map(str::to_owned).into_iter().chain(targets(&PROBACKUP, settings)).collect()
        }
        RepoLayout::BarmanCloud | RepoLayout::Pghoard | RepoLayout::Folder => return None,
    };
    Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
}

/// Always with `--set`: pgBackRest takes the latest backup where none fits a time.
fn pgbackrest(base: &str, stanza: &str, label: &str, settings: &[(String, String)]) -> Vec<String> {
    let get = |name: &str| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut words = vec![
        "pgbackrest".to_owned(),
        format!("--repo1-path={base}"),
        format!("--stanza={stanza}"),
        format!("--set={label}"),
        "--pg1-path=DIR".to_owned(),
    ];
    let kinds = ["time", "lsn", "xid", "name"];
    let target = kinds.into_iter().find_map(|kind| Some((kind, get(&format!("recovery_target_{kind}"))?)));
    match (target, get("recovery_target")) {
        (Some((kind, value)), _) => words.extend([format!("--type={kind}"), format!("--target={value}")]),
        (None, Some(_)) => words.push("--type=immediate".to_owned()),
        (None, None) => words.push("--type=default".to_owned()),
    }
    if get("recovery_target_inclusive").is_some_and(is_off) {
        words.push("--target-exclusive".to_owned());
    }
    words.extend(get("recovery_target_timeline").map(|timeline| format!("--target-timeline={timeline}")));
    // An action without a target is refused.
    let action = get("recovery_target_action").filter(|_| target.is_some() || get("recovery_target").is_some());
    words.extend(action.map(|action| format!("--target-action={action}")));
    words.push("restore".to_owned());
    words
}

fn targets(options: &TargetOptions, settings: &[(String, String)]) -> Vec<String> {
    let one = |(name, value): &(String, String)| {
        let option = match name.as_str() {
            "recovery_target_time" => options.time,
            "recovery_target_lsn" => options.lsn,
            "recovery_target_xid" => options.xid,
            "recovery_target_name" => options.name,
            "recovery_target_timeline" => options.timeline,
            "recovery_target_action" => options.action,
            "recovery_target" => return Some(options.immediate.to_owned()),
            "recovery_target_inclusive" => return is_off(value).then(|| options.exclusive.to_owned()),
            _ => return None,
        };
        Some(format!("{option}={value}"))
    };
    settings.iter().filter_map(one).collect()
}

/// As servers read a boolean.
fn is_off(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "off" | "false" | "no" | "0" | "f" | "n")
}

/// As a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:=@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pgbackrest_is_always_told_the_set() {
        let time = set(&[("recovery_target_time", "2026-11-22 14:00:00+00"), ("recovery_target_inclusive", "off")]);
        let words = pgbackrest("/r", "main", "L", &time);
        assert_eq!(
            words.join(" "),
            "pgbackrest --repo1-path=/r --stanza=main --set=L --pg1-path=DIR --type=time --target=2026-11-22 \
             14:00:00+00 --target-exclusive restore"
        );
        let action = set(&[("recovery_target_action", "promote")]);
        assert!(!pgbackrest("/r", "main", "L", &action).iter().any(|word| word.contains("action")));
    }

    #[test]
    fn targets_have_the_names_of_each_tool() {
        let all = set(&[("recovery_target", "immediate"), ("recovery_target_timeline", "3"), ("primary", "x")]);
        assert_eq!(targets(&BARMAN, &all), ["--target-immediate", "--target-tli=3"]);
        assert_eq!(targets(&PROBACKUP, &all), ["--recovery-target=immediate", "--recovery-target-timeline=3"]);
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
