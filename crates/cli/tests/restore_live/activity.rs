//! What sessions do: scripts of random transactions that print what they did, a mark a line.

pub use crate::position::{position, spelled};
use std::fmt::Write as _;

use walproof_live::Random;

/// Tables that every session writes, and functions that scripts use.
pub const SCHEMA: &str = "
    create table facts(id serial primary key, label text, xid bigint);
    create table wide(id serial, body text);
    create table counted(id int primary key, n int);
    insert into counted select i, 0 from generate_series(1, 200) i;
    create sequence tickets;
    create function noise(n int) returns text language sql as
      $$ select string_agg(md5(random()::text || i), '') from generate_series(1, n) i $$;
    create function nested(n int, tag text) returns void language plpgsql as $$ begin
      for i in 1..n loop begin insert into facts(label, xid) values (tag, 0); exception when others then null; end; end loop; end $$";

/// What a script has been and what has been left to do for later ones.
#[derive(Debug, Default)]
pub struct Open {
    prepared: Vec<String>,
    databases: Vec<String>,
    tablespaces: Vec<String>,
    made: usize,
}

/// `steps` random steps of the session of this name.
pub fn script(random: &mut Random, session: &str, steps: usize, open: &mut Open) -> String {
    let mut sql = format!(
        "create table if not exists own_{session}(id int, body text); create unlogged table if not exists fleeting_{session}(id int);\n"
    );
    for step in 0..steps {
        let label = format!("{session}_{step}");
        step_of(random, session, &label, open, &mut sql);
        let _ = writeln!(sql, "select 'lsn|' || pg_current_wal_insert_lsn();");
        if !random.once_in(3) {
            let _ = writeln!(sql, "select pg_sleep({});", 0.002 + random.below(20) as f64 / 1000.0);
        }
    }
    sql
}

