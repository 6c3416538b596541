//! Roles that a profile assumes, on a stand-in for the service that gives out their keys.

use super::server::StoreServer;
use super::{name, one};
use pgwal_source::Source;
use pgwal_source::bucket::{Bucket, BucketSettings, BucketSource};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::{fs, thread};

/// What was asked, each as who asks and the form: `BASE Action=AssumeRole&…`.
type Asked = Arc<Mutex<Vec<String>>>;

/// Gives the keys of `reader` to whoever is `BASE`, `FIRST` or `ENV`, those of `first` to `BASE`; fails once before.
fn service() -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, asked) = (format!("http://{}", listener.local_addr().unwrap()), Asked::default());
    let shared = Arc::clone(&asked);
    thread::spawn(move || {
        let mut failed = false;
        for stream in listener.incoming().flatten() {
            let Some((asks, form)) = request(&stream) else { continue };
            shared.lock().unwrap().push(format!("{asks} {form}"));
            let (status, text) = match form.as_str() {
                _ if !std::mem::replace(&mut failed, true) => ("500 Internal Server Error", String::new()),
                form if form.contains("role%2Freader") => ("200 OK", keys("KEY")),
                form if form.contains("role%2Ffirst") => ("200 OK", keys("FIRST")),
                _ => {
                    let why = "<Code>AccessDenied</Code><Message>not for you</Message>";
                    ("403 Forbidden", format!("<ErrorResponse><Error>{why}</Error></ErrorResponse>"))
                }
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            let _ = (&stream).write_all(format!("{head}{text}").as_bytes());
        }
    });
    (url, asked)
}

/// Who asks, signed for this service, and what.
fn request(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let (mut asks, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let lower = line.to_ascii_lowercase();
        if let Some(said) = lower.strip_prefix("content-length: ") {
            length = said.trim().parse().ok()?;
        }
        if lower.starts_with("authorization: ") && line.contains("/eu-central-1/sts/aws4_request") {
            asks = line.split("Credential=").nth(1)?.split('/').next()?.to_owned();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((asks, String::from_utf8(body).ok()?))
}

fn keys(id: &str) -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>secret\
         </SecretAccessKey><SessionToken>token==</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>\
         </Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
}

const PROFILES: &str = "[default]
region = eu-central-1
[profile base]
aws_access_key_id = BASE
aws_secret_access_key = secret
[profile reader]
region = eu-central-1
role_arn = arn:aws:iam::1:role/reader
source_profile = base
external_id = a b
duration_seconds = 900
[profile first]
region = eu-central-1
role_arn = arn:aws:iam::1:role/first
source_profile = base
[profile second]
region = eu-central-1
role_arn = arn:aws:iam::1:role/reader
source_profile = first
[profile own]
region = eu-central-1
role_arn = arn:aws:iam::1:role/reader
source_profile = own
aws_access_key_id = BASE
aws_secret_access_key = secret
[profile environment]
region = eu-central-1
role_arn = arn:aws:iam::1:role/reader
credential_source = Environment
[profile denied]
region = eu-central-1
role_arn = arn:aws:iam::1:role/other
source_profile = base
[profile code]
role_arn = arn:aws:iam::1:role/reader
source_profile = base
mfa_serial = arn:aws:iam::1:mfa/me
[profile round]
role_arn = arn:aws:iam::1:role/reader
source_profile = about
[profile about]
role_arn = arn:aws:iam::1:role/reader
source_profile = round
[profile alone]
role_arn = arn:aws:iam::1:role/reader
[profile gone]
role_arn = arn:aws:iam::1:role/reader
source_profile = nobody
";

#[test]
fn a_role_is_assumed_as_the_profile_says() {
    let (store, (service, asked)) = (one(1000), service());
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, PROFILES).unwrap();
    let settings = |profile: &str| settings(&store, &service, config.to_str().unwrap(), profile);
    let listed = |settings: &BucketSettings| {
        let bucket = Bucket::open("s3://b/wal", settings, None).map_err(|error| error.to_string())?;
        let source = BucketSource::new(Arc::new(bucket), vec![String::new()]);
        // Its keys are asked for once.
        source.list().map_err(|error| error.to_string())?;
        source.list().map(|all| all.entries.len()).map_err(|error| error.to_string())
    };
    let taken = || std::mem::take(&mut *asked.lock().unwrap());
    let role = |who: &str, name: &str| {
        format!("{who} Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2F{name}")
    };

    assert_eq!(listed(&settings("reader")), Ok(1));
    let all = taken();
    // It failed at first.
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].starts_with(&role("BASE", "reader")), "{all:?}");
    assert!(all[1].ends_with("&DurationSeconds=900&ExternalId=a%20b"), "{all:?}");

    assert_eq!(listed(&settings("second")), Ok(1));
    let all = taken();
    assert!(all.len() == 2 && all[0].starts_with(&role("BASE", "first")), "{all:?}");
    assert!(all[1].starts_with(&role("FIRST", "reader")), "{all:?}");

    assert_eq!(listed(&settings("own")), Ok(1));
    assert!(taken()[0].starts_with(&role("BASE", "reader")));
    let of_environment =
        settings("environment").with("AWS_ACCESS_KEY_ID", "ENV").with("AWS_SECRET_ACCESS_KEY", "secret");
    assert_eq!(listed(&of_environment), Ok(1));
    assert!(taken()[0].starts_with(&role("ENV", "reader")));

    let told = |profile: &str| listed(&settings(profile)).unwrap_err();
    let denied = told("denied");
    let why = "the role arn:aws:iam::1:role/other cannot be assumed: 403 AccessDenied: not for you";
    assert!(denied.contains(why), "{denied}");
    for (profile, why) in [
        ("code", "mfa_serial"),
        ("round", "more than 5 in a row"),
        ("alone", "no source_profile and no credential_source"),
        ("gone", "there is no profile nobody"),
        ("environment", "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set"),
    ] {
        assert!(told(profile).contains(why), "{profile}: {}", told(profile));
    }
    assert!(store.holds(&format!("wal/{}", name(1))).is_some());
}

fn settings(store: &StoreServer, service: &str, config: &str, profile: &str) -> BucketSettings {
    BucketSettings::default()
        .with("AWS_ENDPOINT_URL_S3", &store.url)
        .with("AWS_ENDPOINT_URL_STS", service)
        .with("AWS_CONFIG_FILE", config)
        .with("AWS_EC2_METADATA_DISABLED", "true")
        .with("AWS_PROFILE", profile)
}
