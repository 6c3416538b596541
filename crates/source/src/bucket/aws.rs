//! S3 and what speaks as it does, found as the aws tools find it: the environment, then the profile's files, then what
//! the machine is given by its cloud.

use super::credentials::credentials;
use super::profile::Profile;
use super::role;
use super::settings::{self, BucketSettings};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsCredentialProvider};
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
    let own = ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let of_environment = profile.get("credential_source") == Some("Environment");
    let is_said = open_to_all || !unset(&own) && !of_environment;
    let role = if is_said { None } else { web_or_role(&profile, settings, &client)? };
    builder = builder.with_client_options(client);
    if let Some(role) = role {
        builder = match role {
            Role::Assumed(provider) => builder.with_credentials(provider),
            Role::ByToken { arn, file } => builder
                .with_config(AmazonS3ConfigKey::RoleArn, arn)
                .with_config(AmazonS3ConfigKey::WebIdentityTokenFile, file),
        };
    } else if open_to_all || !unset(&own) {
        // That is said.
    } else if let Some(found) = credentials(&profile)? {
        builder = builder.with_access_key_id(found.id).with_secret_access_key(found.secret);
        if let Some(token) = found.token {
            builder = builder.with_token(token);
        }
    } else if unset(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"])
        && !is_in_the_cloud(settings)
    {
        return Err("there are no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor a profile \
                    (AWS_PROFILE), a web identity or a role of this machine; for a bucket open to all set \
                    AWS_SKIP_SIGNATURE=true"
            .to_owned());
    }
    builder.build().map_err(|error| error.to_string())
}

/// The role of a profile.
enum Role {
    Assumed(AwsCredentialProvider),
    /// By a token that a cluster's account is given.
    ByToken {
        arn: String,
        file: String,
    },
}

fn web_or_role(profile: &Profile, settings: &BucketSettings, client: &ClientOptions) -> Result<Option<Role>, String> {
    if let (Some(arn), Some(file)) = (profile.get("role_arn"), profile.get("web_identity_token_file")) {
        return Ok(Some(Role::ByToken { arn: arn.to_owned(), file: file.to_owned() }));
    }
    Ok(role::of(profile, settings, client)?.map(Role::Assumed))
}

fn client(settings: &BucketSettings, profile: &Profile) -> Result<ClientOptions, String> {
    let client = settings::client();
    let Some(path) = settings.get("AWS_CA_BUNDLE").or_else(|| profile.get("ca_bundle")) else { return Ok(client) };
    let pem = std::fs::read(path).map_err(|error| format!("the certificates of {path}: {error}"))?;
    let all = Certificate::from_pem_bundle(&pem).map_err(|error| format!("the certificates of {path}: {error}"))?;
    Ok(all.into_iter().fold(client, ClientOptions::with_root_certificate))
}

/// Whether somebody answers where a cloud tells its machines who they are. Asked before, for where nobody does, asking
/// takes minutes.
fn is_in_the_cloud(settings: &BucketSettings) -> bool {
    if settings.get("AWS_EC2_METADATA_DISABLED") == Some("true") {
        return false;
    }
    settings.get("AWS_METADATA_ENDPOINT").is_some()
        || TcpStream::connect_timeout(&SocketAddr::from(([169, 254, 169, 254], 80)), Duration::from_secs(1)).is_ok()
}
