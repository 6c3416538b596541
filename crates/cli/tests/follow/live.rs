//! A server that writes and is promoted, followed in its own `pg_wal`. It keeps its WAL: on a busy machine a segment
//! may be recycled before a follower has read it, and what is gone cannot be listed. `cargo xtask long follow` is the
//! long form.

use crate::followed::Followed;
use crate::run::walproof;
use walproof_live::{Postgres, Server, gate};

/// `standby.signal` and `pg_ctl promote` work alike from here on.
const OLDEST: u32 = 13;

#[test]
fn a_server_is_followed_through_a_promotion() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        assert!(
            std::env::var_os("WALPROOF_LIVE").is_none_or(|v| v != "1"),
            "WALPROOF_LIVE=1, and no PostgreSQL {OLDEST} or later was found"
        );
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let server =
        Server::start(postgres, "max_wal_size = '8MB'\nmin_wal_size = '5MB'\nwal_keep_size = '256MB'\n").unwrap();
    server
        .sql("create table t(id int primary key, v int); insert into t select i, 0 from generate_series(1, 2000) i")
        .unwrap();
    let start = server.sql("select pg_current_wal_insert_lsn()").unwrap();
    let words = ["-s", start.trim(), "--format", "waldump"];
    let followed = Followed::start(&server.data().join("pg_wal"), &words);
    for round in 0..6 {
        write(&server, &followed, round);
        if round == 2 {
            server.promote().unwrap();
        }
    }
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let words: Vec<&str> = ["dump", archive.to_str().unwrap()].iter().chain(&words).copied().collect();
    let later = walproof(&words);
    assert_eq!(later.code, 0, "{}", later.err);
    assert!(later.out.lines().count() > 10_000);
    let text = followed.until("the last archived record", |text| text.len() >= later.out.len());
    // The server may have written more since.
    let differing = text.lines().zip(later.out.lines()).find(|(a, b)| a != b);
    assert!(text.starts_with(&later.out), "{differing:?}");
}

/// Waits for the follower before it goes on: on a busy machine it may be far behind.
fn write(server: &Server, followed: &Followed, round: u32) {
    server.sql("do $$ begin for i in 1..1500 loop update t set v = v + 1 where id = 1 + i % 2000; commit; end loop; end $$").unwrap();
    let point = format!("round {round}");
    server.sql(&format!("select pg_create_restore_point('{point}')")).unwrap();
    followed.until(&point, |text| text.contains(&format!("RESTORE_POINT {point}")));
    server.sql("checkpoint").unwrap();
    server.sql("update t set v = 0").unwrap();
}
