//! `pgbackrest … restore`

use super::ToolCall;
use super::place::Location;
use super::targets::{get, in_quotes, is_off};
use crate::shell::{command as shell, quoted};

/// Where the place was named, its options say what the configuration would; secrets go by variables, for as options
/// they are refused.
pub(super) fn command(
    at: &Location,
    stanza: &str,
    label: &str,
    encrypted: bool,
    call: &ToolCall<'_>,
) -> Option<String> {
    let (mut variables, mut options) = (Vec::new(), Vec::new());
    match (call.configuration, at) {
        (Some(configuration), _) => {
            let file = configuration.file.as_ref();
            options.extend(file.map(|file| format!("--config={}", file.display())));
            options.extend(configuration.number.map(|number| format!("--repo={number}")));
        }
        (None, Location::Folder(base)) => options.push(format!("--repo1-path={base}")),
        (None, Location::Bucket(url)) => {
            let (bucket, prefix) = url.strip_prefix("s3://")?.split_once('/').unwrap_or((url.get(5..)?, ""));
            variables.extend(
                [("S3_KEY", "AWS_ACCESS_KEY_ID"), ("S3_KEY_SECRET", "AWS_SECRET_ACCESS_KEY")]
                    .map(|(own, of_store)| format!("PGBACKREST_REPO1_{own}=\"${of_store}\"")),
            );
            let region = call.region.unwrap_or("us-east-1");
            options.extend([
                "--repo1-type=s3".to_owned(),
                format!("--repo1-s3-bucket={bucket}"),
                format!("--repo1-s3-region={region}"),
            ]);
            match call.endpoint {
                Some(url) => options
                    .extend([format!("--repo1-s3-endpoint={}", host(url)), "--repo1-s3-uri-style=path".to_owned()]),
                None => options.push(format!("--repo1-s3-endpoint=s3.{region}.amazonaws.com")),
            }
            options.push(format!("--repo1-path=/{prefix}"));
        }
    }
    if encrypted && call.configuration.is_none() {
        options.push("--repo1-cipher-type=aes-256-cbc".to_owned());
        let read = |file: &std::path::Path| format!("\"$(head -n 1 {})\"", quoted(&file.to_string_lossy()));
        variables.extend(call.passphrase_file.map(|file| format!("PGBACKREST_REPO1_CIPHER_PASS={}", read(file))));
    }
    let words = ["pgbackrest".to_owned()].into_iter().chain(options).chain(restore(stanza, label, call.settings));
    Some(variables.into_iter().chain([shell(words)]).collect::<Vec<_>>().join(" "))
}

/// `https` goes without saying.
fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/')
}

