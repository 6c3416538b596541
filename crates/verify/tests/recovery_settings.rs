//! Settings of a recovery, as each version reads, checks and completes them.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_format::recovery::settings::TargetAction;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{SegmentSize, TimelineId, Version};
use pgwal_verify::backup::{SettingsFile, Signal};
use pgwal_verify::recovery::{Given, Mode, ServerZone, SettingPlace, Settings, SettingsError, Target, TargetTimeline};

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn planned(of: &str, options: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::read(version(of), &Given { planned: true, options, ..Given::default() }, &ServerZone::UTC)
}

fn says(of: &str, options: &[(&str, &str)]) -> String {
    planned(of, options).unwrap_err().server_says().unwrap()
}

fn refusal(of: &str, options: &[(&str, &str)]) -> Option<String> {
    planned(of, options).err()?.server_says()
}

fn assumed(settings: &Settings, name: &str) -> Option<String> {
    settings.assumed.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
}

const EVERY: [&str; 18] = [
    "8.2", "8.3", "8.4", "9.0", "9.1", "9.2", "9.3", "9.4", "9.5", "9.6", "10", "11", "12", "13", "14", "15", "17",
    "19",
];

#[test]
fn defaults_of_each_version_are_told() {
    for of in EVERY {
        let settings = planned(of, &[]).unwrap();
        let at_least = |other: &str| version(of) >= version(other);
        let latest = at_least("12");
        assert_eq!(settings.timeline, if latest { TargetTimeline::Latest } else { TargetTimeline::Current }, "{of}");
        assert_eq!(assumed(&settings, "recovery_target_timeline").unwrap(), if latest { "latest" } else { "current" });
        assert_eq!((settings.mode, settings.target.clone(), settings.inclusive), (Mode::Archive, Target::None, true));
        assert_eq!(
            (settings.hot_standby, assumed(&settings, "hot_standby").is_some()),
            (at_least("10"), at_least("9.0")),
            "{of}"
        );
        let p = settings.parameters;
        // Without the server's configuration they are taken for as high as needed.
        assert_eq!(
            (p.max_connections, p.max_worker_processes, p.max_locks_per_transaction),
            (None, None, None),
            "{of}"
        );
        assert!(
            assumed(&settings, "restore_command").is_some() && assumed(&settings, "recovery_target_action").is_none()
        );
    }
    let settings = planned("15", &[("recovery_target_xid", "700")]).unwrap();
    assert_eq!(assumed(&settings, "recovery_target_action").as_deref(), Some("pause"));
    assert_eq!(assumed(&settings, "recovery_target_inclusive").as_deref(), Some("on"));
    assert_eq!((settings.target, settings.action), (Target::Xid(700), TargetAction::Pause));
}

#[test]
fn a_pause_without_hot_standby_is_something_else() {
    let action = |of: &str, more: &[(&str, &str)]| {
        let options: Vec<(&str, &str)> = [("hot_standby", "off")].iter().chain(more).copied().collect();
        planned(of, &options).unwrap().action
    };
    let pause = [("recovery_target_action", "pause")];
    assert_eq!(
        (action("9.1", &[]), action("9.4", &[("pause_at_recovery_target", "on")])),
        (TargetAction::Promote, TargetAction::Promote)
    );
    assert_eq!((action("9.5", &pause), action("11", &[])), (TargetAction::Shutdown, TargetAction::Promote));
    assert_eq!((action("12", &pause), action("15", &[])), (TargetAction::Shutdown, TargetAction::Shutdown));
    assert_eq!(action("15", &[("recovery_target_action", "promote")]), TargetAction::Promote);
    assert_eq!(planned("8.4", &[]).unwrap().action, TargetAction::Promote);
    assert_eq!(
        planned("9.4", &[("hot_standby", "on"), ("pause_at_recovery_target", "false")]).unwrap().action,
        TargetAction::Promote
    );
}

