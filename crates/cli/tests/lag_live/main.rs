//! `walproof lag --primary` beside a real primary with a standby.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod refused;
#[path = "../run/mod.rs"]
mod run;
mod site;
mod slots;
#[path = "../schemas/validator.rs"]
mod validator;

use serde_json::Value;
use site::Site;

/// One site for all questions: a server takes seconds to begin.
#[test]
fn a_primary_its_standby_and_its_archiver() {
    let Some(primary) = site::primary() else { return };
    let standby = primary.standby("standby", "hot_standby = on\n").unwrap();
    let site = Site { primary: &primary, standby: &standby };
    site.standby.start().unwrap();
    site.primary.sql("insert into t values (0)").unwrap();
    site.caught_up();
    everything_is_replayed(&site);
    a_standby_that_does_not_replay(&site);
    limits_and_formats(&site);
    what_waits_grows_while_it_is_watched(&site);
    refused::roles(&site);
    site.standby.sql("select pg_wal_replay_resume()").unwrap();
    site.caught_up();
    everything_is_replayed(&site);
    an_archiver_that_fails(&site);
    watched(&site);
    refused::promoted(&site);
}

/// However long ago the last commit was: nothing waits.
fn everything_is_replayed(site: &Site<'_>) {
    let (lag, code) = site.lag(&["--crit", "0s,0"]);
    assert_eq!(code, 0, "{lag}");
    assert_eq!((&lag["bytes"], &lag["seconds"], &lag["commits"]), (&0.into(), &0.0.into(), &0.into()));
    assert_eq!(lag["live"]["status"], "ok");
    assert_eq!(lag["live"]["archiver"]["waiting_segments"], 0);
    let text = site.text(&[]);
    assert!(text.starts_with("Every standby that is known has replayed everything.\nPRIMARY  host="), "{text}");
    let answered = site.standby.sql("select now() - pg_last_xact_replay_timestamp() > interval '0'").unwrap();
    assert_eq!(answered.trim(), "t", "the server's own answer grows");
}

