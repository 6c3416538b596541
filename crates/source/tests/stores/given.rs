//! Keys that a machine, a container, a cluster's account or a program has, on a stand-in for those who give them out.

use super::server::StoreServer;
use super::stand_in::{Said, StandIn, json, xml};
use super::{LOG, one};
use pgwal_source::Source;
use pgwal_source::bucket::{Bucket, BucketSettings, BucketSource};
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LATER: &str = "2099-01-01T00:00:00Z";
const BEFORE: &str = "2020-01-01T00:00:00Z";
const ROLES: &str = "GET /latest/meta-data/iam/security-credentials/";

fn settings(store: &StoreServer) -> BucketSettings {
    BucketSettings::default().with("AWS_ENDPOINT_URL_S3", &store.url).with("AWS_EC2_METADATA_DISABLED", "true")
}

/// How many entries there are, asked twice, so that keys are seen to be held.
fn listed(settings: &BucketSettings) -> Result<usize, String> {
    let begun = Instant::now();
    let listed = || {
        let bucket = Bucket::open("s3://b/wal", settings, None).map_err(|error| error.to_string())?;
        let source = BucketSource::new(Arc::new(bucket), vec![String::new()]);
        let first = source.list().map(|all| all.entries.len()).map_err(|error| error.to_string());
        let second = source.list().map(|all| all.entries.len()).map_err(|error| error.to_string());
        assert_eq!(first, second);
        first
    };
    let listed = listed();
    assert!(begun.elapsed() < Duration::from_secs(40), "{listed:?} after {:?}", begun.elapsed());
    listed
}

fn refused(settings: &BucketSettings) -> String {
    listed(settings).unwrap_err()
}

fn machine(store: &StoreServer, service: &StandIn) -> BucketSettings {
    BucketSettings::default()
        .with("AWS_ENDPOINT_URL_S3", &store.url)
        .with("AWS_EC2_METADATA_SERVICE_ENDPOINT", &format!("{}/", service.url))
}

/// A machine whose role is `reader`, and what is said of its keys.
fn of_machine(keys: Said) -> StandIn {
    StandIn::new(move |asked| match asked.line.as_str() {
        "PUT /latest/api/token" if asked.has("x-aws-ec2-metadata-token-ttl-seconds: 21600") => Said::good("TOKEN"),
        _ if !asked.has("x-aws-ec2-metadata-token: TOKEN") => Said::status(401, ""),
        ROLES => Said::good("reader\n"),
        line if line == format!("{ROLES}reader") => keys.clone(),
        _ => Said::status(404, "no such thing"),
    })
}