#[test]
fn several_targets() {
    let two = [("recovery_target_xid", "700"), ("recovery_target_time", "2026-11-22 03:17:02+00")];
    assert_eq!(planned("9.0", &two).unwrap().target, Target::Xid(700));
    assert!(matches!(planned("11", &two).unwrap().target, Target::Time(_)));
    assert_eq!(says("12", &two), "multiple recovery targets specified");
    let names = [("recovery_target_name", "a"), ("recovery_target_time", "2026-11-22")];
    assert_eq!(planned("9.2", &names).unwrap().target, Target::Name("a".into()));
    let again = [("recovery_target_xid", "700"), ("recovery_target_xid", "701")];
    assert_eq!(planned("15", &again).unwrap().target, Target::Xid(701));
    let emptied = [("recovery_target_xid", "700"), ("recovery_target_xid", "")];
    assert_eq!(planned("15", &emptied).unwrap().target, Target::None);
    assert_eq!(
        says("15", &[("recovery_target_xid", "700"), ("recovery_target_name", "")]),
        "multiple recovery targets specified"
    );
}

#[test]
fn a_target_on_the_command_line_and_another() {
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let read = |of: &str| {
        let given = Given {
            planned: true,
            set: pair("recovery_target_xid", "700"),
            options: pair("recovery_target_name", "a"),
            ..Given::default()
        };
        Settings::read(version(of), &given, &ServerZone::UTC)
    };
    for of in ["9.4", "11"] {
        let settings = read(of).unwrap();
        assert_eq!((settings.target, settings.outranked), (Target::Name("a".into()), None), "{of}");
    }
    // Up to 9.3 the kind decides, not the place.
    let settings = read("9.3").unwrap();
    let told = settings.outranked.map(|setting| (setting.name, setting.place));
    assert_eq!(settings.target, Target::Xid(700));
    assert_eq!(told, Some(("recovery_target_xid".to_owned(), SettingPlace::Set)));
    // A server of 12 and later that finds both does not start.
    let SettingsError::SeveralTargets(all) = read("15").unwrap_err() else { panic!() };
    let told: Vec<(&str, &SettingPlace)> = all.iter().map(|s| (s.name.as_str(), &s.place)).collect();
    let expected = [("recovery_target_xid", &SettingPlace::Set), ("recovery_target_name", &SettingPlace::Option)];
    assert_eq!(told, expected);
}

