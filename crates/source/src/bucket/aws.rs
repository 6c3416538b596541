//! S3 and what speaks as it does, found as the aws tools find it: the environment, then the profile's files, then what
//! the machine is given by its cloud.

use super::container::ContainerService;
use super::credentials::credentials;
use super::instance::Instance;
use super::keys::{Giver, RenewedKeys};
use super::profile::Profile;
use super::role;
use super::settings::{self, BucketSettings};
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredentialProvider};
use object_store::{Certificate, ClientOptions};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub(super) fn open(bucket: &str, settings: &BucketSettings) -> Result<AmazonS3, String> {
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket).with_retry(settings::retry());
    for (name, value) in settings.of("AWS_") {
        if let Ok(key) = name.parse() {
            builder = builder.with_config(key, value);
        }
    }
    let profile = Profile::of(settings)?;
    let unset = |names: &[&str]| names.iter().all(|name| settings.get(name).is_none());
    let endpoint =
        ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].iter().find_map(|name| settings.get(name));
    let endpoint = endpoint.or_else(|| profile.get("endpoint_url"));
    if let Some(endpoint) = endpoint {
        let whole = if profile.get("s3.addressing_style") == Some("virtual") {
            builder = builder.with_virtual_hosted_style_request(true);
            endpoint.replacen("://", &format!("://{bucket}."), 1)
        } else {
            endpoint.to_owned()
        };
        // A bucket on this machine or in this network has no certificate, as often as not.
        builder = builder.with_endpoint(whole).with_allow_http(endpoint.starts_with("http://"));
    }
    let plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    let mut client = client(settings, &profile)?.with_allow_http(plain);
    if unset(&["AWS_REGION", "AWS_DEFAULT_REGION"])
        && let Some(region) = profile.get("region")
    {
        builder = builder.with_region(region);
    }
    let open_to_all = settings.get("AWS_SKIP_SIGNATURE").is_some_and(|value| value != "false");
    let has_keys =
        open_to_all || settings.get("AWS_ACCESS_KEY_ID").is_some() || profile.get("aws_access_key_id").is_some();
    if plain && has_keys && !settings.has_encrypted_proxy() {
        // Nobody is asked for a certificate: those of this machine, some hundreds of files, are not read.
        client = client.with_no_system_certificates(true);
    }
    if !open_to_all && let Some(asks) = who_asks(&profile, settings, &client)? {
        builder = builder.with_credentials(asks);
    }
    builder.with_client_options(client).build().map_err(|error| error.to_string())
}

/// `None`: the environment's own keys.
fn who_asks(
    profile: &Profile,
    settings: &BucketSettings,
    client: &ClientOptions,
) -> Result<Option<AwsCredentialProvider>, String> {
    if settings.get("AWS_ACCESS_KEY_ID").is_some() && profile.get("credential_source") != Some("Environment") {
        return Ok(None);
    }
    let of_source = ["source_profile", "credential_source"].iter().any(|key| profile.get(key).is_some());
    let by_token =
        if of_source && profile.get("role_arn").is_some() { None } else { role::by_token(profile, settings, client)? };
    let asks = match by_token {
        Some(by_token) => Some(by_token),
        None => role::of(profile, settings, client)?,
    };
    if asks.is_some() {
        return Ok(asks);
    }
    if let Some(found) = credentials(profile)? {
        return Ok(Some(found));
    }
    if let Some(container) = ContainerService::of(settings)? {
        return Ok(Some(RenewedKeys::of(Giver::Container(container))));
    }
    if is_in_the_cloud(profile, settings) {
        return Ok(Some(RenewedKeys::of(Giver::Instance(Instance::of(settings, profile)?))));
    }
    Err("there are no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor a profile (AWS_PROFILE), \
         a web identity or a role of this machine; for a bucket open to all set AWS_SKIP_SIGNATURE=true"
        .to_owned())
}

fn client(settings: &BucketSettings, profile: &Profile) -> Result<ClientOptions, String> {
    let client = settings::client();
    let Some(path) = settings.get("AWS_CA_BUNDLE").or_else(|| profile.get("ca_bundle")) else { return Ok(client) };
    let pem = std::fs::read(path).map_err(|error| format!("the certificates of {path}: {error}"))?;
    let all = Certificate::from_pem_bundle(&pem).map_err(|error| format!("the certificates of {path}: {error}"))?;
    Ok(all.into_iter().fold(client, ClientOptions::with_root_certificate))
}

/// Whether somebody answers where a cloud tells its machines who they are, or shall.
fn is_in_the_cloud(profile: &Profile, settings: &BucketSettings) -> bool {
    if settings.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return false;
    }
    Instance::is_said(settings, profile)
        || TcpStream::connect_timeout(&SocketAddr::from(([169, 254, 169, 254], 80)), Duration::from_secs(1)).is_ok()
}
