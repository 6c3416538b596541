//! Names at positions of WAL, against what a real server says its relations are called: with a base backup and without,
//! each is named rightly or left a number.
//!
//! - `WALPROOF_CLUSTERS`: how many clusters (1).

use super::shaken::Shaken;
use crate::run::{Ran, testdata, walproof};
use crate::told::document;
use pgwal::catalog::mapping::QUERY;
use pgwal::catalog::{ListedNames, Names};
use pgwal::forensics::{EventWish, base_catalogs, events};
use pgwal::format::Lsn;
use pgwal::format::record::RelFileLocator;
use pgwal::verify::backup;
use pgwal::verify::records::ListRequest;
use pgwal::{Options, open};
use serde_json::Value;
use std::path::Path;
use walproof_live::{Postgres, Server, Shape, Wal, gate};

/// The oldest server of which the tests know that all steps are possible.
const OLDEST: u32 = 12;
/// The first OID that is not a system object's.
const FIRST_NORMAL: u32 = 16384;

/// What the server says a file is called at a position.
struct Truth {
    at: Lsn,
    rel: RelFileLocator,
    oid: u32,
    name: [String; 3],
}

#[test]
fn relations_are_named_rightly_or_left_numbers() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let clusters = std::env::var("WALPROOF_CLUSTERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    for cluster in 0..clusters {
        one(postgres.clone(), cluster);
    }
}

/// The server writes images while the backup is taken; behind it, the pages are what the backup has.
#[test]
fn a_backup_names_relations_where_wal_has_no_images() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let server = Server::start(postgres, "autovacuum = off\nfull_page_writes = off\n").unwrap();
    server.sql("create schema s; create table s.gone(id int); create view s.seen as select 1 as one").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tar = folder.path().join("tar");
    server.base_backup(&tar, Shape::Tar, Wal::None, None).unwrap();
    server.sql("drop table s.gone").unwrap();
    server.sql("begin; create view s.other as select 2 as two; rollback").unwrap();
    server.sql("create view s.another as select 3 as three").unwrap();
    server.switch_and_archive().unwrap();
    let (archive, tar) = (server.archive(), tar.to_str().unwrap().to_owned());
    let told = |words: &[&str]| {
        let ran = walproof(&[&["events", archive.to_str().unwrap(), "--backup", &tar], words].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
    };
    let all = told(&["--kind", "create,drop"]);
    assert!(all.contains("DROP  postgres.s.gone (") && all.contains("CREATE  view postgres.s.another"), "{all}");
    assert!(told(&["-R", "s.another"]).contains("CREATE  view postgres.s.another"));
    assert!(told(&["--database", "postgres", "--kind", "create"]).contains("postgres.s.another"));
}

/// A rewrite goes by way of files, and of a relation, that are nobody's when it is rolled back.
#[test]
fn a_rewrite_that_is_rolled_back_makes_nothing() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let server = Server::start(postgres, "autovacuum = off\n").unwrap();
    server.sql("create table orders(id int primary key, note text)").unwrap();
    server.sql("insert into orders select i, repeat('x', 200) from generate_series(1, 300) i; checkpoint").unwrap();
    let rewrites = [
        "alter table orders alter id type bigint",
        "cluster orders using orders_pkey",
        "truncate orders",
        // Ends in the middle, before the new file takes the place of the old one.
        "alter table orders alter note type int using 1 / (id - 200)",
    ];
    for rewrite in rewrites {
        let _ = server.sql(&format!("begin; {rewrite}; rollback"));
    }
    // Its first file is not its last one any more.
    server.sql("vacuum full orders").unwrap();
    let _ = server.sql(rewrites[3]);
    server.switch_and_archive().unwrap();

    // The one that is asked for is told, whatever was made with it.
    let parts: String = (0..30).map(|n| format!("create table part_{n}(i int);")).collect();
    server.sql(&parts).unwrap();
    server.switch_and_archive().unwrap();
    let ran = walproof(&["events", server.archive().to_str().unwrap(), "-R", "part_27", "--kind", "create"]);
    assert!(ran.out.contains("CREATE  postgres.public.part_27 ("), "{}", ran.out);

    let found = document(&server.archive(), &["--kind", "create,rewrite,truncate"]);
    let all = found["events"].as_array().unwrap();
    let aborted: Vec<&Value> = all.iter().filter(|event| event["outcome"] == "aborted").collect();
    let kinds: Vec<&str> = aborted.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    // The first one makes its index anew, by dropping it.
    assert_eq!(kinds, ["rewrite", "create", "rewrite", "truncate", "rewrite", "rewrite"], "{found:#}");
    let table = |event: &Value| {
        let of = &event["relations"][0];
        (of["name"].as_str().map(str::to_owned), of["file"].is_string() && of["new_file"].is_string())
    };
    let orders = (Some("postgres.public.orders".to_owned()), true);
    assert!(aborted.iter().filter(|event| event["kind"] != "create").all(|event| table(event) == orders), "{found:#}");
    assert_eq!(table(aborted[1]), (Some("postgres.public.orders_pkey".to_owned()), false), "{found:#}");

    let ran = walproof(&["txns", server.archive().to_str().unwrap(), "-n", "100", "--format", "json"]);
    assert!(ran.out.contains("postgres.public.orders") && !ran.out.contains("pg_temp_"), "{}", ran.out);
}