#[test]
fn a_machine_of_the_cloud_tells_its_role() {
    let store = one(1000);
    let service = of_machine(Said::good(&json("KEY", LATER)));
    assert_eq!(listed(&machine(&store, &service)), Ok(1));
    assert_eq!(service.asked(), ["PUT /latest/api/token", ROLES, &format!("{ROLES}reader")], "once");
    let off = machine(&store, &service).with("AWS_EC2_METADATA_DISABLED", "true");
    assert!(refused(&off).contains("there are no credentials: neither"), "{}", refused(&off));
    assert!(service.asked().is_empty());

    for (said, why) in [
        (Said::status(403, ""), "refuses this machine the keys of its role reader (403)"),
        (Said::good("<html>"), "asked for its role reader, says no JSON"),
        (Said::good("{}"), "says no AccessKeyId and SecretAccessKey"),
        (Said::good(&json("KEY", BEFORE)), "gives keys that expired at 2020-01-01T00:00:00Z"),
        (Said::good(r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"}"#), "Access: no trust"),
        (Said::status(500, ""), "(500)"),
        (Said::Silent, "does not answer (operation timed out)"),
        (Said::Endless, "the answer goes on and on"),
    ] {
        let service = of_machine(said);
        let told = refused(&machine(&store, &service));
        let start = format!("s3://b/wal: there are no credentials: the metadata service {}", service.url);
        assert!(told.starts_with(&start) && told.contains(why), "{why}: {told}");
    }

    let locked = StandIn::new(|_| Said::status(403, ""));
    let told = refused(&machine(&store, &locked));
    assert!(told.ends_with("refuses this machine a token (403)"), "{told}");
    assert_eq!(locked.asked().len(), 1, "asked again and again");
    let without = StandIn::new(|asked| match asked.line.as_str() {
        "PUT /latest/api/token" => Said::good("TOKEN"),
        _ => Said::status(404, ""),
    });
    let told = refused(&machine(&store, &without));
    assert!(told.contains("this machine has no role"), "{told}");
    // An old service, where that is allowed.
    let old = StandIn::new(|asked| match asked.line.as_str() {
        ROLES => Said::good("reader"),
        line if line == format!("{ROLES}reader") => Said::good(&json("KEY", LATER)),
        _ => Said::status(405, ""),
    });
    assert!(refused(&machine(&store, &old)).contains("(405)"));
    assert_eq!(listed(&machine(&store, &old).with("AWS_IMDSV1_FALLBACK", "true")), Ok(1));

    let gone = machine(&store, &service).with("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
    assert!(refused(&gone).contains("http://127.0.0.1:1 does not answer (Connection refused"), "{}", refused(&gone));
}

#[test]
fn keys_that_hold_for_a_short_while_are_asked_for_again() {
    let store = one(1000);
    let folder = tempfile::tempdir().unwrap();
    let (config, count) = (folder.path().join("config"), folder.path().join("count"));
    // Of eight seconds half.
    let says = format!(
        "echo x >> {}; printf '{{\"Version\":1,\"AccessKeyId\":\"KEY\",\"SecretAccessKey\":\"secret\",\"Expiration\":\"%s\"}}' \
         \"$(date -u -d '8 seconds' +%Y-%m-%dT%H:%M:%SZ)\"",
        count.display()
    );
    fs::write(&config, format!("[default]\ncredential_process = {says}\n")).unwrap();
    let settings = settings(&store).with("AWS_CONFIG_FILE", config.to_str().unwrap());
    let bucket = Bucket::open("s3://b/wal", &settings, None).unwrap();
    let source = BucketSource::new(Arc::new(bucket), vec![String::new()]);
    let asked = || fs::read_to_string(&count).map_or(0, |text| text.lines().count());
    assert_eq!((source.list().unwrap().entries.len(), asked()), (1, 1));
    std::thread::sleep(Duration::from_millis(4100));
    assert_eq!((source.list().unwrap().entries.len(), asked()), (1, 2));
}

#[test]
fn a_program_says_the_keys_of_a_profile() {
    let store = one(1000);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    for (program, expected) in [
        (format!("printf '%s' '{}'", json("KEY", LATER)), Ok(1)),
        (r#"echo '{"Version":1,"AccessKeyId":"KEY","SecretAccessKey":"secret","SessionToken":"t"}'"#.to_owned(), Ok(1)),
        (format!("printf '%s' '{}'", json("KEY", BEFORE)), Err("credential_process gives keys that expired at 2020")),
        ("echo no".to_owned(), Err("credential_process says no JSON")),
        ("exit 3".to_owned(), Err("credential_process failed (exit status: 3)")),
        ("yes".to_owned(), Err("credential_process")),
    ] {
        fs::write(&config, format!("[default]\ncredential_process = {program}\n")).unwrap();
        let listed = listed(&settings(&store).with("AWS_CONFIG_FILE", config.to_str().unwrap()));
        match (&listed, expected) {
            (Ok(count), Ok(expected)) if *count == expected => {}
            (Err(told), Err(why)) if told.contains(why) => {}
            _ => panic!("{program}: {listed:?}"),
        }
    }
}

#[test]
fn what_is_not_read_of_a_profile_says_what_to_type() {
    let store = one(1000);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let text = "[profile work]\nsso_session = us\nsso_account_id = 1\n[profile old]\nsso_start_url = https://a\n\
                [profile code]\nrole_arn = arn:aws:iam::1:role/reader\nsource_profile = work\nmfa_serial = m\n";
    fs::write(&config, text).unwrap();
    let settings = settings(&store).with("AWS_CONFIG_FILE", config.to_str().unwrap());
    let export = |name: &str| format!("eval \"$(aws configure export-credentials --profile {name} --format env)\"");
    for (name, login) in [("work", true), ("old", true), ("code", false)] {
        let told = refused(&settings.clone().with("AWS_PROFILE", name));
        let typed = if login { format!("aws sso login --profile {name} && {}", export(name)) } else { export(name) };
        assert!(told.ends_with(&typed), "{told}");
    }
}

#[test]
fn a_container_is_told_its_keys_by_its_host() {
    let store = one(1000);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "OF FILE\n").unwrap();
    let service = StandIn::new(|asked| match asked.line.as_str() {
        "GET /open" => Said::good(&json("KEY", LATER)),
        "GET /value" if asked.has("authorization: OF VALUE") => Said::good(&json("KEY", LATER)),
        "GET /file" if asked.has("authorization: OF FILE") => Said::good(&json("KEY", LATER)),
        "GET /broken" => Said::good("{\"AccessKeyId\": \"KE"),
        "GET /expired" => Said::good(&json("KEY", BEFORE)),
        "GET /failing" => Said::status(503, ""),
        "GET /silent" => Said::Silent,
        _ => Said::status(403, "{\"code\":\"AccessDenied\"}"),
    });
    let settings = |path: &str, more: &[(&str, &str)]| {
        let full = format!("{}/{path}", service.url);
        let settings = settings(&store).with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &full);
        more.iter().fold(settings, |settings, (name, value)| settings.with(name, value))
    };
    let value = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "OF VALUE");
    let of_file = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.to_str().unwrap());
    assert_eq!(listed(&settings("open", &[])), Ok(1));
    assert_eq!(service.asked(), ["GET /open"]);
    assert_eq!(listed(&settings("value", &[value])), Ok(1));
    assert_eq!(listed(&settings("file", &[value, of_file])), Ok(1));
    for (path, more, why) in [
        ("value", &[][..], "refuses the keys of its role (403)"),
        ("file", &[value], "refuses the keys of its role (403)"),
        ("broken", &[], "says no JSON"),
        ("expired", &[], "gives keys that expired at 2020-01-01T00:00:00Z"),
        ("failing", &[], "refuses the keys of its role (503)"),
        ("silent", &[], "does not answer (operation timed out)"),
        ("file", &[("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere")], "_TOKEN_FILE=/nowhere cannot be read"),
        ("file", &[("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\nb")], "is no line of text"),
        ("x", &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.1.1.1/x")], "by https, or of this machine"),
    ] {
        let told = refused(&settings(path, more));
        assert!(told.starts_with("s3://b/wal: ") && told.contains(why), "{path}: {told}");
        assert!(!told.contains("OF VALUE"), "{told}");
    }
}

#[test]
fn an_account_of_a_cluster_has_a_token_for_its_role() {
    let store = one(1000);
    let folder = tempfile::tempdir().unwrap();
    let (file, config) = (folder.path().join("token"), folder.path().join("config"));
    fs::write(&file, "a.b/c\n").unwrap();
    fs::write(&config, format!("[profile pod]\nrole_arn = arn:r/good\nweb_identity_token_file = {}\n", file.display()))
        .unwrap();
    let service = StandIn::new(|asked| {
        let start = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar%2F";
        let Some(rest) = asked.body.strip_prefix(start) else { return Said::status(400, "") };
        let (role, rest) = rest.split_once('&').unwrap_or_default();
        if asked.line != "POST /" || asked.has("authorization:") || !rest.ends_with("&WebIdentityToken=a.b%2Fc") {
            return Said::status(403, "<Error><Code>InvalidIdentityToken</Code><Message>not this</Message></Error>");
        }
        match role {
            "good" => Said::good(&xml("KEY", LATER)),
            "expired" => Said::good(&xml("KEY", BEFORE)),
            "broken" => Said::good("<html><body>welcome"),
            "silent" => Said::status(503, ""),
            _ => Said::status(403, "<Error><Code>AccessDenied</Code><Message>not you</Message></Error>"),
        }
    });
    let settings = |role: &str| {
        settings(&store)
            .with("AWS_ENDPOINT_URL_STS", &service.url)
            .with("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap())
            .with("AWS_ROLE_ARN", &format!("arn:r/{role}"))
    };
    assert_eq!(listed(&settings("good")), Ok(1));
    assert_eq!(service.asked(), ["POST /"]);
    let profile = BucketSettings::default()
        .with("AWS_ENDPOINT_URL_S3", &store.url)
        .with("AWS_ENDPOINT_URL_STS", &service.url)
        .with("AWS_CONFIG_FILE", config.to_str().unwrap())
        .with("AWS_PROFILE", "pod");
    assert_eq!(listed(&profile), Ok(1));
    let start = "s3://b/wal: there are no credentials: the role arn:r/";
    for (role, why) in [
        ("other", "other cannot be assumed: 403 AccessDenied: not you"),
        ("expired", "gives keys that expired at 2020-01-01T00:00:00Z"),
        ("broken", "says no AccessKeyId and SecretAccessKey"),
        ("silent", "silent cannot be assumed: 503"),
    ] {
        let told = refused(&settings(role));
        assert!(told.starts_with(start) && told.contains(why), "{role}: {told}");
    }
    let gone = refused(&settings("good").with("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere"));
    assert!(gone.contains("good cannot be assumed: its token in /nowhere cannot be read"), "{gone}");
    fs::write(&file, "old").unwrap();
    assert!(refused(&settings("good")).contains("403 InvalidIdentityToken: not this"));
    let half = BucketSettings::default()
        .with("AWS_ENDPOINT_URL_S3", &store.url)
        .with("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap());
    assert!(refused(&half).contains("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not"));
    assert_eq!(store.holds(&format!("wal/{LOG}00000001")).map(|bytes| bytes.len()), Some(1000));
}
