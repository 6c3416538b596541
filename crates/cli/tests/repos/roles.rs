//! A bucket, as whom a machine, a container or a cluster's account may read it: exit 2 and a clear word where nobody
//! gives keys.

use super::Ran;
use super::buckets::{URL, serve};
use super::build::{self, Repo};
use super::server::StoreServer;
use super::stand_in::{Said, StandIn, json, xml};
use std::process::Command;
use std::time::{Duration, Instant};

const LATER: &str = "2099-01-01T00:00:00Z";
const BEFORE: &str = "2020-01-01T00:00:00Z";

/// In an environment without anything but that.
fn walproof(server: &StoreServer, variables: &[(&str, &str)]) -> Ran {
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.args(["verify", URL]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("AWS_ENDPOINT_URL_S3", &server.url).envs(variables.iter().copied());
    let out = command.output().unwrap();
    let took = begun.elapsed();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ran = Ran { out: text(&out.stdout), err: text(&out.stderr), code: out.status.code().unwrap() };
    assert!(took < Duration::from_secs(60), "{took:?}: {}", ran.err);
    ran
}

/// Gives keys to each of them, at the path `good`, and says other things at others.
fn giver() -> StandIn {
    StandIn::new(|asked| {
        let path = asked.line.split(' ').nth(1).unwrap_or_default();
        let by_role = asked.body.contains("Action=AssumeRoleWithWebIdentity");
        let keys = |expires: &str| Said::good(&if by_role { xml("KEY", expires) } else { json("KEY", expires) });
        let (_, way) = path.trim_end_matches('/').split_once('/').unwrap_or_default();
        match way {
            way if way.ends_with("latest/api/token") => Said::good("TOKEN"),
            way if way.ends_with("security-credentials") => Said::good("reader"),
            way if way.starts_with("expired") => keys(BEFORE),
            way if way.starts_with("refused") => Said::status(403, ""),
            way if way.starts_with("broken") => Said::good("<html>{"),
            _ => keys(LATER),
        }
    })
}

#[test]
fn keys_are_given_or_it_is_told_why_not() {
    let repo = Repo::new();
    build::walg(&repo);
    let (server, giver) = (serve(&repo), giver());
    let token = repo.at("token");
    std::fs::write(&token, "abc").unwrap();
    for (way, why) in
        [("good", None), ("expired", Some("expired at 2020")), ("refused", Some("403")), ("broken", Some("says no"))]
    {
        let place = format!("{}/{way}", giver.url);
        let (file, arn) = (token.to_str().unwrap(), "arn:aws:iam::1:role/reader");
        let machine = &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", place.as_str())][..];
        let container = &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", place.as_str())];
        let account =
            &[("AWS_ENDPOINT_URL_STS", place.as_str()), ("AWS_WEB_IDENTITY_TOKEN_FILE", file), ("AWS_ROLE_ARN", arn)];
        for variables in [machine, container, account] {
            let ran = walproof(&server, variables);
            match why {
                None => assert!(ran.code == 0 && ran.out.starts_with("VERDICT  PROVEN"), "{}{}", ran.out, ran.err),
                Some(why) => {
                    let said = format!("{URL}: there are no credentials: ");
                    assert!(ran.code == 2 && ran.err.contains(&said) && ran.err.contains(why), "{way}: {}", ran.err);
                    assert_eq!(ran.err.trim().lines().count(), 1, "{}", ran.err);
                }
            }
        }
    }
}
