//! The service that gives out the keys of a role for a while: to whoever has keys (`AssumeRole`), or a token that a
//! cluster gave its account (`AssumeRoleWithWebIdentity`).

use super::asking::{Asking, request};
use super::given::GivenKeys;
use super::profile::Profile;
use super::settings::BucketSettings;
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::HttpRequest;

/// Where the service is.
#[derive(Debug)]
pub(super) struct RoleService {
    endpoint: String,
    region: String,
    asking: Asking,
}

/// A role that is asked for.
#[derive(Debug)]
pub(super) struct AskedRole {
    pub(super) arn: String,
    pub(super) session: String,
    pub(super) external_id: Option<String>,
    /// For how long its keys shall hold.
    pub(super) seconds: Option<u64>,
    pub(super) by: RoleProof,
    pub(super) service: RoleService,
}

/// By what whoever asks is known.
#[derive(Debug)]
pub(super) enum RoleProof {
    Keys(AwsCredentialProvider),
    /// A file that is written anew now and then.
    TokenFile(String),
}

impl RoleService {
    pub(super) fn of(settings: &BucketSettings, profile: &Profile, client: &ClientOptions) -> Result<Self, String> {
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| settings.get(name));
        let region = region.or_else(|| profile.get("region")).unwrap_or("us-east-1").to_owned();
        let endpoint = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].iter().find_map(|name| settings.get(name));
        let endpoint = endpoint.or_else(|| profile.get("endpoint_url")).map(str::to_owned);
        let endpoint = endpoint.unwrap_or_else(|| format!("https://sts.{region}.amazonaws.com"));
        let client = client.clone().with_allow_http(endpoint.starts_with("http://"));
        Ok(RoleService { endpoint, region, asking: Asking::far(&client)? })
    }
}

impl AskedRole {
    pub(super) async fn ask(&self) -> Result<GivenKeys, String> {
        let why = |why: String| format!("the role {} cannot be assumed: {why}", self.arn);
        let given = match &self.by {
            RoleProof::Keys(source) => {
                let asking = source.get_credential().await.map_err(|error| why(reason(&error)))?;
                let service = &self.service;
                let form = self.form("AssumeRole", None);
                self.answered(|| {
                    let mut request = service.request(form.clone())?;
                    let signed = AwsAuthorizer::new(&asking, "sts", &service.region).try_authorize(&mut request, None);
                    signed.map(|()| request).map_err(|error| error.to_string())
                })
                .await
            }
            RoleProof::TokenFile(path) => {
                let token = std::fs::read_to_string(path);
                let token = token.map_err(|error| why(format!("its token in {path} cannot be read: {error}")))?;
                let form = self.form("AssumeRoleWithWebIdentity", Some(token.trim()));
                self.answered(|| self.service.request(form.clone())).await
            }
        };
        given.map_err(why)
    }

    async fn answered(&self, request: impl Fn() -> Result<HttpRequest, String>) -> Result<GivenKeys, String> {
        let endpoint = &self.service.endpoint;
        let answer = self.service.asking.ask(request).await;
        let answer = answer.map_err(|why| format!("{endpoint} does not answer ({why})"))?;
        let word = |name: &str| element(&answer.text, name);
        if !answer.is_good() {
            let code = word("Code").map(|code| format!(" {code}")).unwrap_or_default();
            let message = word("Message").map(|message| format!(": {message}")).unwrap_or_default();
            return Err(format!("{}{code}{message}", answer.status));
        }
        GivenKeys::of(word).map_err(|why| format!("{endpoint} {why}"))
    }

    fn form(&self, action: &str, token: Option<&str>) -> String {
        let AskedRole { arn, session, external_id, seconds, .. } = self;
        let mut form = format!(
            "Action={action}&Version=2011-06-15&RoleArn={}&RoleSessionName={}",
            in_a_form(arn),
            in_a_form(session)
        );
        if let Some(seconds) = seconds {
            form += &format!("&DurationSeconds={seconds}");
        }
        for (name, value) in [("ExternalId", external_id.as_deref()), ("WebIdentityToken", token)] {
            if let Some(value) = value {
                form += &format!("&{name}={}", in_a_form(value));
            }
        }
        form
    }
}

impl RoleService {
    fn request(&self, form: String) -> Result<HttpRequest, String> {
        let place = format!("{}/", self.endpoint.trim_end_matches('/'));
        request("POST", &place, &[("content-type", "application/x-www-form-urlencoded")], form)
    }
}

/// What whoever gives the keys to ask with said, without the words around it.
fn reason(error: &object_store::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The text of the first element of a name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(inner, _)| inner.trim()).filter(|inner| !inner.is_empty())
}

fn in_a_form(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_forms() {
        let text = "<a><Code>AccessDenied</Code><Message> no </Message></a>";
        assert_eq!(
            (element(text, "Code"), element(text, "Message"), element(text, "b")),
            (Some("AccessDenied"), Some("no"), None)
        );
        assert_eq!(in_a_form("arn:aws:iam::1:role/a b"), "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b");
    }
}