/// Always with `--set`: pgBackRest takes the latest backup where none fits a time.
fn restore(stanza: &str, label: &str, settings: &[(String, String)]) -> Vec<String> {
    let get = |name: &str| get(settings, name);
    let mut words = vec![format!("--stanza={stanza}"), format!("--set={label}"), "--pg1-path=DIR".to_owned()];
    let is_standby = get("standby_mode").is_some_and(|mode| !is_off(mode));
    let kinds = ["time", "lsn", "xid", "name"];
    let target = kinds.into_iter().find_map(|kind| Some((kind, get(&format!("recovery_target_{kind}"))?)));
    match (target, get("recovery_target")) {
        (Some((kind, value)), _) => {
            let value = if kind == "name" { in_quotes(value) } else { value.to_owned() };
            words.extend([format!("--type={kind}"), format!("--target={value}")]);
        }
        (None, Some(_)) => words.push("--type=immediate".to_owned()),
        (None, None) if is_standby => words.push("--type=standby".to_owned()),
        (None, None) => words.push("--type=default".to_owned()),
    }
    // Beside a target there is no type for it.
    if is_standby && (target.is_some() || get("recovery_target").is_some()) {
        words.push("--recovery-option=standby_mode=on".to_owned());
    }
    // Of a name and of `immediate` it is refused, and a server does not ask for it.
    let has_side = target.is_some_and(|(kind, _)| kind != "name");
    if has_side && get("recovery_target_inclusive").is_some_and(is_off) {
        words.push("--target-exclusive".to_owned());
    }
    // Beside an immediate target it is refused: what is written then is `current`.
    let immediate = target.is_none() && get("recovery_target").is_some();
    let timeline = get("recovery_target_timeline").filter(|_| !immediate);
    words.extend(timeline.map(|timeline| format!("--target-timeline={timeline}")));
    // An action without a target is refused.
    let action = get("recovery_target_action").filter(|_| target.is_some() || get("recovery_target").is_some());
    words.extend(action.map(|action| format!("--target-action={action}")));
    words.push("restore".to_owned());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::ToolConfiguration;

    fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn it_is_always_told_the_set() {
        let time = set(&[("recovery_target_time", "2026-11-22 14:00:00+00"), ("recovery_target_inclusive", "off")]);
        let at = Location::Folder("/r".to_owned());
        let call = ToolCall { settings: &time, ..ToolCall::default() };
        assert_eq!(
            command(&at, "main", "L", false, &call).unwrap(),
            "pgbackrest --repo1-path=/r --stanza=main --set=L --pg1-path=DIR --type=time '--target=2026-11-22 \
             14:00:00+00' --target-exclusive restore"
        );
        let action = set(&[("recovery_target_action", "promote")]);
        let beside = set(&[("recovery_target_name", "x"), ("recovery_target_inclusive", "off")]);
        assert!(!restore("main", "L", &beside).contains(&"--target-exclusive".to_owned()));
        let name = set(&[("recovery_target_name", "it's")]);
        assert!(restore("main", "L", &name).contains(&"--target=it''s".to_owned()));
        assert!(!restore("main", "L", &action).iter().any(|word| word.contains("action")));
        let standby = restore("main", "L", &set(&[("standby_mode", "on")]));
        assert!(standby.contains(&"--type=standby".to_owned()), "{standby:?}");
        let aimed = restore("main", "L", &set(&[("recovery_target_lsn", "0/1"), ("standby_mode", "on")]));
        assert!(aimed.contains(&"--type=lsn".to_owned()), "{aimed:?}");
        assert!(aimed.contains(&"--recovery-option=standby_mode=on".to_owned()), "{aimed:?}");
        let immediate = set(&[("recovery_target", "immediate"), ("recovery_target_timeline", "2")]);
        assert!(!restore("main", "L", &immediate).iter().any(|word| word.contains("timeline")));
    }

    #[test]
    fn what_a_configuration_says_is_not_said_again() {
        let at = Location::Bucket("s3://b/p/q".to_owned());
        let configuration = ToolConfiguration { file: Some("/etc/x.conf".into()), number: Some(2), server: None };
        let call = ToolCall { configuration: Some(&configuration), ..ToolCall::default() };
        assert_eq!(
            command(&at, "main", "L", true, &call).unwrap(),
            "pgbackrest --config=/etc/x.conf --repo=2 --stanza=main --set=L --pg1-path=DIR --type=default restore"
        );
        let call = ToolCall { endpoint: Some("https://s3.local:9000/"), ..ToolCall::default() };
        let told = command(&at, "main", "L", false, &call).unwrap();
        assert!(told.contains("--repo1-s3-bucket=b ") && told.contains(" --repo1-path=/p/q "), "{told}");
        assert!(told.contains("--repo1-s3-endpoint=s3.local:9000 --repo1-s3-uri-style=path"), "{told}");
        assert!(told.starts_with("PGBACKREST_REPO1_S3_KEY=\"$AWS_ACCESS_KEY_ID\""), "{told}");
    }

    #[test]
    fn a_passphrase_is_no_word_of_the_command() {
        let at = Location::Folder("/r".to_owned());
        let call = ToolCall { passphrase_file: Some("/k".as_ref()), ..ToolCall::default() };
        let told = command(&at, "main", "L", true, &call).unwrap();
        assert!(told.starts_with("PGBACKREST_REPO1_CIPHER_PASS=\"$(head -n 1 /k)\" pgbackrest "), "{told}");
        assert!(told.contains(" --repo1-cipher-type=aes-256-cbc "), "{told}");
    }
}