/// What 12 to 18 said when they were started with each.
#[test]
fn settings_of_the_server_itself() {
    let set = |of: &str, name: &str, value: &str| {
        let set = vec![(name.to_owned(), value.to_owned())];
        Settings::read(version(of), &Given { planned: true, set, ..Given::default() }, &ServerZone::UTC)
    };
    for of in ["12", "15", "18"] {
        let says = |name, value| set(of, name, value).unwrap_err().server_says().unwrap();
        assert_eq!(says("nonsense", "1"), "unrecognized configuration parameter \"nonsense\"");
        assert_eq!(says("archive_mode", "maybe"), "invalid value for parameter \"archive_mode\": \"maybe\"");
        assert_eq!(says("fsync", "maybe"), "parameter \"fsync\" requires a Boolean value");
        assert_eq!(says("shared_buffers", "1x"), "invalid value for parameter \"shared_buffers\": \"1x\"");
        assert_eq!(says("work_mem", "64KB"), "invalid value for parameter \"work_mem\": \"64KB\"");
        assert_eq!(says("max_connections", ""), "invalid value for parameter \"max_connections\": \"\"");
        assert_eq!(says("block_size", "8192"), "parameter \"block_size\" cannot be changed");
        let range = "0 is outside the valid range for parameter \"max_connections\" (1 .. 262143)";
        assert_eq!(says("max_connections", "0"), range);
        let range = "-1 is outside the valid range for parameter \"random_page_cost\" (0 .. 1.79769e+308)";
        assert_eq!(says("random_page_cost", "-1"), range);
        assert!(says("restore_command", "").contains("restore_command"));
        assert_eq!(says("timezone", "Foo/Bar"), "invalid value for parameter \"TimeZone\": \"Foo/Bar\"");
        for (name, value) in [
            ("my_extension.anything", "1"),
            ("archive_mode", "yes"),
            ("wal_level", "archive"),
            ("shared_buffers", "16 MB"),
            ("work_mem", "1.5MB"),
            ("DateStyle", "iso, mdy"),
            ("TimeZone", "America/Argentina/Buenos_Aires"),
            ("TimeZone", "<-03>+3"),
            ("sort_mem", "4096"),
            ("transaction_isolation", "read committed"),
            ("wal_debug", "on"),
        ] {
            assert!(set(of, name, value).is_ok(), "{of}: {name}");
        }
        assert_eq!(set(of, "max_connections", "50.6").unwrap().parameters.max_connections, Some(51));
    }
    let two = |of: &str, pairs: &[(&str, &str)]| {
        let set = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let given = Given { planned: true, set, ..Given::default() };
        Settings::read(version(of), &given, &ServerZone::UTC).unwrap_err().server_says().unwrap()
    };
    let minimal = [("wal_level", "minimal"), ("archive_mode", "on")];
    assert_eq!(two("16", &minimal), "WAL archival cannot be enabled when wal_level is \"minimal\"");
    assert_eq!(two("17", &minimal), "WAL archival cannot be enabled when \"wal_level\" is \"minimal\"");
    let streams = "WAL streaming (max_wal_senders > 0) requires wal_level \"replica\" or \"logical\"";
    assert_eq!(two("12", &minimal[..1]), streams);
    let reserved = "superuser_reserved_connections (200) must be less than max_connections (100)";
    assert_eq!(two("15", &[("superuser_reserved_connections", "200")]), reserved);
    let range = |of| set(of, "checkpoint_timeout", "5s").unwrap_err().server_says().unwrap();
    assert_eq!(range("16"), "5 s is outside the valid range for parameter \"checkpoint_timeout\" (30 .. 86400)");
    assert_eq!(range("17"), "5 s is outside the valid range for parameter \"checkpoint_timeout\" (30 s .. 86400 s)");
    // Without a list of them nothing is said, but that it is so.
    assert!(set("11", "nonsense", "1").unwrap().names_not_known && !set("15", "fsync", "off").unwrap().names_not_known);
    assert!(set("14", "recovery_prefetch", "off").is_err() && set("15", "recovery_prefetch", "off").is_ok());
}

/// A later line of one name takes the place of an earlier one, which may say anything.
#[test]
fn lines_are_named_and_the_last_one_counts() {
    let read = |text: &str| {
        let file = SettingsFile::parse("postgresql.conf", text.as_bytes(), Some(version("15")));
        let given = Given { planned: true, files: &[file], ..Given::default() };
        Settings::read(version("15"), &given, &ServerZone::UTC).map(|_| ()).map_err(|error| {
            let line = match error.setting() {
                Some((_, SettingPlace::Line { line, .. })) => *line,
                _ => 0,
            };
            (error.server_says().unwrap(), line)
        })
    };
    assert_eq!(read("archive_mode = maybe\narchive_mode = on\n"), Ok(()));
    let refused = ("invalid value for parameter \"archive_mode\": \"maybe\"".to_owned(), 3);
    assert_eq!(read("archive_mode = on\n\narchive_mode = maybe\n"), Err(refused));
    assert_eq!(read("\nnonsense = 1\n"), Err(("unrecognized configuration parameter \"nonsense\"".to_owned(), 2)));
}

