//! A role that a profile of the aws tools, or a cluster's account, assumes.
//!
//! ```text
//! [profile backup]                             [profile base]
//! role_arn = arn:aws:iam::1:role/reader        aws_access_key_id = …
//! source_profile = base                        aws_secret_access_key = …
//! ```
//! With `credential_source` the machine, a container or the environment says who asks; a profile that another one takes
//! for its source may assume a role itself. A cluster's account has a token instead of keys:
//!
//! ```text
//! AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/…/token         role_arn = …
//! AWS_ROLE_ARN=arn:aws:iam::1:role/reader                      web_identity_token_file = …
//! ```

use super::container::ContainerService;
use super::credentials::{credentials, exporting, fixed};
use super::instance::Instance;
use super::keys::{Giver, RenewedKeys};
use super::profile::Profile;
use super::settings::BucketSettings;
use super::sts::{AskedRole, RoleProof, RoleService};
use object_store::ClientOptions;
use object_store::aws::AwsCredentialProvider;

/// Roles that are assumed one after another.
const MOST: usize = 5;
/// What sessions are called where nothing is said.
const SESSION: &str = "walproof";

/// Who asks, where the profile assumes a role; `None` where it assumes none.
pub(super) fn of(
    profile: &Profile,
    settings: &BucketSettings,
    client: &ClientOptions,
) -> Result<Option<AwsCredentialProvider>, String> {
    assumed(profile, settings, client, MOST)
}

fn assumed(
    profile: &Profile,
    settings: &BucketSettings,
    client: &ClientOptions,
    left: usize,
) -> Result<Option<AwsCredentialProvider>, String> {
    let Some(arn) = profile.get("role_arn") else { return Ok(None) };
    if profile.get("mfa_serial").is_some() {
        return Err(format!(
            "the role {arn} asks for a code (mfa_serial), which is not asked for here: let the aws tool ask for it and \
             say the keys, {}",
            exporting(profile.name())
        ));
    }
    let left = left.checked_sub(1).ok_or_else(|| format!("the role {arn} is one of more than {MOST} in a row"))?;
    let source = match (profile.get("source_profile"), profile.get("credential_source")) {
        (Some(name), None) => of_profile(name, profile, settings, client, left)?,
        (None, Some("Environment")) => of_environment(settings, arn)?,
        (None, Some("Ec2InstanceMetadata")) => RenewedKeys::of(Giver::Instance(Instance::of(settings, profile)?)),
        (None, Some("EcsContainer")) => of_container(settings, arn)?,
        (None, Some(other)) => return Err(format!("credential_source = {other} of the role {arn} is not known")),
        (Some(_), Some(_)) => return Err(format!("the role {arn} has a source_profile and a credential_source")),
        (None, None) => return Err(format!("the role {arn} has no source_profile and no credential_source")),
    };
    let role = AskedRole {
        arn: arn.to_owned(),
        session: profile.get("role_session_name").unwrap_or(SESSION).to_owned(),
        external_id: profile.get("external_id").map(str::to_owned),
        seconds: Some(profile.get("duration_seconds").and_then(|n| n.parse().ok()).unwrap_or(3600)),
        by: RoleProof::Keys(source),
        service: RoleService::of(settings, profile, client)?,
    };
    Ok(Some(RenewedKeys::of(Giver::Role(role))))
}

/// Its keys, or the role that it assumes itself. A profile that names itself means its own keys.
fn of_profile(
    name: &str,
    own: &Profile,
    settings: &BucketSettings,
    client: &ClientOptions,
    left: usize,
) -> Result<AwsCredentialProvider, String> {
    let source = Profile::named(name, settings)?;
    if name == own.name() {
        // Its own keys are meant.
    } else if let Some(by_token) = by_token_of_profile(&source, settings, client)? {
        return Ok(by_token);
    } else if let Some(role) = assumed(&source, settings, client, left)? {
        return Ok(role);
    }
    credentials(&source)?.ok_or_else(|| format!("the profile {name} has no credentials"))
}

fn of_environment(settings: &BucketSettings, arn: &str) -> Result<AwsCredentialProvider, String> {
    let (id, secret) = (settings.get("AWS_ACCESS_KEY_ID"), settings.get("AWS_SECRET_ACCESS_KEY"));
    let (Some(id), Some(secret)) = (id, secret) else {
        return Err(format!(
            "the role {arn} is assumed with the environment's keys, and AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY \
             is not set"
        ));
    };
    Ok(fixed(id, secret, settings.get("AWS_SESSION_TOKEN").map(str::to_owned)))
}

fn of_container(settings: &BucketSettings, arn: &str) -> Result<AwsCredentialProvider, String> {
    let container = ContainerService::of(settings)?.ok_or_else(|| {
        format!(
            "the role {arn} is assumed with a container's keys, and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor \
             AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
        )
    })?;
    Ok(RenewedKeys::of(Giver::Container(container)))
}

/// A role by the token that a cluster gives its account; `None` where the environment and the profile name none.
pub(super) fn by_token(
    profile: &Profile,
    settings: &BucketSettings,
    client: &ClientOptions,
) -> Result<Option<AwsCredentialProvider>, String> {
    let Some(file) = settings.get("AWS_WEB_IDENTITY_TOKEN_FILE") else {
        return by_token_of_profile(profile, settings, client);
    };
    let arn = settings.get("AWS_ROLE_ARN");
    let arn = arn.ok_or("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not".to_owned())?;
    let session = settings.get("AWS_ROLE_SESSION_NAME").unwrap_or(SESSION);
    asked_by_token((arn, session, file), profile, settings, client).map(Some)
}

fn by_token_of_profile(
    profile: &Profile,
    settings: &BucketSettings,
    client: &ClientOptions,
) -> Result<Option<AwsCredentialProvider>, String> {
    let (Some(arn), Some(file)) = (profile.get("role_arn"), profile.get("web_identity_token_file")) else {
        return Ok(None);
    };
    let session = profile.get("role_session_name").unwrap_or(SESSION);
    asked_by_token((arn, session, file), profile, settings, client).map(Some)
}

fn asked_by_token(
    (arn, session, file): (&str, &str, &str),
    profile: &Profile,
    settings: &BucketSettings,
    client: &ClientOptions,
) -> Result<AwsCredentialProvider, String> {
    let role = AskedRole {
        arn: arn.to_owned(),
        session: session.to_owned(),
        external_id: None,
        seconds: None,
        by: RoleProof::TokenFile(file.to_owned()),
        service: RoleService::of(settings, profile, client)?,
    };
    Ok(RenewedKeys::of(Giver::Role(role)))
}
