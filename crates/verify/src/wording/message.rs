//! What is wrong.

use super::{backup, copies, given, misfiled, packing, restore as of_restore, restored, start, target};
use crate::codes::Code;
use crate::finding::{Detail, Finding, Unasked};
use crate::reach::span;
use crate::telling::TellTime;
use pgwal_format::Layout;
use pgwal_format::dialect::MAGIC_19_BETA;
use pgwal_format::page::PageFault;
use pgwal_format::record::{BodyFault, HeaderFault};
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::rmgr::Rmgr;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::text::history::Switch;
use pgwal_recovery::failure::{Failure, Lacking};
use pgwal_recovery::outcome::DataFrom;
use pgwal_source::Codec;
use pgwal_source::name::{self, NamePlace};
use pgwal_walk::{Fault, SlackKind};

pub(super) fn message(f: &Finding, layout: Option<&Layout>, tell: TellTime<'_>) -> String {
    let file = f.file.as_deref().unwrap_or("a file");
    let lsn = f.lsn.map(|l| l.to_string()).unwrap_or_default();
    let at = f.at.map(|l| l.to_string()).unwrap_or_default();
    match &f.detail {
        Detail::Reset { begins, missing, .. } => {
            let anew = format!(
                "WAL was begun anew at {begins}: the checkpoint there names no record before it, as pg_resetwal writes it"
            );
            match missing {
                Some((last, count)) if *count > 1 => {
                    format!("{anew}; {count} segments before it are missing: {file} to {last}")
                }
                Some(_) => format!("{anew}; {file} before it is missing"),
                None => anew,
            }
        }
        Detail::Parted { fault, alone } => {
            let own = f.timeline.map_or(0, |t| t.0);
            let back = f.lost.and_then(|lost| lost.last_commit.zip(lost.last_commit_after)).filter(|(a, b)| b < a);
            let back =
                back.map(|(before, after)| format!(", commits go back from {} to {}", tell(before), tell(after)));
            let who = match alone {
                true => format!(
                    "{file} is of another history of timeline {own} than the segments around it: it was overwritten"
                ),
                false => format!("two histories of timeline {own} meet"),
            };
            format!("{}: {who}{}", wal(f, fault, &lsn, &at, layout), back.unwrap_or_default())
        }
        Detail::Meeting { own, other } => crate::lines::says(own, other),
        Detail::TimeBack { before, after } => {
            format!("commits go back from {} to {} at {at}", tell(*before), tell(*after))
        }
        Detail::OthersHistory { own, left } => {
            let left = match left {
                Some(switch) => format!("leaves timeline {own} {}, before this WAL begins", place(switch)),
                None => format!("does not come from timeline {own}"),
            };
            format!(
                "{file} is of another cluster and {left}: a server that looks for the latest timeline takes it, and does not start"
            )
        }
        Detail::Astray { own, left, before_all } => {
            let newer = f.timeline.map_or(0, |t| t.0);
            let what = if *before_all { "all WAL that is" } else { "every backup that is known" };
            format!(
                "{file} leaves timeline {own} {}, before {what} here, and no WAL of timeline {newer} is here: a server that looks for the latest timeline does not start",
                place(left)
            )
        }
        Detail::InsideRecord { own, at, record, beside } => {
            of_restore::inside_record(file, (*own, *at), *record, *beside)
        }
        Detail::NotYet { timeline, newest } => {
            let newest = newest.map(|age| format!("; the newest file is {} old", span(age))).unwrap_or_default();
            format!(
                "{file} is not here yet: timeline {timeline} has begun, and its first segment comes once it is full{newest}"
            )
        }
        Detail::LeftBranch { child, switch, to } => {
            let own = f.timeline.map_or(0, |t| t.0);
            format!(
                "replay goes on along timeline {own} to {to}, behind its end {}, where timeline {child} left it: the segment with which timeline {child} begins is not here, missing after a failover, or never archived by a test restore",
                place(switch)
            )
        }
        Detail::Disproved { child, says, after, begins } => format!(
            "{file} says that timeline {child} comes from {says}; its first record at {begins} says that it follows {after}: lines are missing in the file"
        ),
        Detail::Stopped { failure, backups } => {
            let says = layout.map(|l| failure.server_says(l.dialect)).unwrap_or_default();
            let from = match backups.as_deref() {
                None | Some([]) => "from any backup before it".to_owned(),
                Some([one]) => format!("from {one}"),
                Some([one, more @ ..]) => format!("from {one} and {} more", more.len()),
            };
            format!("replay {from} ends at the record at {lsn} by what it says: {says}")
        }
        Detail::Gap { last, count, .. } if f.code == Code::NewestGone => {
            let which = if *count == 1 { file.to_owned() } else { format!("{file} to {last}") };
            format!("{which} lay here in an earlier run, and WAL now ends in front of that")
        }
        Detail::Gap { last, count, .. } if *count > 1 => format!("{count} segments are missing: {file} to {last}"),
        Detail::Gap { .. } => format!("{file} is missing"),
        Detail::Size { found: 0, expected } if is_named_packed(file) => {
            format!("{file} holds nothing, and is given out as a file of 0 bytes instead of {expected}")
        }
        Detail::Size { found, expected } => format!("{file} has {found} bytes instead of {expected}"),
        Detail::Nothing { codec } => {
            format!("{file} is empty, where {codec} should be: no file is given out of it")
        }
        Detail::Packed { codec, .. } if f.code == Code::WrongKey => {
            format!("{file} is {codec}, and no key given opens it")
        }
        Detail::Packed { codec, .. }
            if f.code == Code::Encrypted || f.code == Code::UnknownCodec && !codec.is_open() =>
        {
            format!("{file} is {codec}")
        }
        Detail::Packed { codec, .. } if f.code == Code::UnknownCodec => packing::asks_too_much(file, *codec),
        Detail::Packed { codec, bytes, cut: true } => format!("{file}: {codec} ends after {bytes} bytes of WAL"),
        Detail::Packed { codec: codec @ Codec::Encrypted(_), bytes: 0, cut: false } => {
            format!("{file} is not {codec} as it should be, or damaged from its beginning on: no byte of WAL came out")
        }
        Detail::Packed { codec, bytes, cut: false } => {
            format!("{file}: {codec} is damaged; {bytes} bytes of WAL came out")
        }
        Detail::Belongs { address, name } => format!("{file} holds the WAL of {address}, the content of {name}"),
        Detail::OfListedBackup { label, why, more, none_left } => {
            let more = if *more > 0 { format!("; and for {more} reasons more") } else { String::new() };
            let left = if *none_left { "; no backup is left that does" } else { "" };
            format!("backup {label} does not restore: {why}{more}{left}")
        }
        Detail::Flaw(kind) => backup::message(file, kind),
        Detail::OfRepository { what } => format!("{file} {what}"),
        Detail::TablespaceUnlinked(_) => format!(
            "{file} is missing, and pg_tablespace lists that tablespace: a server has no data of it, and makes a folder in its place where WAL changes some"
        ),
        Detail::DatabaseGone(_) => format!("{file} is missing, and pg_database lists that database: nobody connects to it, and a server dies where WAL makes a copy of it"),
        Detail::OthersTablespace(space) => format!(
            "WAL makes a tablespace in {}, where the server that runs in {} has one: replay writes into that server's files, or removes them",
            space.place, space.server
        ),
        Detail::SettingBeside(setting) => given::placed(setting),
        Detail::TargetOutranked(setting) => given::outranked(setting),
        Detail::NoSignal(Unasked { off: None, .. }) => {
            format!("there is no {file}: the server reads neither the archive nor its target")
        }
        Detail::NoSignal(Unasked { off: Some(off), .. }) => {
            format!(
                "there is no {file}, and with one the server would not start: the directory is {}",
                of_restore::beside(off)
            )
        }
        Detail::Command(own) => given::command(own),
        Detail::Cluster { found, expected } => format!("{file} is of cluster {found}, not {expected}"),
        Detail::Version { found, expected } => {
            format!("{file} is WAL of PostgreSQL {found}, the archive is of {expected}")
        }
        Detail::Geometry { found, expected } => format!(
            "{file} has segments of {} and pages of {} bytes, the archive {} and {}",
            found.0.bytes(),
            found.1.bytes(),
            expected.0.bytes(),
            expected.1.bytes()
        ),
        Detail::Restore { missed: Some((missed, target)), missing, .. } => {
            let why = target::missed(missed, target, "this backup");
            match missing.as_deref().filter(|_| missed.may_come()) {
                Some(file) => format!("{why}; {file} is needed"),
                None => why,
            }
        }
        Detail::Restore { failure, beside: Some(off), .. } => {
            format!("{}: the backup is {}", restore(failure, None, &lsn, layout), of_restore::beside(off))
        }
        Detail::Restore { failure, missing, .. } => restore(failure, missing.as_deref(), &lsn, layout),
        Detail::HeldBack { delay, last, until } => given::held_back(*delay, last, *until, tell),
        Detail::ArchivesHere(setting) => given::archives(setting),
        Detail::NoSource { .. } => {
            "a standby is asked for, and neither restore_command nor primary_conninfo is set: the server looks into its own pg_wal alone".into()
        }
        Detail::RolledBack(xid) => {
            format!(
                "transaction {xid} was rolled back at {lsn}: the target is reached there, and nothing of it is in the result"
            )
        }
        Detail::EarlyAct(act, _) => target::early(act),
        Detail::LeftOut(left) => target::left_out(left),
        Detail::ZoneDoubt(said, doubt) => target::zone_doubt(said, doubt, tell),
        Detail::SamePoints { name, others } => target::same_points(name, others),
        Detail::PartialCommits { count, last } => target::in_partial(file, *count, last.as_ref(), tell),
        Detail::RestoreLater { from, .. } => {
            let from = match from {
                DataFrom::Time(began) => format!("of {} and later", tell(*began)),
                DataFrom::Position(start) => format!("those of {start} and behind it"),
            };
            format!("the backup was taken after the target: its data are {from}")
        }
        Detail::MinimalReplayed => format!(
            "from {lsn} on WAL was written with wal_level = minimal: what was loaded or built without WAL is missing, and the server only warns of it (data may be missing)"
        ),
        Detail::OwnWalShort { next } => format!(
            "the server's own pg_wal cannot be read on at {lsn}, and has more from {next} on: what was written there is lost"
        ),
        Detail::ShortOfMinimum(point) => start::short_of_minimum(*point, &lsn),
        Detail::Unlabelled { unlabelled, redo, own_wal, asks_archive } => {
            start::unlabelled(unlabelled, *redo, *own_wal, *asks_archive)
        }
        Detail::Restored(report) => restored::sentence(report, tell),
        Detail::ShortOfFork { child, fork } => format!(
            "replay ends at {lsn}, and timeline {child} left this one farther on, at {fork}: what was written up to there is not here"
        ),
        Detail::RestoreShort { next } => format!("replay ends at {lsn}; the archive has more, from {next} on"),
        Detail::InvalidPages(pages) => of_restore::invalid_pages(&pages.first, &lsn),
        Detail::Copies { other, faults, withheld } => copies::differ(file, other, faults, *withheld),
        Detail::NameChecksum { found } => {
            let hex = found.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            format!("{file}: the SHA-1 of its content is {hex}")
        }
        Detail::Wal(fault) => wal(f, fault, &lsn, &at, layout),
        Detail::Slack(kind) => {
            let offset = f.offset.unwrap_or(0);
            match kind {
                SlackKind::Recycled => format!(
                    "{file} holds older pages from byte {offset} on, which no check covers and replay never reads"
                ),
                SlackKind::PageHeader => format!("{file} byte {offset}, padding of a page header, is not zero"),
                SlackKind::Padding => format!("{file} byte {offset}, padding between records, is not zero"),
                SlackKind::AfterSwitch => format!("{file} byte {offset}, behind the segment switch, is not zero"),
                _ => format!("{file} byte {offset}, behind the end of WAL, is not zero"),
            }
        }
        Detail::Partial { complete: Some(complete) } => format!("{file} is superseded by {complete}"),
        Detail::Partial { complete: None } => {
            format!("{file} goes on behind the last complete segment; a server does not restore it")
        }
        Detail::PartialGiven { filled } => {
            let filled = if *filled { ", filled up with zeros" } else { "" };
            format!("{file} is given out as the whole segment by the tool that keeps this archive{filled}")
        }
        Detail::Image { rel, block, why } => {
            format!(
                "the image of block {block} of {}/{}/{} in the record at {lsn} is no page: {why}",
                rel.spc, rel.db, rel.rel
            )
        }
        Detail::Short { rmid, info, before } => {
            format!("the data of the {}record at {lsn} ends before {before}", kind(*rmid, *info, layout))
        }
        Detail::Magic { found: MAGIC_19_BETA } => format!("{file} has the page magic D121, that of the betas of 19"),
        Detail::Magic { found } => format!("{file} has the page magic {found:04X}, which no release writes"),
        Detail::Miswritten { right } => format!("{file} is not what a server asks for: {right}"),
        Detail::Misfiled(at) => misfiled::message(file, at),
        Detail::Packing(flaw) => packing::message(file, *flaw),
        Detail::Noted { note } => format!("{file} was damaged already when it was archived: {note} says how"),
        Detail::Content(what) => format!("{file} is {what}"),
        Detail::BadCopy { good, why } => format!("{file} is passed over, {good} is taken in its place: {why}"),
        Detail::Refused(why) => format!("{file}: {why}"),
        Detail::OtherCheckpoint(other) => of_restore::other_checkpoint(other, tell),
        Detail::NewerBeside(beside, own, kept) => target::newer(beside, *own, kept.as_ref(), tell),
        Detail::BackupOverwritten(start, stop) => start::overwritten(file, *start, *stop),
        Detail::StalePages(stale, _) => start::stale_pages(stale, &at),
        Detail::OwnHistory(None) => {
            format!("{file} lies in pg_wal of this directory alone: another restore from the archive lacks it")
        }
        Detail::OwnHistory(Some(goes_on)) => format!(
            "{file} lies in pg_wal of this directory alone, and the archive goes on with commits of timeline {goes_on}: an earlier start of this directory may have left it there"
        ),
        Detail::History { what } => format!("{file}: {what}"),
        Detail::Hidden { latest, hides } => format!(
            "{file} is missing and hides timeline {hides}: a server takes {latest} for the latest, and the next promotion makes timeline {} once more",
            latest.0.saturating_add(1)
        ),
        Detail::Disagree { parent, says, other, other_says } => {
            format!("{file} says that timeline {parent} ended {}, {other} {}", place(says), place(other_says))
        }
        Detail::Switched { parent, says, begins } => {
            let child = f.timeline.map_or(0, |t| t.0);
            format!("{file} says that timeline {parent} ended {}; timeline {child} begins at {begins}", place(says))
        }
        Detail::OthersBegin { begins, other } => {
            let child = f.timeline.map_or(0, |t| t.0);
            format!(
                "two promotions made timeline {child}: the one of {file} begins at {begins}, another at {other}, whose files are no WAL of it"
            )
        }
        Detail::Unreachable { parent, switch } => {
            let child = f.timeline.map_or(0, |t| t.0);
            format!(
                "timeline {parent} has no WAL up to its end {}, where by {file} timeline {child} leaves it",
                place(switch)
            )
        }
        Detail::Diverged { switch, child, to } => {
            let own = f.timeline.map_or(0, |t| t.0);
            format!("timeline {own} goes on to {to}, behind its end {}, where timeline {child} left it", place(switch))
        }
        Detail::OldTimeline { found } => format!("{file} holds WAL of timeline {found} only"),
        Detail::TooShort { wanted, off: Some(timeline), .. } => {
            format!("replay does not come onto timeline {timeline}, on which it must reach {}", wanted.told(tell))
        }
        Detail::TooShort { wanted, reached: Some(reached), .. } => {
            format!("replay reaches {}, not {} that it must reach", reached.told(tell), wanted.told(tell))
        }
        Detail::TooShort { wanted, reached: None, .. } => {
            format!("nothing replays that could reach {}", wanted.told(tell))
        }
        Detail::Age(age) => age.told(tell),
        Detail::EndsInBackup { backup, stop } => {
            let end = f.lsn.unwrap_or(*stop);
            format!("WAL ends at {end}, and {backup} needs it up to {stop}")
        }
        Detail::BackupBeside { beside, during } => {
            let (own, target) = (f.timeline.map_or(0, |t| t.0), beside.target);
            let what = match beside.left {
                Some((child, switch)) => {
                    let child = match child == target {
                        true => format!("the latest timeline {child}"),
                        false => format!("timeline {child}, from which the latest timeline {target} comes,"),
                    };
                    let when = if *during { "while backup" } else { "before backup" };
                    let taken = if *during { " was taken" } else { "" };
                    format!("{child} left {own} {}, {when} {file}{taken}", place(&switch))
                }
                None => format!("the latest timeline {target} does not come from {own}, on which backup {file} lies"),
            };
            format!("{what}: restore it with --target-timeline {}", beside.ask)
        }
        Detail::KnownGone { what } => format!("{what} was accepted, and is not found so any more"),
        Detail::Expired { count, oldest } => {
            let (files, are) =
                if *count == 1 { ("1 segment".to_owned(), "was") } else { (format!("{count} segments"), "were") };
            let left =
                oldest.as_ref().map(|oldest| format!("; the oldest that is left is {oldest}")).unwrap_or_default();
            format!("{files} up to {file} {are} removed during the run{left}")
        }
        Detail::Plain => format!("{file}: {}", f.code.title()),
    }
}