#[test]
fn names_that_a_version_does_not_have() {
    for (of, name, value) in [
        ("9.6", "recovery_target_lsn", "0/1"),
        ("9.3", "recovery_target", "immediate"),
        ("9.0", "recovery_target_name", "a"),
        ("9.4", "recovery_target_action", "pause"),
        ("9.5", "pause_at_recovery_target", "on"),
        ("8.4", "standby_mode", "on"),
    ] {
        assert_eq!(says(of, &[(name, value)]), format!("unrecognized recovery parameter \"{name}\""), "{of}");
    }
    assert_eq!(says("12", &[("standby_mode", "on")]), "unrecognized configuration parameter \"standby_mode\"");
    assert_eq!(says("15", &[("restore_comand", "cp")]), "unrecognized configuration parameter \"restore_comand\"");
    assert_eq!(planned("10", &[("recovery_target_lsn", "0/1")]).unwrap().target, Target::Lsn("0/1".parse().unwrap()));
    assert_eq!(planned("9.4", &[("recovery_target", "immediate")]).unwrap().target, Target::Immediate);
}

#[test]
fn values_that_are_refused() {
    for (of, name, value, said) in [
        ("15", "recovery_target", "now", "invalid value for parameter \"recovery_target\": \"now\""),
        ("10", "recovery_target", "now", "invalid value for recovery parameter \"recovery_target\": \"now\""),
        (
            "15",
            "recovery_target_time",
            "infinity",
            "invalid value for parameter \"recovery_target_time\": \"infinity\"",
        ),
        ("11", "recovery_target_time", "epoch", "recovery_target_time is not a valid timestamp: \"epoch\""),
        ("15", "recovery_target_lsn", "x", "invalid value for parameter \"recovery_target_lsn\": \"x\""),
        ("10", "recovery_target_lsn", "x", "invalid input syntax for type pg_lsn: \"x\""),
        (
            "15",
            "recovery_target_inclusive",
            "perhaps",
            "parameter \"recovery_target_inclusive\" requires a Boolean value",
        ),
        ("15", "recovery_target_action", "stop", "invalid value for parameter \"recovery_target_action\": \"stop\""),
        ("15", "max_connections", "many", "invalid value for parameter \"max_connections\": \"many\""),
        ("19", "recovery_target_timeline", "x", "invalid value for parameter \"recovery_target_timeline\": \"x\""),
        ("19", "recovery_target_xid", "2", "invalid value for parameter \"recovery_target_xid\": \"2\""),
        (
            "9.6",
            "recovery_target_timeline",
            "99999999999999999999",
            "recovery_target_timeline is not a valid number: \"99999999999999999999\"",
        ),
    ] {
        assert_eq!(says(of, &[(name, value)]), said, "{of}");
    }
    let long = "n".repeat(64);
    assert_eq!(
        says("9.6", &[("recovery_target_name", &long)]),
        "recovery_target_name is too long (maximum 63 characters)"
    );
    assert_eq!(
        says("15", &[("recovery_target_name", &long)]),
        format!("invalid value for parameter \"recovery_target_name\": \"{long}\"")
    );
    // The month comes first, where DateStyle does not say otherwise.
    assert_eq!(
        says("15", &[("recovery_target_time", "22.11.2026 14:00")]),
        "invalid value for parameter \"recovery_target_time\": \"22.11.2026 14:00\""
    );
    let unread = planned("15", &[("recovery_target_time", "2026-11-22 14:00:00 UTC+3")]).unwrap_err();
    assert_eq!((unread.server_says(), unread.to_string().contains("2026-11-22 03:17:02.5+00")), (None, true));
}

#[test]
fn numbers_as_the_version_reads_them() {
    let timeline = |of: &str, value: &str| planned(of, &[("recovery_target_timeline", value)]).unwrap().timeline;
    assert_eq!(
        (timeline("15", "0x10"), timeline("15", "current")),
        (TargetTimeline::Number(TimelineId(16)), TargetTimeline::Current)
    );
    // No number is 0, which up to 11 is the latest.
    assert_eq!(
        (timeline("11", "current"), timeline("11", "3x")),
        (TargetTimeline::Latest, TargetTimeline::Number(TimelineId(3)))
    );
    assert_eq!(timeline("15", "x"), TargetTimeline::Number(TimelineId(0)));
    let xid = |of: &str, value: &str| planned(of, &[("recovery_target_xid", value)]).unwrap().target;
    assert_eq!((xid("15", "4294967996"), xid("8.2", "700")), (Target::Xid(700), Target::Xid(700)));
    assert!(!planned("8.2", &[("recovery_target_inclusive", "on")]).unwrap().inclusive);
    assert!(planned("8.4", &[("recovery_target_inclusive", "on")]).unwrap().inclusive);
}

