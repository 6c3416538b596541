//! The keys that a profile of the aws tools has, or that a program says for it.

use super::profile::Profile;
use object_store::StaticCredentialProvider;
use object_store::aws::{AwsCredential, AwsCredentialProvider};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Who asks.
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

impl Credentials {
    pub(super) fn provider(self) -> AwsCredentialProvider {
        let Credentials { id, secret, token } = self;
        Arc::new(StaticCredentialProvider::new(AwsCredential { key_id: id, secret_key: secret, token }))
    }
}

/// Of the profile: keys, or a program that says them.
pub(super) fn credentials(profile: &Profile) -> Result<Option<Credentials>, String> {
    if let (Some(id), Some(secret)) = (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
        let token = profile.get("aws_session_token").map(str::to_owned);
        return Ok(Some(Credentials { id: id.to_owned(), secret: secret.to_owned(), token }));
    }
    if let Some(command) = profile.get("credential_process") {
        return said_by(command).map(Some);
    }
    for key in ["sso_session", "sso_start_url"] {
        if profile.get(key).is_some() {
            return Err(format!(
                "the profile's {key} is not read: let the aws tool say the credentials, \
                 eval \"$(aws configure export-credentials --format env)\""
            ));
        }
    }
    Ok(None)
}

/// What `credential_process` says, as the aws tools run it.
fn said_by(command: &str) -> Result<Credentials, String> {
    let failed = |why: &str| format!("the profile's credential_process {why}");
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {error}")))?;
    let mut text = String::new();
    let read = child.stdout.take().map(|out| out.take(64 << 10).read_to_string(&mut text));
    let good = child.wait().is_ok_and(|status| status.success()) && matches!(read, Some(Ok(_)));
    let said: serde_json::Value = match good.then(|| serde_json::from_str(&text)) {
        Some(Ok(said)) => said,
        Some(Err(_)) => return Err(failed("says no JSON")),
        None => return Err(failed("failed")),
    };
    let word = |key: &str| said.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    match (word("AccessKeyId"), word("SecretAccessKey")) {
        (Some(id), Some(secret)) => Ok(Credentials { id, secret, token: word("SessionToken") }),
        _ => Err(failed("says no AccessKeyId and SecretAccessKey")),
    }
}
