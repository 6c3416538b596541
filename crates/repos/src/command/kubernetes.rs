//! A restore as CloudNativePG is told of it: what belongs in the `spec` of a new `Cluster`.
//!
//! ```text
//! bootstrap.recovery.recoveryTarget      backupID, targetTime, targetLSN, targetXID, targetName, targetImmediate,
//!                                        targetTLI, exclusive
//! externalClusters[].barmanObjectStore   destinationPath, serverName, endpointURL, s3Credentials, googleCredentials
//! ```

use super::ToolCall;
use super::barman::CloudPlace;
use super::place::Location;
use super::targets::{get, is_off};
use crate::backup::ListedBackup;
use crate::repo_layout::RepoLayout;
use crate::repository::Repository;

/// The part of the manifest that restores a backup of barman-cloud in a bucket. `None`: it is none. The secret `SECRET`
/// is named, not known.
pub fn recovery_yaml(repository: &Repository, backup: &ListedBackup, call: &ToolCall<'_>) -> Option<String> {
    let Location::Bucket(url) = Location::of(repository)? else { return None };
    (repository.layout == RepoLayout::BarmanCloud).then(|| yaml(&url, &backup.label, call)).flatten()
}

fn yaml(url: &str, label: &str, call: &ToolCall<'_>) -> Option<String> {
    let CloudPlace { url, server } = CloudPlace::of(url)?;
    let credentials = match url.split_once("://")?.0 {
        "s3" => {
            "      s3Credentials:\n        accessKeyId: {name: SECRET, key: ACCESS_KEY_ID}\n        \
             secretAccessKey: {name: SECRET, key: ACCESS_SECRET_KEY}"
        }
        "gs" => "      googleCredentials:\n        applicationCredentials: {name: SECRET, key: gcsCredentials}",
        _ => return None,
    };
    let server = scalar(server);
    let mut lines = vec![
        "bootstrap:".to_owned(),
        "  recovery:".to_owned(),
        format!("    source: {server}"),
        "    recoveryTarget:".to_owned(),
        format!("      backupID: {}", scalar(label)),
    ];
    lines.extend(aims(call.settings).into_iter().map(|line| format!("      {line}")));
    lines.extend([
        "externalClusters:".to_owned(),
        format!("  - name: {server}"),
        "    barmanObjectStore:".to_owned(),
        format!("      destinationPath: {}", scalar(url)),
        format!("      serverName: {server}"),
    ]);
    lines.extend(call.endpoint.map(|endpoint| format!("      endpointURL: {}", scalar(endpoint))));
    lines.push(credentials.to_owned());
    Some(lines.join("\n"))
}

/// The target, in the operator's words.
fn aims(settings: &[(String, String)]) -> Vec<String> {
    let named = [
        ("recovery_target_time", "targetTime"),
        ("recovery_target_lsn", "targetLSN"),
        ("recovery_target_xid", "targetXID"),
        ("recovery_target_name", "targetName"),
        ("recovery_target_timeline", "targetTLI"),
    ];
    let mut out: Vec<String> =
        named.into_iter().filter_map(|(name, own)| Some(format!("{own}: {}", scalar(get(settings, name)?)))).collect();
    out.extend(get(settings, "recovery_target").map(|_| "targetImmediate: true".to_owned()));
    out.extend(
        get(settings, "recovery_target_inclusive").filter(|value| is_off(value)).map(|_| "exclusive: true".to_owned()),
    );
    out
}

/// A text, which JSON writes as YAML reads it.
fn scalar(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_and_the_store_are_told() {
        let settings = [("recovery_target_time", "2026-11-22 14:00:00+00"), ("recovery_target_inclusive", "off")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let call = ToolCall { settings: &settings, endpoint: Some("https://s3"), ..ToolCall::default() };
        let text = yaml("s3://b/pre/main", "20261122T031701", &call).unwrap();
        for line in [
            "      backupID: \"20261122T031701\"",
            "      targetTime: \"2026-11-22 14:00:00+00\"",
            "      exclusive: true",
            "      destinationPath: \"s3://b/pre\"",
            "      serverName: \"main\"",
            "      endpointURL: \"https://s3\"",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
        assert!(yaml("az://c/main", "x", &call).is_none());
    }
}