#[test]
fn a_time_without_a_zone_is_the_servers() {
    let options = vec![("recovery_target_time".to_owned(), "2000-01-01 01:00:00".to_owned())];
    let given = Given { planned: true, options, ..Given::default() };
    let settings = Settings::read(version("15"), &given, &ServerZone::named("Europe/Berlin").unwrap()).unwrap();
    assert_eq!(
        (settings.target.clone(), assumed(&settings, "timezone").as_deref()),
        (Target::Time(Timestamp(0)), Some("Europe/Berlin"))
    );
    let file = SettingsFile::parse("postgresql.conf", b"timezone = 'Asia/Tokyo'\n", None);
    assert_eq!(ServerZone::of_settings(&[file]), ServerZone::named("Asia/Tokyo"));
}

#[test]
fn files_as_they_lie() {
    let read = |of: &str, files: &[(&str, &str)], signal| {
        let files: Vec<SettingsFile> =
            files.iter().map(|(name, text)| SettingsFile::parse(name, text.as_bytes(), Some(version(of)))).collect();
        Settings::read(version(of), &Given { files: &files, signal, ..Given::default() }, &ServerZone::UTC)
    };
    let fatal = |of: &str, files: &[(&str, &str)], signal| read(of, files, signal).unwrap_err().server_says().unwrap();
    let command = ("postgresql.auto.conf", "restore_command = 'cp /a/%f %p'\n");
    let standby = read("15", &[command], Some(Signal::Standby)).unwrap();
    assert_eq!((standby.mode, standby.restore_command.as_deref()), (Mode::Standby, Some("cp /a/%f %p")));
    assert_eq!(read("15", &[command], Some(Signal::Recovery)).unwrap().mode, Mode::Archive);
    assert_eq!(read("15", &[command], None).unwrap().mode, Mode::Crash);
    assert_eq!(
        fatal("15", &[], Some(Signal::Recovery)),
        "must specify restore_command when standby mode is not enabled"
    );
    assert_eq!(
        fatal("17", &[], Some(Signal::Recovery)),
        "must specify \"restore_command\" when standby mode is not enabled"
    );
    assert_eq!(
        fatal("15", &[command], Some(Signal::RecoveryConf)),
        "using recovery command file \"recovery.conf\" is not supported"
    );
    let conf = [("recovery.conf", "standby_mode = 'on'\nrestore_command = 'x'\n")];
    assert_eq!(fatal("12", &conf, None), "using recovery command file \"recovery.conf\" is not supported");
    assert_eq!(read("11", &conf, Some(Signal::RecoveryConf)).unwrap().mode, Mode::Standby);
    let missing = fatal("9.6", &[("recovery.conf", "recovery_target_xid = 5\n")], Some(Signal::RecoveryConf));
    assert_eq!(
        missing,
        "recovery command file \"recovery.conf\" must specify restore_command when standby mode is not enabled"
    );
    assert_eq!(
        fatal("8.3", &[("recovery.conf", "recovery_target_xid = '5'\n")], Some(Signal::RecoveryConf)),
        "recovery command file \"recovery.conf\" did not specify restore_command"
    );
    let bare = fatal("9.0", &[("recovery.conf", "restore_command = x\n")], Some(Signal::RecoveryConf));
    assert_eq!(bare, "syntax error in recovery command file: restore_command = x");
    let bare = fatal("9.6", &[("recovery.conf", "restore_command = cp %f\n")], Some(Signal::RecoveryConf));
    assert_eq!(bare, "syntax error in file \"recovery.conf\" line 1, near token \"%\"");
    assert_eq!(
        fatal("9.6", &[("recovery.conf", "hot_standby = on\n")], None),
        "unrecognized recovery parameter \"hot_standby\""
    );
    assert_eq!(
        fatal("9.6", &[("postgresql.conf", "restore_command = 'x'\n")], None),
        "unrecognized configuration parameter \"restore_command\""
    );
    let later = [("postgresql.conf", "restore_command = 'a'\nmax_connections = 7\ninclude 'x.conf'\n"), command];
    let settings = read("15", &later, Some(Signal::Recovery)).unwrap();
    assert_eq!(
        (settings.restore_command.as_deref(), settings.parameters.max_connections),
        (Some("cp /a/%f %p"), Some(7))
    );
    assert_eq!(settings.not_read, ["postgresql.conf: include 'x.conf'"]);
}

