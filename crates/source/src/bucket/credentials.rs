//! The keys that a profile of the aws tools has, or that a program says for it.

use super::keys::{Giver, RenewedKeys};
use super::profile::Profile;
use object_store::StaticCredentialProvider;
use object_store::aws::{AwsCredential, AwsCredentialProvider};
use std::sync::Arc;

/// Of the profile: keys, or a program that says them.
pub(super) fn credentials(profile: &Profile) -> Result<Option<AwsCredentialProvider>, String> {
    let token = profile.get("aws_session_token").map(str::to_owned);
    if let (Some(id), Some(secret)) = (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
        return Ok(Some(fixed(id, secret, token)));
    }
    if let Some(command) = profile.get("credential_process") {
        return Ok(Some(RenewedKeys::of(Giver::Process(command.to_owned()))));
    }
    for key in ["sso_session", "sso_start_url"] {
        if profile.get(key).is_some() {
            let name = profile.name();
            return Err(format!(
                "the sign-in of the profile {name} ({key}) is not read here: let the aws tool sign in and say the keys, \
                 aws sso login --profile {name} && {}",
                exporting(name)
            ));
        }
    }
    Ok(None)
}

/// Keys that hold for as long as we run.
pub(super) fn fixed(id: &str, secret: &str, token: Option<String>) -> AwsCredentialProvider {
    let credential = AwsCredential { key_id: id.to_owned(), secret_key: secret.to_owned(), token };
    Arc::new(StaticCredentialProvider::new(credential))
}

/// What to type for the keys of a profile that the aws tool has to find.
pub(super) fn exporting(name: &str) -> String {
    format!("eval \"$(aws configure export-credentials --profile {name} --format env)\"")
}
