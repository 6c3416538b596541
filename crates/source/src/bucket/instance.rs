//! The role of a machine of the cloud, as its metadata service tells it (IMDSv2):
//!
//! ```text
//! PUT /latest/api/token                                          a token for what follows
//! GET /latest/meta-data/iam/security-credentials/                the role's name; 404: the machine has none
//! GET /latest/meta-data/iam/security-credentials/NAME            its keys, as JSON
//! ```

use super::asking::{Answer, Asking, request};
use super::given::GivenKeys;
use super::profile::Profile;
use super::settings::BucketSettings;

const TOKEN: &str = "x-aws-ec2-metadata-token";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// A machine of the cloud.
#[derive(Debug)]
pub(super) struct Instance {
    endpoint: String,
    /// Its service may be asked without a token, where it gives none.
    may_go_without: bool,
    asking: Asking,
}

impl Instance {
    pub(super) fn of(settings: &BucketSettings, profile: &Profile) -> Result<Instance, String> {
        let endpoint = said(settings, profile).unwrap_or_else(|| {
            let mode = settings.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
            match mode.or_else(|| profile.get("ec2_metadata_service_endpoint_mode")) {
                Some(mode) if mode.eq_ignore_ascii_case("ipv6") => "http://[fd00:ec2::254]".to_owned(),
                _ => "http://169.254.169.254".to_owned(),
            }
        });
        let may_go_without = settings.get("AWS_IMDSV1_FALLBACK").is_some_and(|value| value != "false");
        Ok(Instance { endpoint, may_go_without, asking: Asking::near()? })
    }

    /// Whether settings say where its service is.
    pub(super) fn is_said(settings: &BucketSettings, profile: &Profile) -> bool {
        said(settings, profile).is_some()
            || settings.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").is_some()
            || profile.get("ec2_metadata_service_endpoint_mode").is_some()
    }

    pub(super) async fn ask(&self) -> Result<GivenKeys, String> {
        let of_token = ("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        let token = self.answer("PUT", "/latest/api/token", &[of_token]).await?;
        let token = match token.is_good() {
            true => Some(token.text.trim().to_owned()),
            false if self.may_go_without && matches!(token.status, 403..=405) => None,
            false => return Err(self.refused("a token", token.status)),
        };
        let header = token.as_deref().map(|token| (TOKEN, token));
        let roles = self.answer("GET", ROLES, header.as_slice()).await?;
        let role = match roles.text.lines().next().map(str::trim) {
            _ if roles.status == 404 => None,
            _ if !roles.is_good() => return Err(self.refused("the name of its role", roles.status)),
            role => role.filter(|role| !role.is_empty()),
        };
        let role = role.ok_or_else(|| format!("this machine has no role, says {}", self.shown()))?;
        let keys = self.answer("GET", &format!("{ROLES}{role}"), header.as_slice()).await?;
        if !keys.is_good() {
            return Err(self.refused(&format!("the keys of its role {role}"), keys.status));
        }
        GivenKeys::of_json(&keys.text).map_err(|why| format!("{}, asked for its role {role}, {why}", self.shown()))
    }

    async fn answer(&self, method: &str, path: &str, headers: &[(&'static str, &str)]) -> Result<Answer, String> {
        let place = format!("{}{path}", self.endpoint);
        let answer = self.asking.ask(|| request(method, &place, headers, String::new())).await;
        answer.map_err(|why| format!("{} does not answer ({why})", self.shown()))
    }

    fn refused(&self, what: &str, status: u16) -> String {
        format!("{} refuses this machine {what} ({status})", self.shown())
    }

    fn shown(&self) -> String {
        format!("the metadata service {}", self.endpoint)
    }
}

/// Where its service is; `AWS_METADATA_ENDPOINT` is not the aws tools' word.
fn said(settings: &BucketSettings, profile: &Profile) -> Option<String> {
    let names = ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_METADATA_ENDPOINT"];
    let endpoint = names.iter().find_map(|name| settings.get(name));
    let endpoint = endpoint.or_else(|| profile.get("ec2_metadata_service_endpoint"))?;
    Some(endpoint.trim_end_matches('/').to_owned())
}
