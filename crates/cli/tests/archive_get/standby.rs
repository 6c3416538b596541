//! Warm standbys that our restore_command feeds, behind a primary whose archive_command is ours: failover by a trigger,
//! smart and fast, and by promotion; a second and a third timeline; what a stop of the server does to a command that
//! waits.

use super::live::Workload;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use walproof_live::{FollowingServer, RecoveryEnd, RecoveryMode};

const COUNT: &str = "select count(*) from t";

fn tells(trigger: &Path, said: &str) {
    fs::write(trigger, said).unwrap();
    fs::set_permissions(trigger, fs::Permissions::from_mode(0o644)).unwrap();
}

/// A hundred rows more, and a new segment.
fn writes(follower: &FollowingServer<'_>) {
    follower.sql("insert into t select 0, repeat('x', 500) from generate_series(1, 100)").unwrap();
    let segment = follower.sql("select pg_walfile_name(pg_switch_wal())").unwrap();
    follower.comes_to(&format!("select last_archived_wal >= '{segment}' from pg_stat_archiver"), "t").unwrap();
}

/// From 15 on a server reads ahead, and what it has read is not replayed while it waits for more.
fn without_reading_ahead(workload: &Workload) -> &'static str {
    if workload.server.postgres().major() < 15 { "" } else { "\nrecovery_prefetch = off" }
}

/// The stopped server's commands that still run in its data directory.
fn commands_in(data: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let at = |entry: fs::DirEntry| fs::read_link(entry.path().join("cwd")).ok();
    processes.filter_map(at).filter(|cwd| cwd == data).count()
}

#[test]
fn warm_standbys_take_over_one_after_the_other() {
    let Some(workload) = Workload::run() else { return };
    let archive = workload.server.archive();
    // From here on, our archive_command.
    let push =
        |of: &Workload| format!("archive_command = '{} archive-push %p --to {}'", of.program(), archive.display());
    workload.server.configure(&push(&workload)).unwrap();
    workload.server.restart().unwrap();
    let archiving = format!("archive_mode = on\n{}", push(&workload));
    let trigger = workload.server.data().with_file_name("trigger");
    let get = |options: &str| format!("restore_command = '{}'\n{archiving}", workload.ours(&archive, options));

    let ahead = without_reading_ahead(&workload);
    let waiting = get(&format!("--wait --poll 1s --trigger {}", trigger.display())) + ahead;
    let first = workload.server.follow("first", &workload.backup, "recovery.signal", &waiting).unwrap();
    let second = workload.server.follow("second", &workload.backup, "standby.signal", &get("")).unwrap();
    let third = workload
        .server
        .follow("third", &workload.backup, "standby.signal", &(get("--wait --poll 1s") + ahead))
        .unwrap();
    for follower in [&first, &second, &third] {
        follower.comes_to(COUNT, "600").unwrap();
    }

    stops_while_it_waits(&third);

    // The primary goes away; the first takes over behind all that is there.
    let mut rows = 600;
    for _ in 0..3 {
        workload.server.sql("insert into t select 0, repeat('x', 500) from generate_series(1, 100)").unwrap();
        workload.server.sql("select pg_switch_wal()").unwrap();
        rows += 100;
    }
    workload.server.stop().unwrap();
    tells(&trigger, "smart");
    first.comes_to("select pg_is_in_recovery()", "f").unwrap();
    assert_eq!(first.sql(COUNT).unwrap(), rows.to_string());
    assert!(first.log().contains("selected new timeline ID: 2"), "{}", first.log());
    for _ in 0..2 {
        writes(&first);
        rows += 100;
    }

    // The others go after it, and are promoted in their turn: the one that waits is not kept waiting by its command.
    for follower in [&second, &third] {
        follower.comes_to(COUNT, &rows.to_string()).unwrap();
    }
    first.stop("fast").unwrap();
    third.promote().unwrap();
    assert!(third.log().contains("selected new timeline ID: 3"), "{}", third.log());
    // Asked of their servers: the one is where it should be, the other has not ended.
    let asked = |follower: &FollowingServer<'_>| {
        let conninfo = format!("host={} user=postgres dbname=postgres", follower.socket().display());
        super::restored::by_its_server(&workload, &archive, &conninfo)
    };
    let (restored, code) = asked(&third);
    assert_eq!((restored["ended"].as_str(), code), (Some("right"), Some(0)), "{restored:#}");
    let (restored, _) = asked(&second);
    assert!(matches!(restored["ended"].as_str(), Some("goes_on" | "right")), "{restored:#}");
    writes(&third);
    rows += 100;
    second.comes_to(COUNT, &rows.to_string()).unwrap();
    third.stop("fast").unwrap();
    second.stop("fast").unwrap();

    // All of it restores, over three timelines.
    let ours = workload.ours(&archive, "--grace 0s");
    let seen = workload.restore(&archive, Some(&ours), RecoveryMode::Archive, &[]);
    assert_eq!((seen.ended, seen.answer.as_deref()), (Some(RecoveryEnd::Promotes), Some(rows.to_string().as_str())));
    assert_eq!(seen.new_timeline, Some(4), "{:#?}", seen.log);
    fast_leaves_what_is_there(&workload, &archive);
}