fn one(postgres: Postgres, cluster: u32) {
    let in_place = if postgres.major() >= 15 { "allow_in_place_tablespaces = on\n" } else { "" };
    let hints = if cluster & 1 == 0 { "wal_log_hints = on\n" } else { "" };
    let server = Server::start(postgres, &format!("autovacuum = off\n{in_place}{hints}")).unwrap();
    let mut truths = Vec::new();
    begin(&server);
    // Each cluster has names and files of its own.
    let mut shaken = Shaken::new(u64::from(cluster));
    shaken.go_on(&server, 20);
    snapshot(&server, &mut truths);
    let waiting = transactions_that_are_open(&server);
    let folder = tempfile::tempdir().unwrap();
    let tar = folder.path().join("tar");
    server.base_backup(&tar, Shape::Tar, Wal::None, None).unwrap();
    std::fs::write(server.data().join("go"), "").unwrap();
    for session in waiting {
        session.finish().unwrap();
    }
    snapshot(&server, &mut truths);
    let backed_up = truths.last().unwrap().at;
    shaken.go_on(&server, 20);
    for (statement, n) in CHANGES.iter().zip(1..) {
        server.sql(statement).unwrap();
        if n == 5 {
            snapshot(&server, &mut truths);
        }
    }
    shaken.go_on(&server, 20);
    in_database(&server, "shop", "truncate sold; create index on sold(id);");
    snapshot(&server, &mut truths);
    shaken.go_on(&server, 20);
    for statement in MORE_CHANGES {
        server.sql(statement).unwrap();
    }
    snapshot(&server, &mut truths);
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let alone = names(&archive, None);
    compare("WAL alone", &alone, &truths, Lsn::new(u64::MAX));
    let by_tar = names(&archive, Some(&tar));
    compare("a tar", &by_tar, &truths, backed_up);
    if server.postgres().major() >= 15 {
        let plain = folder.path().join("plain");
        server.base_backup(&plain, Shape::Plain, Wal::None, None).unwrap();
        server.switch_and_archive().unwrap();
        // A backup from behind names what was before, as far as nothing says otherwise.
        compare("a later folder", &names(&archive, Some(&plain)), &truths, Lsn::new(u64::MAX));
    }
    said(&archive, &tar);
}

/// Tables, an index, a view, a schema, another database, a tablespace.
fn begin(server: &Server) {
    let place = server.archive().with_file_name("space");
    let make = format!("copy (select 1) to program 'mkdir -p {}'", place.display());
    let location = if server.postgres().major() >= 15 { String::new() } else { place.display().to_string() };
    if !location.is_empty() {
        server.sql(&make).unwrap();
    }
    server.sql(&format!("create tablespace space location '{location}'")).unwrap();
    server.sql("create schema s; create schema other; create table s.orders(id int primary key, note text)").unwrap();
    server
        .sql("create table other.orders(id int); create table s.kept(id int); create table s.emptied(id int)")
        .unwrap();
    server
        .sql("create table s.before(id int); create table s.gone(id int); create table s.full(id int, t text)")
        .unwrap();
    server
        .sql("create table s.far(id int) tablespace space; create materialized view s.mat as select 1 as one")
        .unwrap();
    server.sql("insert into s.orders select i, 'n' from generate_series(1, 500) i").unwrap();
    server.sql("create database shop").unwrap();
    in_database(server, "shop", "create table sold(id int); insert into sold values (1);");
}

