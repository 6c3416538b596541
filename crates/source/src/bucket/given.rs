//! Keys as somebody gives them out, and until when they hold.
//!
//! ```text
//! a metadata service, a container, credential_process      a service of roles (STS)
//! {"AccessKeyId": …, "SecretAccessKey": …,                 <Credentials><AccessKeyId>…</AccessKeyId>
//!  "Token" or "SessionToken": …,                            <SecretAccessKey>…</SecretAccessKey>
//!  "Expiration": "2026-12-01T12:00:00Z"}                    <SessionToken>…</SessionToken><Expiration>…
//! ```

use super::expiry;
use object_store::aws::AwsCredential;
use std::time::{Duration, Instant, SystemTime};

/// What a clock may be off, and a request may take.
const SPARE: Duration = Duration::from_secs(300);

/// Keys as they were given.
#[derive(Debug)]
pub(super) struct GivenKeys {
    pub(super) credential: AwsCredential,
    expires: Option<SystemTime>,
}

impl GivenKeys {
    /// What an answer in JSON says. `Err`: what is wrong with it.
    pub(super) fn of_json(text: &str) -> Result<GivenKeys, String> {
        let said: serde_json::Value = serde_json::from_str(text).map_err(|_| "says no JSON".to_owned())?;
        let word = |key: &str| said.get(key).and_then(|value| value.as_str()).filter(|word| !word.is_empty());
        if let Some(code) = word("Code").filter(|code| *code != "Success") {
            let message = word("Message").map(|message| format!(": {message}")).unwrap_or_default();
            return Err(format!("says {code}{message}"));
        }
        GivenKeys::of(|name| match name {
            "SessionToken" => word(name).or_else(|| word("Token")),
            _ => word(name),
        })
    }

    /// By what the words are called in the answer. `Err`: what is wrong with them.
    pub(super) fn of<'a>(word: impl Fn(&str) -> Option<&'a str>) -> Result<GivenKeys, String> {
        let (Some(id), Some(secret)) = (word("AccessKeyId"), word("SecretAccessKey")) else {
            return Err("says no AccessKeyId and SecretAccessKey".to_owned());
        };
        let expires = match word("Expiration") {
            None => None,
            Some(text) => {
                Some(expiry::parse(text).ok_or_else(|| format!("says Expiration {text:?}, which is no time"))?)
            }
        };
        if let (Some(text), Some(true)) = (word("Expiration"), expires.map(|at| at <= SystemTime::now())) {
            return Err(format!("gives keys that expired at {text} (or this machine's clock is wrong)"));
        }
        let token = word("SessionToken").map(str::to_owned);
        let credential = AwsCredential { key_id: id.to_owned(), secret_key: secret.to_owned(), token };
        Ok(GivenKeys { credential, expires })
    }

    /// Until when they are used: some minutes less than they hold, or half of it.
    pub(super) fn until(&self) -> Option<Instant> {
        let left = self.expires?.duration_since(SystemTime::now()).unwrap_or_default();
        Instant::now().checked_add(left.saturating_sub(SPARE).max(left / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says() {
        let said = |text: &str| GivenKeys::of_json(text).map(|keys| (keys.credential, keys.expires.is_some()));
        let (keys, expires) = said(r#"{"AccessKeyId":"A","SecretAccessKey":"S","Token":"T"}"#).unwrap();
        assert_eq!((keys.key_id.as_str(), keys.token.as_deref(), expires), ("A", Some("T"), false));
        for (text, why) in [
            ("<html>", "says no JSON"),
            ("{}", "says no AccessKeyId and SecretAccessKey"),
            (r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no"}"#, "says AssumeRoleUnauthorizedAccess: no"),
            (r#"{"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"soon"}"#, "which is no time"),
            (r#"{"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"2020-01-01T00:00:00Z"}"#, "expired at 2020-01"),
        ] {
            assert!(said(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn keys_are_used_until_shortly_before_they_expire() {
        let left = |seconds: u64| {
            let expires = SystemTime::now() + Duration::from_secs(seconds);
            let credential = AwsCredential { key_id: String::new(), secret_key: String::new(), token: None };
            let until = GivenKeys { credential, expires: Some(expires) }.until().unwrap();
            (until - Instant::now()).as_secs_f64().round() as u64
        };
        assert_eq!((left(3600), left(400), left(60)), (3300, 200, 30));
    }
}