/// The command that waits goes with its server, which starts again and goes on.
fn stops_while_it_waits(follower: &FollowingServer<'_>) {
    assert!(commands_in(&follower.data()) > 0);
    follower.stop("fast").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(commands_in(&follower.data()), 0, "a command outlives its server");
    follower.start().unwrap();
    follower.comes_to(COUNT, "600").unwrap();
}

/// Whoever says fast gets what was replayed by then.
fn fast_leaves_what_is_there(workload: &Workload, archive: &Path) {
    let held = workload.archive("fast");
    let late = held.join(&workload.segments[4]);
    let bytes = fs::read(&late).unwrap();
    fs::remove_file(&late).unwrap();
    let trigger = archive.with_file_name("fast-trigger");
    let ours = workload.ours(&held, &format!("--wait --poll 1s --on-hole end --trigger {}", trigger.display()));
    let settings = format!(
        "restore_command = '{ours}'\nrecovery_target_timeline = 'current'\narchive_mode = off{}",
        without_reading_ahead(workload)
    );
    let server = workload.server.follow("fast", &workload.backup, "recovery.signal", &settings).unwrap();
    server.comes_to(COUNT, "400").unwrap();
    tells(&trigger, "fast");
    // It comes too late.
    fs::write(&late, &bytes).unwrap();
    server.comes_to("select pg_is_in_recovery()", "f").unwrap();
    assert_eq!(server.sql(COUNT).unwrap(), "400", "{}", server.log());
}

/// What stops a recovery leaves it where it was: with the file mended it goes on, to the end.
#[test]
fn a_recovery_that_stopped_goes_on_once_mended() {
    let Some(workload) = Workload::run() else { return };
    let archive = workload.archive("mended");
    let good = |nth: usize| fs::read(workload.server.archive().join(&workload.segments[nth])).unwrap();
    fs::remove_file(archive.join(&workload.segments[2])).unwrap();
    workload.put(&archive, &workload.segments[3], |bytes| bytes[20_000] ^= 4);
    workload.put(&archive, &workload.segments[4], |bytes| bytes.truncate(300_000));
    let settings = format!("restore_command = '{}'\narchive_mode = off", workload.ours(&archive, "--grace 0s"));
    let server = workload.server.follower("mended", &workload.backup, "recovery.signal", &settings).unwrap();
    for (nth, why) in [(2, "is missing, and"), (3, "(WP2"), (4, "(WP102)")] {
        server.ends().unwrap();
        let log = server.log();
        let of_ours = format!("{} is not delivered: recovery stops here", workload.segments[nth]);
        assert!(log.contains(why) && log.contains(&of_ours), "{why}: {log}");
        assert!(server.data().join("recovery.signal").exists(), "{why}");
        let path = archive.join(&workload.segments[nth]);
        let _ = fs::remove_file(&path);
        fs::write(&path, good(nth)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    server.start().unwrap();
    server.comes_to("select pg_is_in_recovery()", "f").unwrap();
    assert_eq!(server.sql(COUNT).unwrap(), "600");
}
