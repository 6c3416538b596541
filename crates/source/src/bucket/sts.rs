//! The service that gives out the keys of a role for a while (`AssumeRole`).

use object_store::aws::{AwsAuthorizer, AwsCredential, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector};
use object_store::{ClientOptions, CredentialProvider, HeaderValue};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A role, as a profile asks for it.
#[derive(Debug)]
pub(super) struct AskedRole {
    pub(super) arn: String,
    pub(super) session: String,
    pub(super) external_id: Option<String>,
    /// For how long its keys hold.
    pub(super) seconds: u64,
}

/// The keys of a role, asked for anew before they expire.
#[derive(Debug)]
pub(super) struct AssumedRole {
    role: AskedRole,
    endpoint: String,
    region: String,
    source: AwsCredentialProvider,
    client: HttpClient,
    held: Mutex<Option<(Arc<AwsCredential>, Instant)>>,
}

/// How often it is asked where nobody answers, or the service itself fails.
const TRIES: u32 = 3;

impl AssumedRole {
    pub(super) fn new(
        role: AskedRole,
        (endpoint, region): (String, String),
        source: AwsCredentialProvider,
        client: &ClientOptions,
    ) -> Result<AssumedRole, String> {
        let client = ReqwestConnector::default().connect(client).map_err(|error| error.to_string())?;
        Ok(AssumedRole { role, endpoint, region, source, client, held: Mutex::default() })
    }

    async fn keys(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut held = self.held.lock().await;
        if let Some((keys, _)) = held.as_ref().filter(|(_, until)| Instant::now() < *until) {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(self.assumed().await?);
        let spare = (self.role.seconds / 10).max(300).min(self.role.seconds / 2);
        let until = Instant::now() + Duration::from_secs(self.role.seconds - spare);
        *held = Some((Arc::clone(&keys), until));
        Ok(keys)
    }

    async fn assumed(&self) -> object_store::Result<AwsCredential> {
        let asking = self.source.get_credential().await?;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.ask(&asking).await {
                Ok(keys) => return Ok(keys),
                Err((_, true)) if tries < TRIES => tokio::time::sleep(Duration::from_millis(200 << tries)).await,
                Err((why, _)) => {
                    let source = format!("the role {} cannot be assumed: {why}", self.role.arn).into();
                    return Err(object_store::Error::Generic { store: "STS", source });
                }
            }
        }
    }

    /// Why there are no keys, and whether it may help to ask again.
    async fn ask(&self, asking: &AwsCredential) -> Result<AwsCredential, (String, bool)> {
        let request = self.request(asking).map_err(|why| (why, false))?;
        let answer = self.client.execute(request).await.map_err(|error| (error.to_string(), true))?;
        let status = answer.status();
        let body = answer.into_body().bytes().await.map_err(|error| (error.to_string(), true))?;
        let text = String::from_utf8_lossy(&body);
        let word = |name: &str| element(&text, name).map(str::to_owned);
        if !status.is_success() {
            let code = word("Code").map(|code| format!(" {code}")).unwrap_or_default();
            let message = word("Message").map(|message| format!(": {message}")).unwrap_or_default();
            return Err((format!("{}{code}{message}", status.as_u16()), status.is_server_error()));
        }
        match (word("AccessKeyId"), word("SecretAccessKey"), word("SessionToken")) {
            (Some(key_id), Some(secret_key), Some(token)) => {
                Ok(AwsCredential { key_id, secret_key, token: Some(token) })
            }
            _ => Err(("no keys are in the answer".to_owned(), false)),
        }
    }

    fn request(&self, asking: &AwsCredential) -> Result<HttpRequest, String> {
        let AskedRole { arn, session, external_id, seconds } = &self.role;
        let mut form = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName={}&DurationSeconds={seconds}",
            in_a_form(arn),
            in_a_form(session)
        );
        if let Some(id) = external_id {
            form += &format!("&ExternalId={}", in_a_form(id));
        }
        let mut request = HttpRequest::new(HttpRequestBody::from(form));
        *request.method_mut() = "POST".parse().map_err(|_| "POST".to_owned())?;
        let place = format!("{}/", self.endpoint.trim_end_matches('/'));
        *request.uri_mut() = place.parse().map_err(|_| format!("{place} is no address"))?;
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert("content-type", kind);
        let signed = AwsAuthorizer::new(asking, "sts", &self.region).try_authorize(&mut request, None);
        signed.map_err(|error| error.to_string())?;
        Ok(request)
    }
}

impl CredentialProvider for AssumedRole {
    type Credential = AwsCredential;

    fn get_credential<'s, 'f>(
        &'s self,
    ) -> Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.keys())
    }
}

/// The text of the first element of a name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(inner, _)| inner.trim())
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
