//! What help says beside the options: which of them `-h` shows, examples, and exit codes. `--help` and the manual pages
//! show everything.

mod history;

use clap::{ArgGroup, Command};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The help of one subcommand.
pub struct HelpPage {
    /// Its name.
    name: &'static str,
    /// Options that `-h` shows, by name; all of them where none is named.
    shown: &'static [&'static str],
    /// Command lines, and what each is for.
    pub examples: &'static [(&'static str, &'static str)],
    /// Exit codes, where they are not those of most commands.
    exits: &'static [(&'static str, &'static str)],
}

/// What every command ends with.
const EXITS: &[(&str, &str)] = &[
    ("0", "proven, or nothing wrong"),
    ("1", "refuted: damage, a gap, a target that is not reached"),
    ("2", "could not tell: usage, I/O, no permission, no WAL"),
];

/// What commands end with that a server runs to archive: it tries again after every other code, too, but in a way that
/// nobody counts.
const SERVER_EXITS: &[(&str, &str)] =
    &[("0", "the server may forget the file"), ("1", "everything else, wrong usage included: it asks again")];

const PAGES: &[HelpPage] = &[
    HelpPage {
        name: "verify",
        shown: &[
            "archive",
            "path",
            "jobs",
            "backup",
            "pgdata",
            "data",
            "target_time",
            "target_name",
            "max_age",
            "must_reach",
            "index",
            "depth",
            "format",
            "timezone",
            "quiet",
        ],
        examples: &[
            ("walproof verify /srv/wal", "does the archive replay, and how far"),
            ("walproof verify /srv/wal --target-time 'yesterday 14:00'", "from which backup does a restore get there"),
            ("walproof verify /srv/wal -q --max-age 15m --index /var/lib/walproof/wal", "each night, by cron"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "plan",
        shown: &[
            "archive",
            "path",
            "backup",
            "pgdata",
            "target_time",
            "target_xid",
            "target_name",
            "format",
            "fetch_list",
            "timezone",
        ],
        examples: &[
            ("walproof plan /srv/wal --backup /srv/base", "the files that a restore to the end asks for"),
            ("walproof plan /srv/wal --target-xid 738 --fetch-list", "to a transaction, for a script"),
            ("walproof plan --backup /srv/base", "what the backup needs, before there is an archive"),
        ],
        exits: &[
            ("0", "all files that the restore needs are there"),
            ("1", "one is missing or damaged, or the target is not reached"),
            ("2", "could not tell: usage, I/O, no permission, no WAL"),
        ],
    },
    HelpPage {
        name: "backups",
        shown: &["archive", "path", "jobs", "stanza", "archive_id", "server", "layout", "data", "format", "timezone"],
        examples: &[
            ("walproof backups /var/lib/pgbackrest", "which backups restore, and from when to when"),
            ("walproof backups /srv/barman --server main --format json", "one server, for a program"),
        ],
        exits: &[
            ("0", "every archive there has a backup that restores"),
            ("1", "one has none, or its tool's own files are damaged"),
            ("2", "could not tell: usage, I/O, no permission, no WAL"),
        ],
    },
    HelpPage {
        name: "compare",
        shown: &["a", "b", "write", "jobs", "format"],
        examples: &[
            ("walproof compare /srv/wal /mnt/copy", "where the two differ, and which is right"),
            ("walproof compare /srv/wal /mnt/copy --write /srv/mended", "and a copy made of what is good in either"),
        ],
        exits: &[
            ("0", "the same records in both, though other bytes may differ"),
            ("1", "they differ"),
            ("2", "could not tell: usage, I/O, no permission, no WAL"),
        ],
    },
    HelpPage {
        name: "dump",
        shown: &[
            "words", "path", "start", "end", "timeline", "limit", "jobs", "rmgr", "xid", "relation", "since", "until",
            "drops", "backup", "follow", "format", "timezone",
        ],
        examples: &[
            ("walproof dump /srv/wal --drops", "when was the table dropped"),
            ("walproof dump /srv/wal 000000010000000000000009 -r Transaction", "commits from a segment on"),
            ("walproof dump /srv/wal -x 738 --format jsonl", "one transaction, for a program"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "stats",
        shown: &[
            "words", "path", "start", "end", "timeline", "jobs", "rmgr", "relation", "since", "until", "by", "top",
            "backup", "format", "timezone",
        ],
        examples: &[
            ("walproof stats /srv/wal --by relation --top 10", "which table makes this WAL"),
            ("walproof stats /srv/wal --by relation --by minute --top 20", "and in which minute"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "fields",
        shown: &[],
        examples: &[("walproof fields -r Heap --as 15", "what dump can tell of records of Heap in 15")],
        exits: &[],
    },
    HelpPage {
        name: "hex",
        shown: &["words", "path", "timeline", "format"],
        examples: &[("walproof hex /srv/wal 0/00AAC690", "the bytes of a record, and what each is")],
        exits: &[],
    },
    HelpPage {
        name: "locate",
        shown: &["first", "others", "path", "timeline", "segment_size", "version", "positions_from", "format"],
        examples: &[
            ("walproof locate 0/00AAC690 --segment-size 1MB", "the segment of a position, and the offset in it"),
            ("walproof locate 00000001000000000000000A --as 15", "as the functions of that server answer"),
            ("walproof locate -p /srv/wal 0/00AAC690", "and whether the archive holds it"),
        ],
        exits: &[("0", "every position was read"), ("2", "one could not be")],
    },
    HelpPage {
        name: "lag",
        shown: &[
            "a",
            "b",
            "after_archive",
            "path",
            "primary",
            "standby",
            "watch",
            "warn",
            "crit",
            "timeline",
            "version",
            "format",
        ],
        examples: &[
            (
                "walproof lag --primary 'host=db1 user=monitor dbname=postgres'",
                "how far standbys and the archiver are behind",
            ),
            ("walproof lag --primary 'host=db1' --crit 1GB,15m --format nagios", "as a monitoring plugin"),
            ("walproof lag 0/00BFFCD8 0/00AAC690", "how many bytes the second is behind the first"),
            ("walproof lag -p /srv/wal 0/00BFFCD8 0/00AAC690", "and how many records, commits and seconds"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "watch",
        shown: &["archive", "path", "jobs", "interval", "listen", "textfile", "index", "stanza", "format", "timezone"],
        examples: &[
            ("walproof watch /srv/wal --listen 9187", "events on standard output, metrics for Prometheus"),
            ("walproof watch /srv/wal --textfile /var/lib/node-exporter/wal.prom", "metrics in a file"),
        ],
        exits: &[
            ("0", "SIGTERM, or nobody reads the events any more"),
            ("2", "nothing could be begun: usage, an address that is taken"),
        ],
    },
    HelpPage {
        name: "timelines",
        shown: &["archive", "path", "jobs", "depth", "format"],
        examples: &[("walproof timelines /srv/wal", "which timelines there are, and where each left its parent")],
        exits: &[],
    },
    HelpPage {
        name: "control",
        shown: &[],
        examples: &[("walproof control /var/lib/postgresql/15/main", "what pg_controldata says of a data directory")],
        exits: &[],
    },
    HelpPage {
        name: "summarize",
        shown: &[],
        examples: &[
            ("walproof summarize /srv/wal/00000001000000A0 -o a0.part", "read one part of a large archive"),
            ("walproof verify --summaries a0.part a1.part", "one verdict of the parts"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "when",
        shown: &["words", "path", "timeline", "jobs", "index", "format", "timezone"],
        examples: &[
            ("walproof when /srv/wal", "from when to when it can be restored"),
            ("walproof when /srv/wal '2026-11-22 03:17:02'", "what a restore to a time keeps and drops"),
            ("walproof when /srv/wal xid:738", "and to a transaction"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "check",
        shown: &[],
        examples: &[
            ("walproof check pg_wal/00000001000000000000000A", "may this segment be archived"),
            (
                "archive_command = 'walproof check %p --state /var/lib/postgresql/passed && cp %p /srv/wal/%f'",
                "in postgresql.conf, with the seam to the segment before",
            ),
        ],
        exits: SERVER_EXITS,
    },
    HelpPage {
        name: "archive-push",
        shown: &[],
        examples: &[
            ("archive_command = 'walproof archive-push %p --to /srv/wal --compress zstd'", "in postgresql.conf"),
            ("walproof archive-push pg_wal/00000001000000000000000A --to /srv/wal --to s3://wal/main", "to two places"),
        ],
        exits: SERVER_EXITS,
    },
    HelpPage {
        name: "ship",
        shown: &[],
        examples: &[
            ("walproof ship /var/lib/postgresql/15/main --to /mnt/wal", "from the files of a server"),
            ("walproof ship --server 'host=db user=repl' --slot ship --create-slot --to /srv/wal", "from the server"),
            ("restore_command = 'walproof archive-get %f %p --from /srv/wal --partial'", "what takes it"),
        ],
        exits: &[
            ("0", "the end that was asked for is reached"),
            ("1", "WAL is damaged or gone, or that of another cluster or history"),
            ("2", "anything else that trying again does not change"),
        ],
    },
    HelpPage {
        name: "archive-prune",
        shown: &["archive", "path", "keep_from", "pgdata", "keep_backups", "yes", "format", "jobs"],
        examples: &[
            ("walproof archive-prune /srv/wal --keep-backups 2", "what the two newest backups do not need"),
            ("walproof archive-prune /srv/wal --keep-backups 2 --yes", "and remove it"),
            ("walproof archive-prune /srv/wal --pgdata /var/lib/postgresql/15/main --yes", "what a standby is behind"),
        ],
        exits: &[("0", "done, or nothing to do"), ("2", "nothing was removed, or not all of it: why is said")],
    },
    HelpPage {
        name: "archive-get",
        shown: &["file", "path", "from", "on_hole", "grace", "partial", "wait", "trigger", "timeout", "layout"],
        examples: &[
            ("restore_command = 'walproof archive-get %f %p --from /srv/wal'", "in postgresql.conf"),
            (
                "walproof archive-get 00000001000000000000000A /tmp/segment --from /srv/wal --from s3://wal/main",
                "by hand",
            ),
            (
                "restore_command = 'walproof archive-get %f %p --from /srv/wal --wait --trigger /tmp/promote'",
                "of a server that follows another one until the file is there",
            ),
        ],
        exits: &[
            ("0", "the file is delivered, whole and checked"),
            ("1", "it is not there: a recovery ends, a standby asks again"),
            (
                "126",
                "anything else, wrong usage included: a recovery stops, and goes on once the server is started again",
            ),
        ],
    },
    HelpPage {
        name: "explain",
        shown: &[],
        examples: &[
            ("walproof explain WP201", "what a code means"),
            ("tail -100 postgresql.log | walproof explain - -p /srv/wal", "what the server's last words mean"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "generate",
        shown: &[],
        examples: &[("walproof generate man /usr/share/man/man1", "manual pages")],
        exits: &[],
    },
];

/// Headings of options that belong together: the type that has them, which is their group.
const HEADINGS: [(&str, &str); 6] = [
    ("Restoring", "Restore"),
    ("ConfigOptions", "Repositories that a backup tool's configuration names"),
    ("Filtering", "Which records"),
    ("FromOptions", "Several places"),
    ("PlaceOptions", "Which of several archives at a place"),
    ("KeyOptions", "Encrypted archives"),
];

/// Each option below its own heading: one that a type gives would hold for all that come behind it.
fn with_headings(command: Command) -> Command {
    let heading =
        |group: &ArgGroup| HEADINGS.iter().find(|(own, _)| *own == group.get_id().as_str()).map(|(_, text)| *text);
    let headed: BTreeMap<String, &str> = command
        .get_groups()
        .filter_map(|group| Some((group, heading(group)?)))
        .flat_map(|(group, text)| group.get_args().map(move |id| (id.to_string(), text)))
        .collect();
    command.mut_args(|argument| {
        let own = headed.get(argument.get_id().as_str()).copied();
        argument.help_heading(own)
    })
}

/// All of them.
fn pages() -> impl Iterator<Item = &'static HelpPage> {
    PAGES.iter().chain(history::PAGES)
}

/// The page of a subcommand.
pub fn page(name: &str) -> Option<&'static HelpPage> {
    pages().find(|page| page.name == name)
}

/// The command line with examples in its help, and what `-h` leaves out left out.
pub fn with_examples(command: Command) -> Command {
    pages().fold(command, |command, page| command.mut_subcommand(page.name, |own| page.dress(own)))
}

impl HelpPage {
    /// Exit codes, and what each says.
    pub fn exits(&self) -> &'static [(&'static str, &'static str)] {
        if self.exits.is_empty() { EXITS } else { self.exits }
    }

    /// A subcommand's help with this page.
    fn dress(&self, mut command: Command) -> Command {
        command = with_headings(command);
        let before = command.get_after_help().map(ToString::to_string);
        let examples = self.in_text();
        command = command.after_long_help(match &before {
            Some(before) => format!("{before}\n\n{examples}"),
            None => examples.clone(),
        });
        if self.shown.is_empty() {
            return command.after_help(match before {
                Some(before) => format!("{before}\n\n{examples}"),
                None => examples,
            });
        }
        let left_out = |id: &str| !self.shown.contains(&id);
        command
            .mut_args(|argument| {
                let hidden = left_out(argument.get_id().as_str());
                argument.hide_short_help(hidden)
            })
            .after_help(format!("{examples}\nMore options: walproof {} --help", self.name))
    }

    fn in_text(&self) -> String {
        let mut text = String::from("Examples:\n");
        for (line, what) in self.examples {
            let _ = writeln!(text, "  {line}\n      {what}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cli;
    use clap::{CommandFactory, FromArgMatches};

    fn command() -> Command {
        with_examples(Cli::command())
    }

    #[test]
    fn every_command_has_a_page_and_every_page_a_command() {
        let names: Vec<String> = command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
        for name in &names {
            assert!(page(name).is_some_and(|page| !page.examples.is_empty()), "{name}");
        }
        assert!(pages().all(|page| names.iter().any(|name| name == page.name)));
    }

    #[test]
    fn options_stand_below_their_own_heading() {
        let all = command();
        let verify = all.find_subcommand("verify").unwrap();
        let heading = |id: &str| {
            let option = verify.get_arguments().find(|a| a.get_id() == id).unwrap();
            option.get_help_heading().map(str::to_owned)
        };
        assert_eq!(heading("backup").as_deref(), Some("Restore"));
        assert_eq!(heading("passphrase_file").as_deref(), Some("Encrypted archives"));
        assert_eq!((heading("depth"), heading("format"), heading("jobs")), (None, None, None));
    }

    #[test]
    fn what_is_shown_is_there() {
        for own in command().get_subcommands() {
            let ids: Vec<String> = own.get_arguments().map(|a| a.get_id().to_string()).collect();
            for shown in page(own.get_name()).unwrap().shown {
                assert!(ids.iter().any(|id| id == shown), "{} has no {shown}", own.get_name());
            }
        }
    }

    #[test]
    fn short_help_is_a_screen_and_long_help_has_every_option() {
        for own in command().get_subcommands_mut() {
            let (name, short) = (own.get_name().to_owned(), own.render_help().to_string());
            assert!(short.lines().count() <= 48, "{name} -h: {} lines", short.lines().count());
            assert!(short.contains("Examples:"), "{name}");
            let long = own.render_long_help().to_string();
            for option in own.get_arguments().filter(|a| !a.is_hide_set()).filter_map(|a| a.get_long()) {
                assert!(long.contains(&format!("--{option}")), "{name} --{option}");
            }
        }
    }

    /// An option has one short letter and one value everywhere, and a letter one option; but for `pg_waldump`'s own.
    #[test]
    fn an_option_is_the_same_everywhere() {
        let (mut options, mut letters) = (BTreeMap::new(), BTreeMap::new());
        let mut all = command();
        all.build();
        for own in all.get_subcommands() {
            for option in own.get_arguments() {
                let Some(long) = option.get_long() else { continue };
                let here = (option.get_short(), option.get_value_names().map(<[_]>::to_vec));
                let known = options.entry(long.to_owned()).or_insert((here.clone(), own.get_name().to_owned()));
                // What it takes may be told by its place.
                assert_eq!(known.0.0, here.0, "--{long} of {} and of {}", known.1, own.get_name());
                if let Some(short) = here.0 {
                    let first = letters.entry(short).or_insert(long.to_owned());
                    assert_eq!(first, long, "-{short} of {}", own.get_name());
                }
            }
        }
    }

    #[test]
    fn examples_are_understood() {
        for (line, _) in pages().flat_map(|page| page.examples) {
            // Of a setting, the command in it.
            let own = line.split_once(" = '").map_or(*line, |(_, command)| command.trim_end_matches('\''));
            let own = own.split(" && ").next().unwrap().rsplit("| ").next().unwrap();
            let words = shell_words(own);
            let matches = command().try_get_matches_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(Cli::from_arg_matches(&matches).is_ok(), "{line}");
        }
    }

    /// Words as a shell would make them, of lines that only know single quotes.
    fn shell_words(line: &str) -> Vec<String> {
        let parts = line.split('\'').enumerate();
        parts
            .flat_map(|(at, part)| match at % 2 {
                1 => vec![part.to_owned()],
                _ => part.split_whitespace().map(str::to_owned).collect(),
            })
            .collect()
    }
}