/// "Heap INSERT ".
/// Whether a file's name says that it is packed.
fn is_named_packed(file: &str) -> bool {
    let own = file.rsplit('/').next().unwrap_or(file);
    matches!(name::place(own), NamePlace::Wal(placed) if !placed.suffix.is_empty())
}

fn kind(rmid: u8, info: u8, layout: Option<&Layout>) -> String {
    let Some(dialect) = layout.map(|l| l.dialect) else { return String::new() };
    let manager = Rmgr(rmid).name(dialect);
    match Vocabulary::of(dialect).name(rmid, info) {
        Some(name) => format!("{manager} {name} "),
        None => format!("{manager} "),
    }
}

/// "at 0/3000000" or "in segment …".
fn restore(failure: &Failure, missing: Option<&str>, lsn: &str, layout: Option<&Layout>) -> String {
    let says = layout.map(|l| failure.server_says(l.dialect)).unwrap_or_default();
    let what = match failure {
        Failure::NotReached => format!("the target is not reached: WAL ends at {lsn}"),
        Failure::Waits { lacks: Lacking::Target, .. } => {
            format!("the target is not reached: WAL ends at {lsn}, and the standby waits there for more")
        }
        Failure::SizeAhead { file, found, expected, certain } => {
            let what = format!(
                "a server reads ahead of the target and asks for {file}, which has {found} bytes instead of {expected}"
            );
            // The file is named already.
            return match certain {
                true => what,
                false => format!(
                    "{what}; whether it comes so far is a matter of what it has in memory, and this is the worse case"
                ),
            };
        }
        Failure::NotDelivered { file, certain } => {
            let doubt = if *certain { "" } else { ", if the server comes so far ahead of the target" };
            return format!(
                "walproof archive-get does not hand {file} out, which is missing in the middle or damaged{doubt}: {says}"
            );
        }
        Failure::TimelineAhead { found, file, at, certain } => {
            let doubt = match certain {
                true => "",
                false => "; whether it comes so far is a matter of what it has in memory, and this is the worse case",
            };
            return format!(
                "a server reads ahead of the target to a page in {file}, needed from {at} on, that claims timeline {found}, which is not in the history, and takes no record for read from then on{doubt}"
            );
        }
        Failure::EndCommand { command, exit } => {
            return format!(
                "recovery_end_command = '{command}' ends with {exit}, as for a program that is not there or was killed, and with it the server, once it has recovered"
            );
        }
        Failure::CommandEnds { file, exit, certain } => {
            let doubt = if *certain { "" } else { ", if the server comes so far ahead of the target" };
            let what = format!("restore_command ends with {exit} where it does not find {file}{doubt}");
            return if failure.is_in_its_words() { format!("{what}: {says}") } else { what };
        }
        Failure::Settings(error) => given::refused(error, says),
        Failure::OriginsFull { origin, most, .. } => format!(
            "replication origin {origin} finds no room where {} = {most}: {says}",
            layout.map_or("max_replication_slots", |own| SettingRules::of(own.dialect.version).origins_by)
        ),
        Failure::PreparedFull { xid, most, .. } => format!(
            "transaction {xid} is prepared where max_prepared_transactions = {most} leaves no room for it: {says}"
        ),
        Failure::Insufficient { setting, here, there } => {
            format!("{setting} = {here} is lower than the {there} of the primary")
        }
        _ => says,
    };
    match missing {
        Some(file) => format!("{what}; {file} is needed"),
        None => what,
    }
}