fn step_of(random: &mut Random, session: &str, label: &str, open: &mut Open, sql: &mut String) {
    let fact = format!("insert into facts(label, xid) values ('{label}', txid_current());");
    let mark = |kind: &str| format!("select '{kind}|' || txid_current();");
    let transaction = |body: &str, kind: &str, end: &str| format!("begin; {fact} {body} {} {end};\n", mark(kind));
    let row = 1 + random.below(200);
    let change = format!("update counted set n = n + 1 where id = {row};");
    *sql += &match random.weighted(&[16, 8, 6, 6, 6, 6, 6, 6, 4, 4, 4, 4, 4, 2, 2, 4, 1, 3, 1, 2]) {
        0 => transaction(&change, "commit", "commit"),
        1 => {
            let sub = "savepoint a; insert into wide(body) values ('a'); select 'sub|' || xmin from wide where id = lastval();";
            transaction(
                &format!("{sub} rollback to a; savepoint b; insert into wide(body) values ('b'); release b;"),
                "commit",
                "commit",
            )
        }
        2 => transaction(&change, "abort", "rollback"),
        3 => {
            let sub = "savepoint a; insert into wide(body) values ('c'); select 'sub|' || xmin from wide where id = lastval(); release a;";
            transaction(sub, "abort", "rollback")
        }
        4 => transaction(
            &format!("insert into wide(body) select noise({});", 500 + random.below(6000)),
            "commit",
            "commit",
        ),
        5 => {
            let name = format!("p_{label}_{}", open.made);
            open.made += 1;
            open.prepared.push(name.clone());
            transaction(
                "savepoint s; insert into wide(body) values ('p'); release s;",
                "prepared",
                &format!("prepare transaction '{name}'"),
            )
        }
        6 if open.prepared.is_empty() => transaction("", "commit", "commit"),
        6 => {
            let name = open.prepared.remove(random.below(open.prepared.len()));
            format!("{} prepared '{name}';\n", if random.once_in(3) { "rollback" } else { "commit" })
        }
        7 => {
            let name = if random.once_in(3) { repeated_name(random) } else { format!("rp_{label}_{}", open.made) };
            open.made += 1;
            format!("select 'lsn|' || pg_create_restore_point('{name}'); select 'point|{name}';\n")
        }
        8 => "select 'lsn|' || pg_switch_wal();\n".to_owned(),
        9 => "checkpoint;\n".to_owned(),
        10 => format!(
            "select count(nextval('tickets')) from generate_series(1, {}) having false;\n",
            10 + random.below(100)
        ),
        11 => transaction(
            &format!("truncate own_{session}; insert into own_{session} select i, 'x' from generate_series(1, 50) i;"),
            "commit",
            "commit",
        ),
        12 => transaction(
            &format!(
                "insert into fleeting_{session} values (1); create table brief_{session}(a int primary key); drop table brief_{session};"
            ),
            "commit",
            "commit",
        ),
        13 => "vacuum counted; select 'lsn|' || pg_logical_emit_message(false, 'test', 'not in a transaction');\n"
            .to_owned(),
        14 => format!("drop index if exists by_{session}; create index by_{session} on own_{session}(id);\n"),
        15 => transaction("select nested(6, 'nested');", "commit", "commit"),
        // Files are made or removed before the commit is written.
        16 if open.databases.is_empty() => {
            let name = format!("d_{label}_{}", open.made);
            open.made += 1;
            open.databases.push(name.clone());
            format!("create database {name} template template0;\n")
        }
        16 => format!("drop database if exists {};\n", open.databases.remove(random.below(open.databases.len()))),
        17 => transaction(
            &format!(
                "alter table own_{session} add column if not exists c{} int default 7; comment on table facts is '{label}';",
                random.below(4)
            ),
            "commit",
            "commit",
        ),
        // Inside the data directory, so that recoveries beside each other share none (10 to 14 in late minor releases
        // only).
        18 if open.tablespaces.len() < 3 => {
            let name = format!("s_{label}_{}", open.made);
            open.made += 1;
            open.tablespaces.push(name.clone());
            format!(
                "set allow_in_place_tablespaces = on; create tablespace {name} location ''; create table in_{name} tablespace {name} as select 1;\n"
            )
        }
        18 => {
            let name = open.tablespaces.remove(random.below(open.tablespaces.len()));
            format!("drop table if exists in_{name}; drop tablespace if exists {name};\n")
        }
        _ => transaction(
            &format!("select pg_logical_emit_message(true, 'test', '{label}'); lock table counted in share mode;"),
            "commit",
            "commit",
        ),
    };
}

/// A restore point's name that there is more than once.
pub fn repeated_name(random: &mut Random) -> String {
    format!("again_{}", random.below(6))
}

/// A transaction with more subtransactions than a snapshot in WAL can hold, open for some time: hot standby has to wait
/// for its end.
pub fn overflowed(seconds: f64) -> String {
    format!(
        "begin; select nested(70, 'overflow') ; select 'commit|' || txid_current(); select pg_sleep({seconds}); commit;\n"
    )
}

/// What the sessions said.
#[derive(Debug, Default, Clone)]
pub struct Marks {
    /// Transactions that were to commit (a crash may have kept some from it).
    pub commits: Vec<u64>,
    /// Transactions that rolled back.
    pub aborts: Vec<u64>,
    /// Subtransactions.
    pub subs: Vec<u64>,
    /// Transactions that were prepared.
    pub prepared: Vec<u64>,
    /// Names of restore points.
    pub points: Vec<String>,
    /// Positions, most of them where a record ends.
    pub lsns: Vec<u64>,
}

impl Marks {
    /// Take in what a session printed.
    pub fn read(&mut self, printed: &str) {
        for (kind, value) in printed.lines().filter_map(|line| line.split_once('|')) {
            match kind {
                "commit" => self.commits.extend(value.parse::<u64>()),
                "abort" => self.aborts.extend(value.parse::<u64>()),
                "sub" => self.subs.extend(value.parse::<u64>()),
                "prepared" => self.prepared.extend(value.parse::<u64>()),
                "point" => self.points.push(value.to_owned()),
                "lsn" => self.lsns.extend(position(value)),
                _ => {}
            }
        }
    }
}
