//! A role that a profile of the aws tools assumes.
//!
//! ```text
//! [profile backup]                             [profile base]
//! role_arn = arn:aws:iam::1:role/reader        aws_access_key_id = …
//! source_profile = base                        aws_secret_access_key = …
//! ```
//! With `credential_source` the machine, a container or the environment says who asks; a profile that another one takes
//! for its source may assume a role itself.

use super::credentials::{Credentials, credentials};
use super::profile::Profile;
use super::settings::{self, BucketSettings};
use super::sts::{AskedRole, AssumedRole};
use object_store::aws::{AmazonS3Builder, AwsCredential, AwsCredentialProvider};
use object_store::{ClientOptions, StaticCredentialProvider};
use std::sync::Arc;

/// Roles that are assumed one after another.
const MOST: usize = 5;

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
            "the role {arn} asks for a code (mfa_serial): let the aws tool say the credentials, \
             eval \"$(aws configure export-credentials --format env)\""
        ));
    }
    let left = left.checked_sub(1).ok_or_else(|| format!("the role {arn} is one of more than {MOST} in a row"))?;
    let source = match (profile.get("source_profile"), profile.get("credential_source")) {
        (Some(name), None) => of_profile(name, profile, settings, client, left)?,
        (None, Some("Environment")) => of_environment(settings, arn)?,
        (None, Some("Ec2InstanceMetadata" | "EcsContainer")) => of_machine(settings)?,
        (None, Some(other)) => return Err(format!("credential_source = {other} of the role {arn} is not known")),
        (Some(_), Some(_)) => return Err(format!("the role {arn} has a source_profile and a credential_source")),
        (None, None) => return Err(format!("the role {arn} has no source_profile and no credential_source")),
    };
    let role = AskedRole {
        arn: arn.to_owned(),
        session: profile.get("role_session_name").unwrap_or("walproof").to_owned(),
        external_id: profile.get("external_id").map(str::to_owned),
        seconds: profile.get("duration_seconds").and_then(|n| n.parse().ok()).unwrap_or(3600),
    };
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| settings.get(name));
    let region = region.or_else(|| profile.get("region")).unwrap_or("us-east-1").to_owned();
    let endpoint = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].iter().find_map(|name| settings.get(name));
    let endpoint = endpoint.or_else(|| profile.get("endpoint_url")).map(str::to_owned);
    let endpoint = endpoint.unwrap_or_else(|| format!("https://sts.{region}.amazonaws.com"));
    let client = client.clone().with_allow_http(endpoint.starts_with("http://"));
    Ok(Some(Arc::new(AssumedRole::new(role, (endpoint, region), source, &client)?)))
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
    if !source.is(own)
        && let Some(role) = assumed(&source, settings, client, left)?
    {
        return Ok(role);
    }
    let said = credentials(&source)?;
    said.map(Credentials::provider).ok_or_else(|| format!("the profile {name} has no credentials"))
}

fn of_environment(settings: &BucketSettings, arn: &str) -> Result<AwsCredentialProvider, String> {
    let (id, secret) = (settings.get("AWS_ACCESS_KEY_ID"), settings.get("AWS_SECRET_ACCESS_KEY"));
    let (Some(key_id), Some(secret_key)) = (id, secret) else {
        return Err(format!(
            "the role {arn} is assumed with the environment's keys, and AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY \
             is not set"
        ));
    };
    let token = settings.get("AWS_SESSION_TOKEN").map(str::to_owned);
    let credential = AwsCredential { key_id: key_id.to_owned(), secret_key: secret_key.to_owned(), token };
    Ok(Arc::new(StaticCredentialProvider::new(credential)))
}

/// What the store's crate asks a machine or a container of the cloud.
fn of_machine(settings: &BucketSettings) -> Result<AwsCredentialProvider, String> {
    let mut builder = AmazonS3Builder::new().with_bucket_name("any").with_retry(settings::retry());
    for (name, value) in settings.of("AWS_") {
        let about = ["aws_container_", "aws_metadata_", "aws_imdsv1_"].iter().any(|start| name.starts_with(start));
        if let (true, Ok(key)) = (about, name.parse()) {
            builder = builder.with_config(key, value);
        }
    }
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok(Arc::clone(store.credentials()))
}