/// 11: what the postmaster writes; 12 and later count senders apart (15 and 18 start with them).
#[test]
fn senders_are_connections_in_11() {
    let of = |senders: &'static str| [("max_connections", "10"), ("max_wal_senders", senders)];
    let said = "superuser_reserved_connections (3) plus max_wal_senders (7) must be less than max_connections (10)";
    assert_eq!(refusal("11", &of("7")).as_deref(), Some(said));
    assert_eq!((refusal("11", &of("6")), refusal("15", &of("7"))), (None, None));
    let by_default = |all: &'static str| refusal("11", &[("max_connections", all)]).is_some();
    assert!(by_default("13") && !by_default("14"));
}

/// 18.
#[test]
fn what_is_summarized_needs_more_than_minimal() {
    let minimal =
        |summarize: &'static str| [("wal_level", "minimal"), ("max_wal_senders", "0"), ("summarize_wal", summarize)];
    let said = "WAL cannot be summarized when \"wal_level\" is \"minimal\"";
    assert_eq!(refusal("18", &minimal("on")).as_deref(), Some(said));
    assert_eq!((refusal("18", &minimal("off")), refusal("18", &[("summarize_wal", "on")])), (None, None));
}

/// 17 and 18, of a cluster with segments of 64 MiB.
#[test]
fn sizes_that_do_not_hold_two_segments() {
    let read = |of: &str, mib: u64, name: &str, value: &str| {
        let set = vec![(name.to_owned(), value.to_owned())];
        let segment = SegmentSize::new(mib << 20);
        let given = Given { planned: true, segment, set, ..Given::default() };
        Settings::read(version(of), &given, &ServerZone::UTC).err().and_then(|error| error.server_says())
    };
    let refused = Some("\"min_wal_size\" must be at least twice \"wal_segment_size\"".to_owned());
    for of in ["11", "14", "18"] {
        assert_eq!(read(of, 64, "min_wal_size", "80MB"), refused, "{of}");
        assert_eq!(read(of, 64, "min_wal_size", "128MB"), None, "{of}");
        assert_eq!(read(of, 16, "min_wal_size", "80"), None, "{of}");
    }
    assert!(read("17", 1024, "max_wal_size", "1GB").is_some());
    assert_eq!(read("10", 64, "min_wal_size", "80MB"), None);
}

/// 16: `timezone = '-3'`, and a time without a zone is three hours behind UTC.
#[test]
fn a_zone_that_is_a_number() {
    for (text, local) in [
        ("-3", Some("1999-12-31 21:00:00-03:00")),
        ("5.5", Some("2000-01-01 05:30:00+05:30")),
        ("Asia/Tokyo", Some("2000-01-01 09:00:00+09:00")),
        ("99", None),
    ] {
        let file = SettingsFile::parse("postgresql.conf", format!("timezone = '{text}'\n").as_bytes(), None);
        let zone = ServerZone::of_settings(&[file]);
        assert_eq!(zone.and_then(|zone| zone.local(Timestamp(0))).as_deref(), local, "{text}");
    }
}