/// Positions are those of `pg_stat_replication`; time is that of the first commit that was not replayed.
fn a_standby_that_does_not_replay(site: &Site<'_>) {
    site.standby.sql("select pg_wal_replay_pause()").unwrap();
    assert!(site.standby.comes_to("select pg_get_wal_replay_pause_state()", "paused").unwrap());
    let xids: Vec<String> = (0..5)
        .map(|n| site.primary.sql(&format!("insert into t values ({n}) returning xmin")).unwrap().trim().to_owned())
        .collect();
    let xid = &xids[0];
    let received = "select bool_and(flush_lsn = pg_current_wal_lsn()) from pg_stat_replication";
    assert!(site.primary.comes_to(received, "t").unwrap());
    let stages_of = |lag: &Value| lag["live"]["standbys"][0]["stages"].clone();
    // A server writes by itself, too: what is compared was asked while it wrote nothing.
    let (lag, stages) = (0..20)
        .find_map(|_| {
            let (lag, code) = site.lag(&[]);
            let columns = ["sent_lsn", "write_lsn", "flush_lsn", "replay_lsn"];
            let diff = |column| format!("pg_wal_lsn_diff(pg_current_wal_lsn(), {column})::bigint");
            let asked = format!("select {} from pg_stat_replication", columns.map(diff).join(","));
            let said = site.primary.sql(&asked).unwrap();
            let stages = stages_of(&lag);
            let told: Vec<String> = stages.as_array()?.iter().map(|stage| stage["bytes"].to_string()).collect();
            (code == 0 && told.join("|") == said.trim()).then_some((lag, stages))
        })
        .expect("bytes as pg_stat_replication has them");
    assert!(lag["bytes"].as_u64().unwrap() > 0);
    assert_eq!((&lag["commits"], &stages[3]["wal"]["commits"]), (&5.into(), &5.into()));
    let committed = format!(
        "select to_char(pg_xact_commit_timestamp('{xid}'::xid) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    );
    assert_eq!(stages[3]["wal"]["oldest_commit_time"], site.primary.sql(&committed).unwrap().trim());
    assert!(lag["seconds"].as_f64().unwrap() > 0.0 && stages[3]["wal"]["complete"] == true, "{lag}");
    // The standby says the same of itself.
    let (asked, code) = site.lag(&["--standby", &site.standby_conninfo()]);
    let own = &asked["live"]["standbys"][1];
    assert_eq!((code, &own["told_by"]), (0, &"standby".into()));
    assert_eq!(own["stages"][1]["lsn"], stages[3]["lsn"]);
    let text = site.text(&["--timezone", "UTC"]);
    let time = stages[3]["wal"]["oldest_commit_time"].as_str().unwrap();
    assert!(text.contains(&format!("oldest commit not yet replayed: {}", &time[..10])), "{text}");
    // An archive that ends before has nothing of it.
    let (elsewhere, _) = site.lag(&["-p", site.primary.archive().to_str().unwrap()]);
    assert_eq!(elsewhere["bytes"], lag["bytes"]);
    let unknown = elsewhere["live"]["standbys"][0]["stages"][3]["seconds"].is_null();
    assert!(unknown || elsewhere["live"]["standbys"][0]["stages"][3]["wal"]["commits"] != 0, "{elsewhere}");
}

/// `--watch` reads on where it stopped, over the ends of segments, and counts what whoever reads it all anew counts.
fn what_waits_grows_while_it_is_watched(site: &Site<'_>) {
    let before = site.lag(&[]).0["commits"].as_u64().unwrap();
    let insert = |rows: u32| {
        for row in 0..rows {
            site.primary.sql(&format!("insert into t values ({row})")).unwrap();
        }
    };
    let documents = site.watched(8, |number| match number {
        1 => insert(3),
        2 => drop(site.primary.sql("select pg_switch_wal()").unwrap()),
        3 => insert(2),
        _ => {}
    });
    let replayed = |document: &Value| document["live"]["standbys"][0]["stages"][3].clone();
    let commits: Vec<Value> = documents.iter().map(|document| replayed(document)["wal"]["commits"].clone()).collect();
    assert_eq!((&commits[0], &commits[7]), (&before.into(), &(before + 5).into()), "{commits:?}");
    assert!(documents.iter().all(|document| replayed(document)["wal"]["complete"] == true), "{documents:?}");
    // A server writes by itself, too.
    let same = (0..20).any(|_| {
        let (watched, asked) = (site.watched(3, |_| ()).pop().unwrap(), site.lag(&[]).0);
        watched["bytes"] == asked["bytes"] && {
            assert_eq!(replayed(&watched)["wal"]["records"], replayed(&asked)["wal"]["records"]);
            assert_eq!(replayed(&watched)["wal"]["oldest_commit_time"], replayed(&asked)["wal"]["oldest_commit_time"]);
            true
        }
    });
    assert!(same, "it never stood still");
}

fn limits_and_formats(site: &Site<'_>) {
    for (limits, code, plugin) in [
        (&["--warn", "0"][..], 0, 1),
        (&["--crit", "0"], 1, 2),
        (&["--crit", "1GB", "--warn", "1d"], 0, 0),
        (&["--crit", "0s"], 1, 2),
    ] {
        assert_eq!(site.lag(limits).1, code, "{limits:?}");
        let ran = site.run(&[limits, &["--format", "nagios"]].concat());
        assert_eq!(ran.code, plugin, "{limits:?}: {}", ran.out);
        assert!(ran.out.lines().count() == 1 && ran.out.contains("_bytes="), "{}", ran.out);
        // A graph goes on where another standby comes or goes.
        assert!(!ran.out.contains(" 0_"), "{}", ran.out);
        // People are told which limit is passed, and by what.
        let text = site.text(limits);
        let word = ["", "WARNING  ", "CRITICAL "][plugin as usize];
        let said = text.lines().any(|line| line.starts_with("WARNING") || line.starts_with("CRITICAL"));
        assert!(said == (plugin > 0) && text.contains(word), "{limits:?}: {text}");
    }
    let ran = site.run(&["--format", "prometheus"]);
    let row = |name: &str| ran.out.lines().find(|line| line.starts_with(name) && line.contains("replayed")).unwrap();
    let (lag, _) = site.lag(&[]);
    assert!(row("walproof_lag_bytes").ends_with(&format!(" {}", lag["bytes"])), "{}", ran.out);
    assert!(row("walproof_lag_commits").ends_with(" 5"));
}

fn an_archiver_that_fails(site: &Site<'_>) {
    site.primary.sql("alter system set archive_command = 'false'").unwrap();
    site.primary.sql("select pg_reload_conf()").unwrap();
    site.primary.sql("insert into t values (7); select pg_switch_wal()").unwrap();
    assert!(site.primary.comes_to("select failed_count > 0 from pg_stat_archiver", "t").unwrap());
    let (lag, code) = site.lag(&["--crit", "512kB"]);
    let archiver = &lag["live"]["archiver"];
    assert_eq!((code, &archiver["waiting_segments"], &archiver["failing"]), (1, &1.into(), &true.into()), "{lag}");
    assert_eq!(archiver["first_waiting"], archiver["last_failed"]["file"]);
    assert_eq!(archiver["status"], "critical");
    assert!(archiver["wal"]["commits"].as_u64().unwrap() >= 1 && archiver["waiting_seconds"].is_number(), "{lag}");
    let text = site.text(&[]);
    assert!(text.contains("ARCHIVE  1 segment waits (1 MiB)") && text.contains("fails: "), "{text}");
    let headline = text.lines().next().unwrap();
    assert!(headline.contains("The archiver fails ("), "{text}");
    assert_eq!(site.lag(&[]).0["live"]["archiver"]["status"], "warning");
    site.primary.sql("alter system reset archive_command").unwrap();
    site.primary.sql("select pg_reload_conf()").unwrap();
    assert!(site.primary.comes_to("select last_archived_time > last_failed_time from pg_stat_archiver", "t").unwrap());
    assert_eq!(site.lag(&[]).0["live"]["archiver"]["failing"], false);
}

/// Document after document, until a signal.
fn watched(site: &Site<'_>) {
    let documents: Vec<Value> = site.watched(3, |_| ());
    assert!(documents.iter().all(|document| document["schema"] == "walproof.lag/1"), "{documents:?}");
}
