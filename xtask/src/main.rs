//! The chores: `cargo xtask COMMAND`.

mod api;
mod code;
mod compare;
mod compare_repos;
mod deny;
mod folder;
mod follow;
mod forensics;
mod fuzz;
mod get;
mod long;
mod package;
mod peak;
mod postgres;
mod record_speed;
mod release;
mod restore;
mod run;
mod shape;
mod ship_speed;
mod store_speed;
mod test;
mod watch;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [ARG…]            every test, with a real PostgreSQL (installed where none is found), and what was left out;
                         ARGs go to cargo test
  postgres               find PostgreSQL, install it where there is none, print the folder of its programs
  shape [--table|--write]
                         count circles, long files, wide lines, names; fail where xtask/shape.txt allows fewer
  api [--check|--write]  the public items at the top of pgwal; held against crates/pgwal/api.txt, or written there
  deny                   licences and sources of dependencies, with cargo-deny, which is built where it is missing
  man DIR                manual pages
  completions DIR        completions for bash, zsh, fish and more
  deb DIR [BINARY]       a Debian package of the release binary, or of this one
  release [DIR]          a static program with the stores and the zones of the world built in, checksums, a Containerfile, in DIR
                         (target/dist); tried in an empty root
  release-try BINARY     the last part of it alone
  score --cmd COMMAND…   how much of what is wrong with archives a tool's own check finds: docs/for-backup-tools.md
  compare DIR…           time walproof against pg_waldump on folders of WAL, write benches/results/against_pg_waldump.md
  compare-repos DIR…     the same of WAL that is packed and encrypted, write benches/results/packed.md
  store-speed DIR…       the same of WAL in an S3-compatible store beside fetching it alone, write benches/results/store.md
  memory DIR…            peak memory of walproof verify on each folder, write benches/results/memory.md
  ship-speed             time archive-push, archive-get and check beside cp and pgBackRest, write benches/results/shipping.md
  record-speed           time ship beside pg_receivewal on one server, and what lag --watch costs, write benches/results/records.md
  long ship [ROUNDS]     archive-push, archive-get, archive-prune and check killed, crowded and deprived of their place, ROUNDS (300)
                         each, and their tests with servers
  long ship-records [ROUNDS] [KILLS]
                         ship: the primary killed ROUNDS (20) times, three promotions; itself killed, and its connections cut, KILLS (200) times
  long index             1,000 edits of an archive under an index, 500 partitions of one into parts, 200 killed runs, 10,000 segments
  long million-files     walproof on a folder of a million empty files
  long busy-archive [RUNS]
                         verify of an archive that is written, packed and expired, RUNS (25) times for each of four ways to write
  long follow [MINUTES]  dump --follow of a server under pgbench and through a promotion, for MINUTES (5)
  long watch [MINUTES]   watch beside a server that archives, expires, crashes and is promoted, for MINUTES (20)
  long restore [SEEDS] [FIRST]
                         foretell SEEDS (200) restores, have the server do them, compare; from seed FIRST (0) on
  long forensics [SEEDS] [FIRST]
                         what events, txns, top and blame tell of SEEDS (50) random workloads of a server, from seed FIRST (1) on
  long before [EVENTS] [FIRST]
                         EVENTS (50) random events of a server's workload of seed FIRST (1), each undone by what events --before prints
  long on-disk [SEEDS] [FIRST]
                         what walproof events says is left of old rows, for SEEDS (20) random workloads, against the files of a server
  long names [CLUSTERS] [FOLDER…]
                         names by WAL and backups of CLUSTERS (5) clusters of each major, against what the server says
  long get [FOLDER…]     real servers that recover with archive-get: those whose programs lie in these folders, else one of each major
  long restored [COUNT] [FIRST]
                         what verify --restored says of COUNT (40) real restores, half of which ended early
  long tools [SEEDS] [FIRST]
                         pgBackRest, Barman and barman-cloud: archive, back up, damage, foretell, restore, compare, for SEEDS (10)
  long fuzz [MINUTES]    each fuzz target for MINUTES (10), on nightly with cargo-fuzz; write benches/results/fuzz.md";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test", rest @ ..] => test::run(rest),
        ["postgres"] => {
            println!("{}", postgres::find_or_install()?.bin().display());
            Ok(())
        }
        ["shape", rest @ ..] => shape::run(rest),
        ["api", rest @ ..] => api::run(rest),
        ["deny"] => deny::run(),
        [what @ ("man" | "completions"), folder] => package::generate(what, folder),
        ["deb", folder] => package::deb(folder, None),
        ["deb", folder, binary] => package::deb(folder, Some(binary)),
        ["release"] => release::run(None),
        ["release", folder] => release::run(Some(folder)),
        ["release-try", binary] => release::tried(std::path::Path::new(binary)),
        ["score", words @ ..] => {
            let command = ["run", "--quiet", "--package", "walproof-testdata", "--bin", "score", "--"];
            run::done(run::cargo().args(command).args(words))
        }
        ["compare", folders @ ..] if !folders.is_empty() => compare::run(folders),
        ["compare-repos", folders @ ..] if !folders.is_empty() => compare_repos::run(folders),
        ["store-speed", folders @ ..] if !folders.is_empty() => store_speed::run(folders),
        ["memory", folders @ ..] if !folders.is_empty() => peak::run(folders),
        ["ship-speed"] => ship_speed::run(),
        ["record-speed"] => record_speed::run(),
        ["long", "ship"] => long::ship(300),
        ["long", "ship", rounds] => long::ship(rounds.parse()?),
        ["long", "ship-records"] => long::ship_records(20, 200),
        ["long", "ship-records", rounds] => long::ship_records(rounds.parse()?, 200),
        ["long", "ship-records", rounds, kills] => long::ship_records(rounds.parse()?, kills.parse()?),
        ["long", "index"] => long::index(),
        ["long", "million-files"] => long::million_files(),
        ["long", "busy-archive"] => long::busy_archive(25),
        ["long", "busy-archive", runs] => long::busy_archive(runs.parse()?),
        ["long", "follow"] => follow::run(5),
        ["long", "follow", minutes] => follow::run(minutes.parse()?),
        ["long", "watch"] => watch::run(20),
        ["long", "watch", minutes] => watch::run(minutes.parse()?),
        ["long", "restore"] => restore::run(200, 0),
        ["long", "restore", seeds] => restore::run(seeds.parse()?, 0),
        ["long", "restore", seeds, first] => restore::run(seeds.parse()?, first.parse()?),
        ["long", "forensics"] => forensics::run(50, 1),
        ["long", "forensics", seeds] => forensics::run(seeds.parse()?, 1),
        ["long", "forensics", seeds, first] => forensics::run(seeds.parse()?, first.parse()?),
        ["long", "before"] => forensics::before(50, 1),
        ["long", "before", events] => forensics::before(events.parse()?, 1),
        ["long", "before", events, first] => forensics::before(events.parse()?, first.parse()?),
        ["long", "on-disk"] => forensics::on_disk(20, 1),
        ["long", "on-disk", seeds] => forensics::on_disk(seeds.parse()?, 1),
        ["long", "on-disk", seeds, first] => forensics::on_disk(seeds.parse()?, first.parse()?),
        ["long", "names"] => forensics::names(5, &[]),
        ["long", "names", clusters, folders @ ..] => forensics::names(clusters.parse()?, folders),
        ["long", "get", folders @ ..] => get::get(folders),
        ["long", "restored"] => get::restored(40, 0),
        ["long", "restored", count] => get::restored(count.parse()?, 0),
        ["long", "restored", count, first] => get::restored(count.parse()?, first.parse()?),
        ["long", "tools"] => long::tools(10, 0),
        ["long", "tools", seeds] => long::tools(seeds.parse()?, 0),
        ["long", "tools", seeds, first] => long::tools(seeds.parse()?, first.parse()?),
        ["long", "fuzz"] => fuzz::run(10),
        ["long", "fuzz", minutes] => fuzz::run(minutes.parse()?),
        _ => bail!(USAGE),
    }
}