/// A CREATE, a rename and a TRUNCATE that commit behind the backup, and a DROP that is rolled back.
fn transactions_that_are_open(server: &Server) -> Vec<walproof_live::ScriptSession> {
    let wait = "do $$ begin loop exit when (pg_stat_file('go', true)).size is not null; perform pg_sleep(0.05); \
                end loop; end $$;";
    let open = [
        format!("begin; create table s.late(id int primary key); insert into s.late values (1); {wait} commit;\n"),
        format!("begin; alter table s.before rename to behind; {wait} commit;\n"),
        format!("begin; truncate s.emptied; {wait} commit;\n"),
        format!("begin; drop table s.kept; {wait} rollback;\n"),
    ];
    let sessions: Vec<_> = open.iter().map(|script| server.session(script).unwrap()).collect();
    let asked = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    while server.sql(asked).unwrap().trim() != "4" {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    sessions
}

const CHANGES: [&str; 10] = [
    "truncate s.orders",
    "vacuum full s.full",
    "drop table s.gone",
    "create table s.new(id int primary key)",
    "alter table s.kept rename to kept_on",
    "cluster s.orders using orders_pkey",
    "alter table s.far set tablespace pg_default",
    "begin; create table s.never(id int); truncate s.full; rollback",
    "vacuum full pg_class",
    "create table s.behind_pg_class(id int)",
];

const MORE_CHANGES: [&str; 6] = [
    "vacuum full pg_namespace",
    "create schema third; create table third.own(id int)",
    "begin; savepoint a; alter table s.new rename to a; rollback to a; alter table s.new rename to newer; commit",
    "refresh materialized view s.mat",
    "reindex table s.orders",
    "create database copy template shop",
];

/// Runs statements in a database.
fn in_database(server: &Server, database: &str, statements: &str) -> String {
    let (out, complaints) = server.session(&format!("\\c {database}\n{statements}\n")).unwrap().finish().unwrap();
    assert!(!complaints.contains("ERROR"), "{complaints}");
    out
}

fn snapshot(server: &Server, truths: &mut Vec<Truth>) {
    let databases = server.sql("select datname from pg_database where datallowconn").unwrap();
    let lists: Vec<String> = databases.lines().map(|name| in_database(server, name, &format!("{QUERY};"))).collect();
    let at: Lsn = server.sql("select pg_current_wal_insert_lsn()").unwrap().trim().parse().unwrap();
    for line in lists.iter().flat_map(|list| list.lines()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [db, database, _, schema, name, oid, _, spc, file] = columns[..] else { continue };
        let number = |text: &str| text.parse::<u32>().unwrap();
        truths.push(Truth {
            at,
            rel: RelFileLocator { spc: number(spc), db: number(db), rel: number(file) },
            oid: number(oid),
            name: [database, schema, name].map(str::to_owned),
        });
    }
}

/// The names that WAL tells, with a backup or without.
fn names(archive: &Path, base: Option<&Path>) -> Names {
    let base = base.map(|path| {
        let opened = backup::open(path).unwrap();
        let label = opened.label.as_ref().map(|label| (label.start, label.start_file.timeline));
        let catalogs = base_catalogs(label, &mut |wants, take| backup::each_file(&opened, path, wants, take)).unwrap();
        assert_eq!((catalogs.pages_left_out, catalogs.left_out), (0, 0));
        catalogs
    });
    let given = Names::given(ListedNames::default(), base);
    let source = open(&[archive.to_owned()]).unwrap();
    let wanted = ListRequest { options: Options::default(), limit: None };
    let wish = EventWish::for_names();
    events(source.as_ref(), &wanted, &wish, &given, &|_, _, _| {}, &mut |_| Ok(())).unwrap().names
}

/// Nothing is named wrongly; from a position on, nothing of a user is left a number.
fn compare(by: &str, names: &Names, truths: &[Truth], all_from: Lsn) {
    let (mut named, mut numbers) = (0, 0);
    let text = |part: Option<Vec<u8>>| part.map(|part| String::from_utf8(part).unwrap());
    for Truth { at, rel, oid, name } in truths {
        let Some(found) = names.relation_at(*rel, *at) else {
            numbers += 1;
            assert!(*oid < FIRST_NORMAL || *at < all_from, "by {by}, {name:?} {rel:?} has no name at {at}");
            continue;
        };
        named += 1;
        assert_eq!((found.oid, text(Some(found.name)).as_ref()), (*oid, Some(&name[2])), "by {by}, {rel:?} at {at}");
        for (part, own) in [(text(found.schema), &name[1]), (text(found.database), &name[0])] {
            assert!(part.as_ref().is_none_or(|part| part == own), "by {by}, {name:?}: {part:?} at {at}");
        }
    }
    println!("by {by}: {named} named, {numbers} left numbers");
    assert!(named > 0);
}

/// What users see of it.
fn said(archive: &Path, tar: &Path) {
    let (archive, tar) = (archive.to_str().unwrap(), tar.to_str().unwrap());
    let run = |words: &[&str]| -> Ran { walproof(&[words, &["--backup", tar]].concat()) };
    let dump = run(&["dump", archive, "-R", "postgres.s.orders", "--format", "jsonl"]);
    let blocks = dump.out.lines().filter(|line| line.contains("\"name\":\"postgres.s.orders\"")).count();
    assert!(dump.code == 0 && blocks > 100, "{} {blocks} {}", dump.code, dump.err);
    let text = run(&["dump", archive, "-R", "s.orders", "-r", "Heap"]);
    assert!(text.out.lines().all(|line| line.contains("  postgres.s.orders (1663/5/") || line.contains("1663/")));
    let several = run(&["dump", archive, "-R", "orders"]);
    assert!(
        several.code == 2 && several.err.contains("other.orders") && several.err.contains("s.orders"),
        "{}",
        several.err
    );
    assert_eq!(run(&["stats", archive, "-R", "nobody.knows"]).code, 2);
    let stats = run(&["stats", archive, "--by", "relation"]);
    assert!(stats.code == 0 && stats.out.contains("shop.public.sold ("), "{} {}", stats.out, stats.err);
    let csv = run(&["stats", archive, "--by", "relation", "--format", "csv"]);
    assert!(csv.out.starts_with("tablespace,database,relation,fork,name,"), "{}", csv.out);
    let shop = run(&["events", archive, "--database", "shop", "--kind", "truncate"]);
    assert!(shop.code == 0 && shop.out.contains("shop.public.sold"), "{} {}", shop.out, shop.err);
    assert!(!shop.out.contains("s.orders"), "{}", shop.out);
    assert_eq!(run(&["events", archive, "--database", "nobody"]).code, 2);
    let other = run(&["events", &testdata("demo/good")]);
    assert!(other.code == 2 && other.err.contains("is of another cluster"), "{}", other.err);
    let latest = walproof(&["dump", archive, "--backup", "latest"]);
    assert!(latest.code == 2 && latest.err.contains("no repository"), "{}", latest.err);
}

/// Backups that real tools made, in their repositories: files of their own and in bundles, packed, encrypted.
#[test]
fn backups_in_repositories_of_tools() {
    let Some(folder) = std::env::var_os("WALPROOF_REPOS").map(std::path::PathBuf::from) else {
        return gate::goes_without("repositories of real tools (WALPROOF_REPOS)");
    };
    let pass = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pass.path(), "walproof-test-1\n").unwrap();
    for (repo, is_read) in [
        ("01-pgbackrest-plain-gz", true),
        ("02-pgbackrest-zst-multi", true),
        ("03-pgbackrest-aes-zst", true),
        ("05-barman-gzip", true),
        ("06-barman-zstd-two-timelines", true),
        // By blocks, and by tools that give out no single files: said, not guessed.
        ("04-pgbackrest-bundle-block", false),
        ("07-barman-cloud", false),
        ("10-pg_probackup", false),
    ] {
        let place = folder.join(repo).join("good");
        let words = ["stats", place.to_str().unwrap(), "--by", "relation", "--backup", "latest"];
        let ran = walproof(&[&words[..], &["--passphrase-file", pass.path().to_str().unwrap()]].concat());
        let named = ran.code == 0 && ran.out.contains("\npostgres.public.t (");
        let refused = ran.code == 2 && ran.err.contains("are not");
        assert!(if is_read { named } else { refused }, "{repo}: {} {} {}", ran.code, ran.out, ran.err);
    }
}