fn place(switch: &Switch) -> String {
    match switch {
        Switch::At(lsn) => format!("at {lsn}"),
        Switch::In(name) => format!("in segment {name}"),
    }
}

fn wal(f: &Finding, fault: &Fault, lsn: &str, at: &str, layout: Option<&Layout>) -> String {
    let magic = layout.map_or(0, |l| l.dialect.magic);
    match fault {
        Fault::Page(PageFault::Magic { found: 0 }) => format!("the page at {at} is empty"),
        Fault::Page(PageFault::Magic { found }) => {
            format!("the page at {at} has the magic {found:04X} instead of {magic:04X}")
        }
        Fault::Page(PageFault::Info { found }) => format!("the page at {at} has the impossible flags {found:04X}"),
        Fault::Page(PageFault::SystemId { found, expected }) => {
            format!("the page at {at} names cluster {found} instead of {expected}")
        }
        Fault::Page(PageFault::SegmentSize { found }) => {
            format!("the page at {at} names a segment size of {found} bytes")
        }
        Fault::Page(PageFault::PageSize { found }) => format!("the page at {at} names a page size of {found} bytes"),
        Fault::Page(PageFault::Address { found }) => format!("the page at {at} says that it belongs at {found}"),
        Fault::Page(PageFault::Timeline { after, .. }) if f.timeline.is_some_and(|own| *after > own) => {
            format!("the page at {at} claims to be of timeline {after}, which is not in force yet")
        }
        Fault::Page(PageFault::Timeline { found, after }) => {
            format!("the page at {at} is of timeline {found} where {after} is in force")
        }
        Fault::Header(HeaderFault::Length { found }) => {
            format!("the record at {lsn} has an impossible length of {found}")
        }
        Fault::Header(HeaderFault::ZeroLength) => format!("the record at {lsn} has no data"),
        Fault::Header(HeaderFault::SwitchWithData) => format!("the segment switch at {lsn} has data"),
        Fault::Header(HeaderFault::Rmgr { id }) => {
            format!("the record at {lsn} is of resource manager {id}, which does not exist")
        }
        Fault::Checksum { .. } => format!("the checksum of the record at {lsn} is wrong"),
        Fault::Body(BodyFault::FragmentId { id }) => format!("the record at {lsn} has a part of the unknown kind {id}"),
        Fault::Body(BodyFault::OutOfOrder { id }) => {
            format!("block reference {id} of the record at {lsn} is out of order")
        }
        Fault::Body(_) => format!("the parts of the record at {lsn} do not add up"),
        Fault::PrevLink { found, expected: Some(expected) } => {
            format!("the record at {lsn} names {found} as the one before it, which is {expected}")
        }
        Fault::PrevLink { found, expected: None } => {
            format!("the record at {lsn} names {found} as the one before it, which lies behind it")
        }
        Fault::NoContrecord => format!("the page at {at} should go on with the record at {lsn} and begins anew"),
        Fault::UnexpectedContrecord { rem_len } => {
            format!("the page at {at} begins with {rem_len} bytes of a record that nothing began")
        }
        Fault::ContrecordLength { found, expected } => {
            format!("the page at {at} says that {found} bytes are left of the record at {lsn}, which lacks {expected}")
        }
        Fault::LengthAgainstPage { page, rem_len: Some(rem_len), missing } => {
            format!(
                "the record at {lsn} is not as long as it says: it lacks {missing} bytes at {page}, where {rem_len} are left of it"
            )
        }
        Fault::LengthAgainstPage { page, rem_len: None, missing } => {
            format!(
                "the record at {lsn} is not as long as it says: it lacks {missing} bytes at {page}, where another record begins"
            )
        }
        Fault::OverwriteMismatch { found: Some(found), expected } => {
            format!("the record at {lsn} tells of an aborted record at {found}, the aborted one is at {expected}")
        }
        Fault::OverwriteMismatch { found: None, expected } => {
            format!("the record at {lsn} should tell of the aborted record at {expected} and does not")
        }
        _ => format!("the bytes end at {at}"),
    }
}
