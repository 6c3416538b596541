//! The role of a container or a pod, as its host tells it: a GET of an address from the environment, with a token from
//! there or from a file, is answered with keys as JSON.
//!
//! ```text
//! AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/…        at 169.254.170.2
//! AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials
//! AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/…       before AWS_CONTAINER_AUTHORIZATION_TOKEN
//! ```

use super::asking::{Asking, request};
use super::given::GivenKeys;
use super::settings::BucketSettings;
use std::net::IpAddr;

/// A container whose host tells it who it is.
#[derive(Debug)]
pub(super) struct ContainerService {
    place: String,
    token: ContainerToken,
    asking: Asking,
}

#[derive(Debug)]
enum ContainerToken {
    None,
    Value(String),
    /// A file that is written anew now and then.
    File(String),
}

/// Hosts of the cloud that are asked without encryption, besides this machine itself.
const NEAR: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

impl ContainerService {
    /// `None`: the environment does not say that it is one.
    pub(super) fn of(settings: &BucketSettings) -> Result<Option<ContainerService>, String> {
        let relative = settings.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let place = match (relative, settings.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
            (Some(path), _) => format!("http://169.254.170.2{path}"),
            (None, Some(place)) if may_be_asked(place) => place.to_owned(),
            (None, Some(place)) => {
                return Err(format!(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI={place}: keys are asked for by https, or of this machine"
                ));
            }
            (None, None) => return Ok(None),
        };
        let file = settings.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        let token = match (file, settings.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
            (Some(file), _) => ContainerToken::File(file.to_owned()),
            (None, Some(token)) => ContainerToken::Value(token.to_owned()),
            (None, None) => ContainerToken::None,
        };
        Ok(Some(ContainerService { place, token, asking: Asking::near()? }))
    }

    pub(super) async fn ask(&self) -> Result<GivenKeys, String> {
        let token = match &self.token {
            ContainerToken::None => None,
            ContainerToken::Value(token) => Some(token.clone()),
            ContainerToken::File(path) => {
                let read = std::fs::read_to_string(path);
                let why = |error| format!("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={path} cannot be read: {error}");
                Some(read.map_err(why)?.trim().to_owned())
            }
        };
        let header = token.as_deref().map(|token| ("authorization", token));
        let ask = || request("GET", &self.place, header.as_slice(), String::new());
        let answer = self.asking.ask(ask).await;
        let shown = format!("the container's host {}", self.place);
        let answer = answer.map_err(|why| format!("{shown} does not answer ({why})"))?;
        if !answer.is_good() {
            return Err(format!("{shown} refuses the keys of its role ({})", answer.status));
        }
        GivenKeys::of_json(&answer.text).map_err(|why| format!("{shown} {why}"))
    }
}

/// A token goes to nobody else unencrypted.
fn may_be_asked(place: &str) -> bool {
    let Some(rest) = place.strip_prefix("http://") else { return place.starts_with("https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_own = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    !authority.contains('@') && (host == "localhost" || is_own || NEAR.contains(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_asked_for_near_or_encrypted() {
        for place in
            ["http://127.0.0.1:9/x", "http://[::1]/x", "http://localhost/", "http://169.254.170.23/v1", "https://a/"]
        {
            assert!(may_be_asked(place), "{place}");
        }
        for place in
            ["http://10.0.0.1/", "http://a/", "http://127.0.0.1@a/", "http://localhost:1@a/", "ftp://127.0.0.1/"]
        {
            assert!(!may_be_asked(place), "{place}");
        }
    }

    #[test]
    fn a_path_is_one_of_the_host_that_tasks_have() {
        let settings = BucketSettings::default()
            .with("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/a")
            .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://a/");
        super::super::runtime::prepare();
        assert_eq!(ContainerService::of(&settings).unwrap().unwrap().place, "http://169.254.170.2/v2/credentials/a");
        assert!(ContainerService::of(&BucketSettings::default()).unwrap().is_none());
    }
}
