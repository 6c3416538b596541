//! Every code of a finding: its name, its severity, what it means.
//!
//! WP1xx the archive, WP2xx bytes, WP3xx timelines, WP4xx backups and targets, WP5xx what cannot be looked at. A code
//! is never used again for something else.

mod pattern;
mod severity;

pub use pattern::CodePattern;
pub use severity::Severity;

use pgwal_source::Codec;
use std::fmt;

macro_rules! codes {
    ($($variant:ident = $id:literal, $name:literal, $severity:ident, $title:literal, example $example:literal, $long:literal;)*) => {
        /// The code of a finding.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $variant,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// `WP201`
            pub const fn id(self) -> &'static str { match self { $(Code::$variant => $id,)* } }

            /// `record-crc`
            pub const fn name(self) -> &'static str { match self { $(Code::$variant => $name,)* } }

            /// How bad it is, unless the circumstances say otherwise.
            pub const fn severity(self) -> Severity { match self { $(Code::$variant => Severity::$severity,)* } }

            /// A few words.
            pub const fn title(self) -> &'static str { match self { $(Code::$variant => $title,)* } }

            /// What it means, when it is normal, what to do.
            pub const fn explanation(self) -> &'static str { match self { $(Code::$variant => $long,)* } }

            /// What a finding of it says.
            pub const fn example(self) -> &'static str { match self { $(Code::$variant => $example,)* } }
        }
    };
}

codes! {
    Gap = "WP101", "gap", Error, "a segment is missing",
        example "000000010000000000000011 is missing",
        "No file of this name is in the archive, and WAL goes on behind it. Replay ends at the last whole record before the gap: without a recovery target a server promotes there without a word, with one it ends with FATAL (13 and later) or promotes (12 and earlier). The record that begins before the gap and ends in it is lost as well. Right after a promotion the history file of the new timeline is here before its first segment, which comes once it is full: that is information. A gap before the oldest known backup is only worth knowing, and so is what older backups lack where the archive begins with the first segment of a newer one; between what two backups need it is a warning. Look for the segment in pg_wal of the primary or of a standby, in archive_status for a .ready file that was never served, and in other copies of the archive; a file whose name holds that of the segment (.tmp, a hidden one of rsync) is what a copy left that broke off or was never renamed, and may be whole; a .partial of that name holds a part of it and is never restored by itself.";
    Size = "WP102", "size", Error, "a file does not have the size of a segment",
        example "000000010000000000000011 has 655360 bytes instead of 1048576",
        "A server refuses to restore a file of any other size than a segment's and ends recovery with FATAL (a standby tries again if the file is too short). Nothing of the file is used, however much of it is good: readable_until says how far its bytes could be read. Usual causes: a copy that was cut off by a full disk or a lost connection, an archive_command that is not atomic. Get a whole copy; a short file that was just written may still be being copied (WP115).";
    Undecodable = "WP103", "undecodable", Error, "a compressed file cannot be decompressed whole",
        example "000000010000000000000011.gz: gzip ends after 521077 bytes of WAL",
        "The compressed stream ends too early or its own checksum does not match. A restore_command that decompresses fails on it or hands out a part of the segment, which the server then refuses for its size. Nothing of the file can be relied on. Get another copy.";
    Misplaced = "WP104", "misplaced", Error, "a file holds another segment than its name says",
        example "000000010000000000000011 holds 0/00F00000, the content of 000000010000000000000010",
        "Every page of WAL says where it belongs, and the pages of this file belong to another segment: it was renamed, copied over, or archived again under a wrong name. A server stops in front of it with \"unexpected pageaddr\". Look for the right file; the one that is here may be the only copy of the segment that it really is.";
    CopiesDiffer = "WP105", "copies-differ", Error, "two files claim to be one segment and differ",
        example "000000010000000000000011 and 000000010000000000000011.gz differ from byte 8192 on",
        "Two files stand for the same segment (plain and compressed, or two checksums in pgBackRest's manner) and their contents differ. Which one a restore gets depends on the restore_command; of two objects with different checksums in their names pgBackRest gives out neither, so that a server ends in front of the segment. Where one of them alone is damaged, or is not what its name says, that is told. Often two primaries archived into one place. Compare both with the other segments of the timeline and remove the wrong one.";
    ForeignCluster = "WP106", "foreign-cluster", Error, "a file is WAL of another cluster",
        example "000000010000000000000011 is of cluster 7710833716034490683, not 7710829604982376463",
        "The system identifier in the file is not that of the other files, and its records do not continue theirs: another cluster archives into the same place. A server stops there with \"WAL file is from different database system\". Give each cluster an archive of its own and get the right file from this cluster's servers.";
    ForeignVersion = "WP107", "foreign-version", Error, "a file is WAL of another version",
        example "000000010000000000000011 is WAL of PostgreSQL 18, the archive is of 15",
        "The file's pages carry the magic of another major version than the other files: an upgraded cluster archives into the old place, or clusters are mixed. A server stops there with \"invalid magic number\". Keep an archive for each version.";
    Recycled = "WP108", "recycled", Warning, "a file behind the end of WAL holds an older segment",
        example "000000010000000000000016 still holds the WAL of 000000010000000000000009",
        "A server renames old segments to future names, to be overwritten when WAL gets there. In pg_wal such files are normal. In an archive they do not belong: replay ends cleanly in front of one. Something archived or copied files that were not finished.";
    PartialOnly = "WP109", "partial-last", Info, "the last segment is there as .partial only",
        example "000000010000000000000015.partial goes on behind the last complete segment",
        "An unfinished segment lies behind the last complete one, as pg_receivewal and a promotion leave it. A server never restores a .partial by itself, but two tools give one out for the whole segment where that is not in their archive: pg_probackup, filled up with zeros, and barman-cloud. There it is judged as a whole one, and said to be. Elsewhere, to recover the transactions in it, copy it to the name without .partial, extended with zeros to the full size, somewhere the restore finds it; walproof archive-get --partial as restore_command hands it out so.";
    PartialBeside = "WP110", "partial-beside", Info, "a .partial lies beside the complete segment",
        example "000000010000000000000015.partial is superseded by 000000010000000000000015",
        "The complete segment counts; the .partial is what was there of it before. Normal after a promotion or with pg_receivewal.";
    ForeignName = "WP111", "foreign-name", Warning, "a name that this cluster cannot have",
        example "0000000100000000000000FF does not exist with 16 MiB segments up to 9.2",
        "The name has the form of a segment's, but no segment of this cluster has it: its last part is beyond the number of segments in 4 GiB. It comes from a cluster with another segment size, or was made by hand.";
    Geometry = "WP112", "geometry", Error, "a file has another segment or page size",
        example "000000010000000000000011 has segments of 16777216 bytes, the archive of 1048576",
        "The long page header of the file names another segment size or WAL page size than the other files do. Servers stop there. The file is of a cluster that was set up otherwise, or pg_resetwal changed the size; keep such archives apart.";
    Changed = "WP113", "changed", Warning, "a file changed while it was read",
        example "000000010000000000000011 was rewritten while it was read",
        "The file's size, time or bytes were not the same at the end of reading as at its beginning. Nothing was concluded from it. In pg_wal of a running server that is normal for the newest segment; in an archive something writes into finished files. Run again when it is quiet.";
    Vanished = "WP114", "vanished", Info, "a file went away during the run",
        example "000000010000000000000011 was there when the run began",
        "The file was listed and then gone: an expiry job or the server's own recycling removed it. Run again to see what is left.";
    StillCopied = "WP115", "still-copied", Warning, "a short file that was just written",
        example "000000010000000000000015 has 262144 bytes of 1048576, written 2 s ago",
        "The last file is shorter than a segment and its time is of the last minute: it is most likely still being copied. Run again in a minute; if it does not grow, it is damage (WP102). Where recovery would go on behind it, in a newer timeline, nothing behind it is proven until then.";
    Unwritten = "WP116", "unwritten", Error, "a file holds nothing but zeros",
        example "000000010000000000000011 is all zeros",
        "The space was allocated and no WAL ever written to it, or its content was lost: a copy of a file whose data had not reached the disk, a storage fault. A server stops in front of it with \"invalid magic number 0000\". In pg_wal, behind the end of WAL, such files are normal.";
    NameChecksum = "WP117", "name-checksum", Warning, "a file's content is not what the checksum in its name says",
        example "000000010000000000000011-9b1e…02c4.gz: the SHA-1 of its content is 03ab…77e0",
        "pgBackRest writes the SHA-1 of a segment's plain content into the name of its file, and the content now has another. The WAL in the file is judged by itself: where its records are right, a server replays them, and what differs are bytes that no record holds, or the file was renamed. pgBackRest itself refuses to restore such a file. Get another copy of it, or find out what wrote into the repository.";
    SegmentChanged = "WP118", "segment-changed", Warning, "a segment changed since it was proven",
        example "000000010000000000000011 holds other bytes than when it was proven",
        "An index remembers this file with other content, and the file was right then. WAL that is archived never changes: the disk lost bits, somebody wrote to the file, or it was replaced by another copy. Where the new content is wrong, another finding says how; where it is right, compare the file with another copy of the archive all the same, and find out what changed it. The finding is given in every run until it is accepted with --known, or the old content is back; until then the file is read each time.";
    OtherWal = "WP119", "other-wal", Warning, "WAL of another cluster, version or segment size lies beside this",
        example "two lines of WAL in one place: PostgreSQL 17 up to 00000001000000000000000A, PostgreSQL 18 from 000000010000000000000010 on",
        "The archive holds WAL of two clusters, or of one before and after pg_upgrade or pg_resetwal --wal-segsize. Each file belongs to the line that its own bytes say, and each line is judged for itself. Where a backup is named, its line decides; otherwise the newest does, by its last commit. The others are reported beside it. A server that restores one line never replays the other: in front of its first file it stops. But their names can collide, timeline history files say nothing of clusters, and a server that asks for the next segment may get one of the other's. Keep an archive for each cluster and version.";
    PackedTwice = "WP120", "packed-twice", Error, "a file is packed twice",
        example "00000001000000000000000A.gz is packed twice: inside the gzip lies another gzip",
        "The file unpacks to its end, with the right checksum, and what comes out is packed again. A restore_command that unpacks once hands the server a file of wrong size: FATAL. Mostly the archive_command packed what a backup tool, a file system or a second archive_command had packed already, or somebody packed an archive by hand that was packed. The WAL is not lost: unpack the files once, and look what packs them.";
    OthersHistory = "WP121", "others-history", Error, "a history file of another cluster leads the latest timeline astray",
        example "00000002.history is of PostgreSQL 16, and its timeline leaves 1 at 0/00900000, before this WAL begins: a server that looks for the latest timeline does not start",
        "History files say nothing of clusters. An older cluster that archived into this place was promoted, and its history files are still here; the newer one began again on a low timeline, as pg_upgrade leaves it. A server that restores the newer one and looks for the latest timeline (the default from 12 on) finds them, takes the last one for its target, and ends with FATAL: its checkpoint is not in that history. Ask for the timeline by number (recovery_target_timeline = 'current', or its number), or move the older cluster's files, histories included, to a place of their own. A warning where the file leaves the timeline of this WAL inside of a record: no server does, so that the file is of another cluster, or was left by another copy of this one. A server that follows it from a backup in front of that place goes on along the timeline of this WAL to its end, for want of the other's; from a backup behind it, it does not start. An error all the same where another timeline with WAL left that one: the server does not come to it, and replays what was left.";
    Miswritten = "WP122", "miswritten", Error, "WAL has a name that no server asks for",
        example "00000001000000000000000b is not what a server asks for: 00000001000000000000000B",
        "A server asks for names in capital hexadecimal digits, with suffixes in small letters, and most file systems tell the two apart. What is written otherwise is there and is not found: recovery ends in front of it as at a gap, or, where it is the last, before the end. An error where replay comes to it; a warning for a history file, behind which a timeline is not found, and for what lies beside the way. Copies through systems that do not tell capitals apart leave such names. Rename the files as the advice says; the first five are told.";
    NoFile = "WP123", "no-file", Error, "a name of WAL stands for no file",
        example "00000001000000000000000B: not a regular file but a folder",
        "A folder, a socket or a link to where nothing is has the name of a segment. restore_command fails on it as if nothing were there, and recovery ends in front of it. A link may lead to a place that is not mounted here. A named pipe and a device are told as WP504 instead: a command would wait at them, or read something. Put the file in its place, or mount what the link names.";
    RepositoryInfo = "WP126", "repository-info", Error, "a backup tool's own file is missing, damaged or contradicts another",
        example "archive/main/archive.info does not know 16-2: pgBackRest gives out none of its WAL",
        "The WAL is judged by its own bytes, and so are these: but a restore goes through the backup tool, and the tool goes by its files of information. pgBackRest asks archive.info which cluster may have which WAL, and backup.info which backups there are; each has a copy beside it and a checksum inside. Where neither can be used, or where archive.info does not know the cluster whose WAL lies there, archive-get gives out nothing, and a server that restores ends with the first segment it asks for: an error. Where the copy serves, or where two files only name another current cluster, it is a warning. Bring the file back from its copy, from another repository, or from a copy of the repository; what lies beside it is whole.";
    BrokenTar = "WP127", "broken-tar", Error, "a tar that is the archive is damaged or cut off",
        example "wal.tar.gz: the tar ends in the middle of a member, in 00000001000000000000000B",
        "A tar has to be read from its beginning on: what lies behind damage, or behind its end where it breaks off, nobody gets out of it, and what is not there cannot be judged. The file in which it breaks off is not counted as one of the archive. The files before that are judged by themselves, so that the report says how far WAL in this tar replays. It is a warning where nothing is missing but the two blocks of zeros at the end: tar reads such a file without a word, but one that was cut between two files looks the same. Get the tar anew from where it was made; a stream that broke off has an exit code that says so.";
    BadCopy = "WP128", "bad-copy", Warning, "the first copy of a file is bad, and one in another place is good",
        example "00000001000000000000000A is passed over, /srv/b/00000001000000000000000A is taken in its place: record checksum wrong",
        "The archive lies in several places, and each file is taken from the first place that has it, unless what is wrong goes away with the copy of a later one. The verdict holds for whoever takes the first good copy, as walproof archive-get does. It does not hold for a restore_command that tries one place after the other and takes the first file that is there, good or bad: cp A/%f %p || cp B/%f %p hands the server the bad copy, and replay ends at it. Put the good copy in the place of the bad one, or change the order of the places; walproof compare says how the two differ.";
    NotedDamage = "WP129", "noted-damage", Info, "a segment was damaged already when it was archived",
        example "00000001000000000000000A was damaged already when it was archived: 00000001000000000000000A.damaged says how",
        "walproof archive-push --on-damage store stores a segment that is damaged in the server's pg_wal, since archiving would wait in front of it for ever, and puts a note beside it: a file with the name of the segment and .damaged behind it, which says what was wrong. So the archive did not do it, and pg_wal of that server has no better copy. What is wrong with the segment is told as it is of any other; where nothing is told, a good copy has taken its place, and the note can be removed. What a standby received before the disk lost it may be whole. The first five notes are told.";
    TooShort = "WP130", "too-short", Error, "the archive does not get where it must",
        example "replay reaches 0/05F00000, not 0/06000000 that it must reach",
        "verify --must-reach named a position or a time, and what is proven to replay ends before it. A lost tail cannot be seen from bytes: an archive that lacks its last segments looks like one of an hour ago. So somebody who knows how far the server was has to say so. Either archiving is behind (pg_stat_archiver, pg_wal/archive_status on the server), files were lost, or damage stops replay earlier, which another finding tells.";
    Stale = "WP131", "stale", Error, "the last commit is too old",
        example "the last commit is of 2026-11-22T03:02:11.000000Z, 1 h 14 min ago; 15 min are allowed",
        "verify --max-age compares this machine's clock with the time of the last commit that replays. It is further back than allowed: archiving stands still or is behind, files were lost, or nothing was committed on the server (a server without work archives nothing that a clock could be compared with; set archive_timeout and let something commit now and then). Without any commit, or with one that is further ahead of this clock than the age allowed, the age cannot be told, and the answer is the same: look at the clocks of both machines.";
    KnownGone = "WP132", "known-gone", Info, "an accepted finding is not there any more",
        example "WP201 at 0/00FA6880 was accepted, and is not found so any more",
        "The file of --known accepts a finding that this run does not have: the damage was repaired, the segments expired, or the finding is another one now, a gap that grew for example, which is then told as if nothing had been accepted. Take it out of the file, or let --write-known write it anew.";
    Stopped = "WP133", "replay-stopped", Error, "a record ends replay by what it says",
        example "WAL was generated with wal_level=minimal, cannot continue recovering: at 0/009000A0",
        "The record is whole, and a server that replays it from the backups named dies of what it says: wal_level was minimal for a while, the server was shut down inside the backup, or a timeline begins that the history does not name. No copy of the archive mends that. Backups from behind it are not concerned: take a new one. Where the newest backup does not come past it, the archive is refuted; where only older ones do not, it is a warning.";
    TimeBack = "WP134", "time-backwards", Info, "commit times go back from one segment to the next",
        example "commits go back from 2026-11-28T15:01:24.991053Z to 2026-11-28T15:00:02.228827Z at 0/00B75898",
        "The links of records fit, so that a server replays this without a word; but the first commit behind the place is older than the last one before it, by more than a second. Commits of several processes may change places by milliseconds. More than that means that the server's clock was set back, or that the segment was written by another server whose WAL happens to fit: a copy that did the same work, and archived over the file. From a minute on it is a warning. Compare the segment with pg_wal of the server or with a standby. A recovery target that is a time stops at the first commit that is later, wherever it stands.";
    Misfiled = "WP135", "misfiled", Error, "WAL lies where the tool that keeps the archive does not look for it",
        example "archive/main/15-1/00000001000000000000000A.gz lies where the tool that keeps this archive does not look for it",
        "A backup tool looks for WAL in one place and under one form of name, and for nothing else: pgBackRest for ID/<16 digits>/<24 digits>-<SHA-1 of the plain content>[.gz, .lz4, .zst, .bz2] and ID/<8 digits>.history, Barman for wals/<16 digits>/<24 digits> without a suffix, barman-cloud the same with the suffixes that it knows, WAL-G for the name with one of its suffixes in one flat folder. A file that lies in another folder, or was put there by hand under the server's name alone, is not found: a restore by the tool ends in front of it as at a gap, and a server without a target promotes there without a word. An error where replay comes to it and nothing else of its name is found; a warning for a history file, behind which a timeline is not found, and for what lies beside the way. Of several files of one segment in the right place, pg_probackup and WAL-G give out the first by its suffix, damaged or not, and never the others: that is an information. The advice names the place, and for the first five the command. To have the files of such a folder judged as they lie, whatever a tool finds, copy or link them into a folder of their own.";
    PackedOtherwise = "WP136", "packed-otherwise", Error, "a file is packed otherwise than the tool that keeps the archive unpacks it",
        example "00000001000000000000000A-9b1e…02c4.lz4 is gzip, and not lz4 as its name says",
        "pgBackRest, WAL-G and barman-cloud unpack by the suffix of a name, whatever the file holds. Where its content is something else, the tool gives out nothing, so that recovery ends in front of the segment and a server without a target promotes; a packed file without a suffix it gives out as it is, and of several members of gzip or bzip2 (as lbzip2 and pbzip2 write them, and as cat of two files makes them) pgBackRest gives out the first alone: a server ends with FATAL for the size. pgBackRest finds files with .xz and refuses them. The WAL in the file is not lost: unpack it by what it holds, and pack it as its name says.";
    BytesBehind = "WP137", "bytes-behind", Warning, "bytes follow the end of a compressed file",
        example "00000001000000000000000A.gz has zeros behind the end of what is packed in it",
        "The packed stream is whole, its checksum right, and what comes out is a whole segment; but the file goes on: zeros that fill it up to a block, or other bytes that something appended. Who gives the file out passes over them: gzip -d over zeros, bzip2 -d over anything, archive-get of pgBackRest over anything behind the first member. Others do not: gzip -d ends with exit code 2 at anything but zeros, with which a restore_command has failed, and zstd and lz4 refuse such files; there it is an error (WP103). Find out what wrote into the file.";
    NewestGone = "WP138", "newest-gone", Warning, "the newest segments of an earlier run are gone",
        example "00000001000000000000001C to 000000010000000000000020 lay here in an earlier run, and WAL now ends in front of that",
        "An index remembers segments, whole ones, behind the last that is here: the archive reached farther when it was verified before. Expiry takes segments away at the other end. Somebody removed them, a copy of the archive that is older was put in its place, a store or a file system lost its newest writes, or the wrong folder is mounted. What is here may be right to its last record: nothing but the index tells that there was more. The finding is given in every run until WAL reaches as far again, or the index is written anew.";

    RecordCrc = "WP201", "record-crc", Error, "a record's checksum is wrong",
        example "the checksum of the record at 0/00FA6880 is wrong",
        "The bytes of the record are not those that were written. Replay stops in front of it with \"incorrect resource manager data checksum\". Which byte is wrong, no checksum can tell: span lists every byte of the record. Find another copy of the file: pg_wal of the old primary, a standby, another archive. Records behind it are whole, but out of reach for a server.";
    PageHeader = "WP202", "page-header", Error, "a page header is damaged",
        example "the page at 0/00F80000 has the magic D114 instead of D110",
        "A field of a page header has a value that it cannot have there: magic, flags, timeline, address, system identifier or sizes. Replay stops at the record that needs this page. Find another copy of the file.";
    RecordHeader = "WP203", "record-header", Error, "a record header is damaged",
        example "the record at 0/00FA6880 has an impossible length of 7",
        "The length or the resource manager of the record is impossible, and WAL goes on behind it. Zeros here and nothing but zeros behind are the normal end of WAL and no finding. Find another copy of the file.";
    PrevLink = "WP204", "prev-link", Error, "a record does not name the one before it",
        example "the record at 0/00FA6880 names 0/00FA2E50 as the one before it, which is 0/00FA4B68",
        "Every record names its predecessor, so that leftovers of older WAL cannot be taken for new. This one is whole but names another: it was not written after the record that precedes it here. Replay stops in front of it with \"incorrect prev-link\". Files of different histories were put side by side, or bytes were forged.";
    Contrecord = "WP205", "contrecord", Error, "the rest of a record is not where it should be",
        example "the page at 0/01000000 should begin with the 1500 bytes that are left of the record at 0/00FFFA58",
        "A record goes on over the end of a page, and the next page does not continue it, or another length of it. Either that page or the file before it is not the one that was written. Replay stops at the record. When a crash aborted the record, the server says so with an OVERWRITE_CONTRECORD, and that is no finding.";
    Body = "WP206", "record-body", Error, "a record's structure is wrong under a right checksum",
        example "the block references of the record at 0/00FA6880 do not add up to its length",
        "The checksum is right and the parts of the record contradict each other: the server that wrote it had a fault, or the bytes were forged. Replay stops there.";
    Torn = "WP207", "torn", Error, "the last record is incomplete",
        example "the record at 0/015FF758 is cut off by zeros",
        "The last record breaks off in the middle and nothing follows. In pg_wal that is what a crash leaves, and recovery simply ends there. In an archive only finished segments belong, and the rest of the record was lost.";
    Overwrite = "WP208", "overwrite", Error, "an aborted record is not the one that was announced",
        example "OVERWRITE_CONTRECORD names 0/00500000, the record that was aborted is at 0/005FFF80",
        "After a crash in the middle of a record, the server writes OVERWRITE_CONTRECORD with the position of the record that it gave up. This one names another. Recovery ends with \"mismatching overwritten LSN\". Files of different histories were put side by side.";
    Slack = "WP209", "slack", Info, "bytes that no record holds are not zero",
        example "000000010000000000000009 byte 4711 behind the switch is not zero",
        "Bytes behind the end of WAL, behind a segment switch or in padding are not what a server leaves there. Replay never reads them, so it is not in danger; but a checksum of the whole file differs from that of another copy, and something wrote where nothing should.";
    StalePages = "WP210", "stale-pages", Info, "older pages lie behind the end of WAL",
        example "000000030000000000000004 holds pages of an older segment from byte 253952 on",
        "The file was recycled: behind the last record, or behind a segment switch, it still holds the pages of the segment that it was before. No check covers these bytes, and replay never reads them. Normal.";
    Image = "WP211", "page-image", Error, "a page image cannot be restored",
        example "the image of block 31 of 1663/5/16393 in the record at 0/00FA6880 does not unpack as pglz",
        "The record's checksum is right, and the image of a page in it does not unpack, or is no page with its hole filled: the server that wrote it had a fault, or the bytes were forged. Only dump --save-fullpage looks into images. Replay of an image that does not unpack ends with \"could not decompress image\" (\"invalid compressed image\" up to 14).";
    Data = "WP212", "record-data", Warning, "a record's data ends too early for its type",
        example "the data of the Heap INSERT record at 0/00FA6880 ends before off",
        "The record's checksum and structure are right, and the data of its resource manager is shorter than a record of its type is: the server that wrote it had a fault, a fork changed the record and kept its type, or the bytes were forged. Where replay stops does not depend on it: recovery hands the record to its resource manager, which reads what lies in memory behind it, or crashes. Only dump and hex ask what records mean; dump goes on and tells what could be read.";
    WalReset = "WP213", "wal-reset", Error, "WAL was begun anew",
        example "WAL was begun anew at 0/00E00028: the checkpoint there names no record before it, as pg_resetwal writes it",
        "Every record names the one before it; only the very first one of a cluster names none, and the one that pg_resetwal writes. So here WAL was reset: pg_upgrade does that with the new cluster before it is used, which loses nothing; after a crash it means that what had been written and not archived is gone, data files went on without it, and no copy of a segment mends that. No base backup from before comes over this place, whatever is found. Take a new base backup now, and look for corruption: pg_amcheck, pg_dump. Replay from a backup taken behind it is not concerned.";
    TwoHistories = "WP214", "two-histories", Error, "two histories of one timeline meet",
        example "the record at 0/00B00028 names 0/00A758C0 as the one before it, which is 0/00A2BB98: two servers wrote timeline 1",
        "Both files are whole, and the first record of the second one was not written behind the last record of the first: the server that wrote it had another segment before it. Two servers wrote the same timeline and archived into one place: a copy was started beside the original, the old primary came back, or a segment was archived over another. Replay stops there, and what lies before and behind belongs to different databases. Commit times that go back over the place are a sign of it. The files are good copies, so another copy of the same file is no help: find out which server is the right one, get the segments that it wrote, and give each its own archive.";

    HistoryMissing = "WP301", "history-missing", Error, "a timeline has WAL and no history file",
        example "00000002.history is missing",
        "The history file says where a timeline left its parent. Without it the timeline cannot be asked for (\"recovery target timeline 2 does not exist\"), and recovery_target_timeline = latest, which tries the numbers upward until one is missing, stops before it without a word. It can be written again by hand from the history of a later timeline, or from the first records of this one.";
    HistoryEmpty = "WP302", "history-empty", Error, "a history file names no ancestor",
        example "00000003.history is empty",
        "A timeline other than the first comes from another one, and its history file says from which. With an empty one the server takes the timeline for the first and does not find its checkpoint: \"could not locate required checkpoint record\". A backup that was taken on that timeline needs no ancestor, and restores all the same: a warning then. Get the file from another copy.";
    HistorySyntax = "WP303", "history-syntax", Error, "a history file cannot be read",
        example "00000003.history line 4: garbage here",
        "A line is neither blank, a comment, nor <timeline> <switch> <reason>. The server ends recovery at the start: FATAL, \"syntax error in history file\". Get the file from another copy.";
    HistoryOrder = "WP304", "history-order", Error, "the timelines of a history file do not rise",
        example "00000003.history line 3: timeline 1 after timeline 1",
        "Ancestors stand oldest first, with rising numbers that are all below the file's own. The server ends recovery at the start: FATAL, \"invalid data in history file\". Get the file from another copy.";
    HistoryDisagree = "WP305", "history-disagree", Warning, "two history files contradict each other",
        example "00000003.history says that timeline 1 ended at 0/0605ABB0, 00000002.history 0/0605ABE0",
        "A history file repeats that of its parent. These two tell different stories of the same switch. The server uses that of the target timeline alone and often recovers all the same. Find out which one is right: the first own record of the timeline stands at the switch.";
    SwitchMismatch = "WP306", "switch-mismatch", Warning, "a history file and the WAL disagree on a switch",
        example "00000003.history says that timeline 2 ended at 0/06402000; timeline 3 begins at 0/0665ACA8",
        "The first own record of a timeline stands where it left its parent, and the history file names another place. A server picks files by segment and often recovers all the same; it does not where the place lies in a later segment (WP307). Where two promotions made one timeline number, as test restores do that archive into production's archive, a server goes by the history file that is there: the other one's files are named, and are no WAL of that timeline.";
    Unreachable = "WP307", "unreachable-timeline", Error, "a timeline cannot be reached",
        example "timeline 2 has no WAL up to 0/0675BEE0, where timeline 3 leaves it",
        "On the way that the history files describe, WAL ends before the timeline begins. The server stops at the end of the older timeline: it promotes there without a word, or ends with FATAL if a target was set.";
    Diverged = "WP308", "diverged", Info, "a timeline goes on behind the point where its child left it",
        example "timeline 1 goes on to 0/06300000 behind 0/0605ABE0, where timeline 2 left it",
        "The old primary went on writing after the standby was promoted, or a recovery to an earlier point made a new timeline. What was committed there is on no path to the newer timeline. Replay of the newer timeline is not affected. Normal after point-in-time recovery; after a failover it means that two servers took writes.";
    WrongTimeline = "WP309", "wrong-timeline", Error, "a file holds WAL of another timeline than its name says",
        example "000000020000000000000065 holds WAL of timeline 1 only",
        "All pages of the file carry an older timeline than its name. Only the first segment of a timeline begins with pages of its parent. The file was copied from the older timeline; what the newer one wrote there is missing.";
    LeftBranch = "WP310", "left-branch", Error, "replay takes a branch that was left",
        example "replay goes on along timeline 1 behind 0/0605ABE0, where timeline 2 left it, to 0/06300000: WAL of timeline 2 is missing",
        "The history file of the newer timeline is here, its segments are not, and the older timeline has files of the same numbers. A server takes those without a word and replays past the point where the timeline was left: transactions come back that a failover or a point-in-time recovery had left behind, and those of the newer timeline are lost. Every target behind the fork is reached on the wrong branch. Get the newer timeline's segments, or stop at the fork: recovery_target_lsn with its position, and recovery_target_inclusive = off. A test restore that is promoted leaves the same traces: it archives its history file, and its WAL is thrown away with it. Bytes cannot tell the two apart, the server in use can: select timeline_id from pg_control_checkpoint() says the newer timeline, or one that comes from it, after a failover, and the older one where the newer was a test. Then the older timeline is asked for by number, and the history file moved out of the archive. Most often a history file says \"no recovery target specified\" after a failover, and names a target after a point-in-time restore; a test that restores all of WAL says the former as well.";
    Disproved = "WP311", "history-disproved", Error, "a history file is not what the WAL says",
        example "00000003.history says that timeline 3 left 1; its first record at 0/06402028 says that it follows 2: lines are missing in the file",
        "The first record of a timeline says which timeline was in force before it, and the history file names another. Mostly the file was cut: lines are missing, and it still reads well. A server believes the file: it looks for segments that never were, or replays an older timeline past the point where it was left. Get the file from pg_wal of a server of that timeline, or from another copy of the archive; its lines are those of the parent's history file and one more.";

    Astray = "WP312", "latest-astray", Error, "the latest timeline left the one here before all of its WAL, and has none",
        example "00000002.history leaves timeline 1 at 0/00300000, before all WAL that is here, and no WAL of timeline 2 is here: a server that looks for the latest timeline does not start",
        "A server looks for the latest timeline by its history file alone (the default since 12). Here that file says that the timeline of this WAL was left before the first segment that is here, or before every backup that is known began, and no segment of the newer timeline lies here. From any of these backups such a server ends with FATAL, \"requested timeline 2 is not a child of this server's history\". Either the WAL of the newer timeline is missing, or the file is of another cluster, which a history file does not tell, or of a test restore that archived into this place. A warning up to 11, where a server stays on its own timeline unless it is told otherwise. Restore with the recovery_target_timeline that is named, or move the file away.";
    BackupHistory = "WP401", "backup-history", Warning, "a backup history file cannot be read",
        example "000000010000000000000009.00000028.backup has no STOP WAL LOCATION",
        "The file says from where to where a base backup needs WAL. It cannot be read, so that backup is not known, and gaps are judged without it. Servers from 9.0 on do not read it; 8.2 to 8.4 need it to restore that backup.";
    BackupLabel = "WP402", "backup-label", Error, "a backup_label cannot be read",
        example "backup_label: its second line is no CHECKPOINT LOCATION",
        "Every server reads backup_label before anything else, and does not start when its first two lines are not as pg_backup_start wrote them, or (11 and later) when its two timelines differ: FATAL, \"invalid data in file\". Often an editor or a transfer wrote line ends of another system into it, or it was pasted by hand from what pg_backup_stop returned. Take the file from another copy of the backup. Do not delete it to make the server start: it would then replay from a wrong place and corrupt the cluster. Beside it a server reads tablespace_map (9.5 and later), a line for each tablespace with its OID, a space and the directory, and does not start with one that is cut or has other lines; Where it names a tablespace, a folder with files in the place of the link in pg_tblspc stops a server as well (could not remove directory); up to 13 it takes no empty line, so none with line ends of another system, and passes over a last line that is not ended: that tablespace is not linked then. A label without its line BACKUP METHOD: streamed is a warning from 15 on: a server does not wait for the end of the backup then, takes its data for consistent where replay starts, and answers queries on them; with a target in front of the end of the backup it ends with FATAL (WAL ends before end of online backup), or pauses and shows data that are not of one moment, which is an error.";
    BackupControl = "WP403", "backup-control", Error, "a backup has no good control file",
        example "global/pg_control: a control file of 15 whose checksum is wrong: nothing in it can be relied on",
        "Without global/pg_control a server does not start, and with one whose checksum is wrong it does not either. The file says whose cluster it is and, together with backup_label, where replay begins and when the data are consistent. Take it from another copy of the same backup; that of another backup or of the running server does not fit. pg_resetwal makes a new one, and with it a cluster that nobody can trust.";
    BackupContradicts = "WP404", "backup-contradicts", Error, "files of a backup contradict each other",
        example "backup_label names the checkpoint at 0/00900060, the control file an older one at 0/00800060",
        "A backup's control file is copied last, so its checkpoint and its timeline are never older than those that backup_label names, and the ranges of WAL in backup_manifest contain its start. Here they are not: files of different backups, or of a running server, were put together. What no server compares, and what changes nothing for it, is a warning: the name of the file behind the start, a start behind the checkpoint, a manifest of another backup. Elsewhere the server may start all the same and end with a corrupt cluster, because it does not know from where on it must replay, or stop with \"could not locate required checkpoint record\". Restore the backup anew. Told as well where the WAL has another checkpoint at the place of the directory's own: of another timeline, which a server refuses from 15 on, or of another time. Servers that stop and backups switch the segment first, so that checkpoints of an original and its clone, or of an old primary and the one promoted for it, often lie at one place; a server compares nothing, and replays the one's WAL on the other's data.";
    BackupManifest = "WP405", "backup-manifest", Warning, "a backup_manifest cannot be relied on",
        example "backup_manifest is not what its own checksum says",
        "The last line of backup_manifest is the checksum of all lines before, and it differs; or the file is no manifest. No server reads it; pg_verifybackup and pg_combinebackup refuse it. Something changed the file after the backup was taken: the data files may have been changed as well. Take it from another copy of the backup.";
    BackupCluster = "WP406", "backup-cluster", Error, "a backup is of another cluster",
        example "base is a backup of cluster 7710829604982376463, the WAL is of cluster 7710833716034490683",
        "The system identifier of the backup is not that of the archive's WAL, or its manifest and its control file are of two clusters. A server that is restored from it refuses the archive's first file: \"WAL file is from different database system\". After pg_upgrade or initdb a cluster has a new identifier, and older backups belong to the older archive. Name the archive of this backup's cluster, or a backup of this archive's.";
    BackupFiles = "WP407", "backup-files", Error, "files of a backup are missing or have another size",
        example "base/5/16384: 1 file of backup_manifest is missing, 2 have another size",
        "The manifest lists every file of the backup with its size, and not all are here like that. Only names and sizes are compared, and only as long as no server was started on the backup; contents are not (pg_verifybackup does that). Only what a server cannot do without is an error: relations, their maps, the state of transactions. What people change between restore and start (configuration, signal files, logs, tablespace_map) is not told; other files, and free space and visibility maps, which a server makes anew, are information. A server may start without noticing and fail at the first query of that table, or end replay with \"WAL contains references to invalid pages\". Copy the backup anew.";
    BackupIncremental = "WP408", "backup-incremental", Error, "an incremental backup is no data directory",
        example "backup_label: the backup builds on the one that starts at 0/00800028; combine them first",
        "The backup holds only blocks that changed since another backup (17 and later). A server does not start on it: FATAL, \"this is an incremental backup, not a data directory\". Make a whole one of it and of all that it builds on, back to a full backup: pg_combinebackup FULL INCREMENTAL... -o DIR. The WAL that the combined backup needs is that of this one. Never take the INCREMENTAL lines out of backup_label to make a server start: it does then, knows none of the files INCREMENTAL.N, and has lost those tables; such files are told without the lines, too.";
    BackupTar = "WP409", "backup-tar", Error, "a tar of a backup is damaged",
        example "base.tar.gz is cut off: its gzip ends too early",
        "The tar, or the compression around it, ends too early or makes no sense. What could be read of it was; tar or the backup tool will fail when it is restored. Usual causes: a full disk, a lost connection, a backup that is still running. Get another copy, or take a new backup.";
    BackupCut = "WP410", "backup-cut", Error, "WAL ends inside what a backup needs",
        example "WAL ends at 0/06A1ABA8, and 00000003000000000000006B.00000028.backup needs it up to 0/06B00100",
        "The backup history file says up to where WAL must replay before the backup is consistent. The files are there by their names, and the WAL in them ends before that, cleanly: zeros, older WAL in a file of that name. Whatever was written behind it is lost, since the server had written at least so far. A server that restores this backup ends with FATAL: \"WAL ends before end of online backup\" (\"WAL ends before consistent recovery point\" where the backup was taken on a standby). Get the segments from another copy of the archive.";
    BackupBeside = "WP411", "backup-beside", Warning, "a backup lies beside the way of recovery",
        example "the latest timeline 2 left 1 at 0/00600100, before backup 00000001000000000000000B.00000028.backup: restore it with --target-timeline 1",
        "The newest timeline here left the one of this backup before the backup was taken, or while it was, or comes from another one altogether: a test restore was promoted that archives into this place while production went on, or the old primary went on after a failover. A server that is restored from this backup and follows the latest timeline (the default since 12) does not start: FATAL, \"requested timeline 2 is not a child of this server's history\". Its WAL is not missing; it is on another line, and a gap on the way of the latest timeline is none for this backup. Restore it with the recovery_target_timeline that is named, or another backup. A test restore should not archive: archive_mode = off.";
    StaleManifest = "WP412", "stale-manifest", Info, "a backup_manifest is older than the backup",
        example "backup_manifest ends at 0/00700100, before this backup starts at 0/00B00028: it is of an older one, and decides nothing",
        "The WAL that backup_manifest names ends before this backup began. The server that was backed up had itself been restored from pg_basebackup, whose manifest stayed in its data directory and was copied along. No server reads the file. pg_verifybackup would find nearly every file changed; nothing here is compared with it. Remove it from the data directory of the server.";
    ControlMarked = "WP413", "control-marked", Info, "a control file was marked on purpose",
        example "global/pg_control names a checkpoint at 0/0000DEAD, which is none: so that no server starts without backup_label",
        "The position of the checkpoint in the control file is none that this cluster wrote, while the copy of the checkpoint beside it and the checksum are right: a tool put it there. pgBackRest (2.50 and later) writes 0/DEAD on restore, so that the server cannot start when backup_label is taken away. With backup_label a server takes the checkpoint, the start and the timeline from that and never looks at this position, in every version. Do not delete backup_label.";
    LabelMissing = "WP414", "label-missing", Error, "a copy of a running server has no backup_label",
        example "there is no backup_label, and replay would start at 0/00794878, inside the backup from 0/00700028 to 0/00800028 (the record BACKUP_END): what was written before is lost",
        "Data files are copied while the server writes them, so replay must start at the checkpoint from which the backup began. Only backup_label says which that is. Without it a server takes the last checkpoint that pg_control names, and that lies inside the time of the backup: a .backup file, backup_manifest or the record BACKUP_END says so. What was written between the start of the backup and that checkpoint is not replayed into files that were copied before it. The server starts without a word, and committed data are gone. Put backup_label back: pg_backup_stop returned its content, and the .backup file has the same lines. A warning, and the verdict unproven, where the directory holds what a running server leaves in it (postmaster.pid, .ready files): the server's own directory after a crash is whole, a copy of it is not.";
    OwnWalFirst = "WP415", "own-wal-first", Warning, "a server replays its own pg_wal before it asks the archive",
        example "there is no backup_label: the server first replays its own pg_wal, to 0/00E2CB40, and takes its data for consistent there",
        "pg_control says that the server was running, and nothing says how far WAL must be replayed until the data are consistent. From 9.2 on a server replays all of its own pg_wal first, as after a crash; the archive is asked for history files only. Where pg_wal ends it takes the data for consistent and goes on from the archive. A checkpoint that is not in pg_wal is PANIC, although the archive may hold it, and a target that lies inside pg_wal is FATAL. This is right for the directory of a server that crashed and for a snapshot of all of it in one moment. A copy of a running server needs its backup_label. Information where no recovery from the archive is asked for: then it replays its own pg_wal alone.";
    BackupOverwritten = "WP416", "backup-overwritten", Warning, "WAL that a backup needs was overwritten by other WAL",
        example "WAL from 0/00700028 to 0/00700100 is here, and no record in it ends the backup of 000000010000000000000007.00000028.backup: it is of another cluster, or of another history of this one, which archived over the files that the backup needs",
        "A backup history file says from where to where a backup needs WAL, and files of these names are here and whole. No record begins where the backup's checkpoint was, and none ends the backup, as one does from 9.0 on: the files are not those that were archived when the backup was taken. A cluster that was made anew on the same volume, or an older copy of the server, archived into the same place with a command that overwrites, and began again at positions that were there before. A server that restores the backup ends with FATAL, \"could not locate required checkpoint record\". An error where no other backup is left. Files of the archive that lie behind, of the cluster that writes now, restore from backups of that cluster.";
    NewerBeside = "WP417", "newer-beside", Warning, "another timeline has newer commits than a restore keeps, or more",
        example "timeline 1 goes on from 0/00905920 with newer commits, up to 743 of 2026-12-01T09:01:12Z; this restore ends on timeline 2, its last commit is 735 of 2026-12-01T09:00:47Z",
        "A restore follows one timeline: the latest from 12 on, up to 11 that of the backup, where nothing else is set. Another one parts from it in front of its end, and has commits that are newer than the last one that is kept; with a time as the target, also some that are not later than that, with a transaction or a position, that one, too. Or it has none that is newer, and more commits behind the point where the two part than the restore keeps behind that: the test restore that ran last made the newest commit, and production has all the others (counted in the first 32 segments behind that point; a restore that keeps more than these is left alone, and so is one whose timeline has more commits, as after production was rewound on purpose). So it is where a test restore was promoted that archives into this place while production went on, and the latest timeline is the test's; where two went on after a failover; and where a server up to 11 is restored without recovery_target_timeline = 'latest' after a promotion. Which of them is the one in use, WAL does not say: ask the server (select timeline_id from pg_control_checkpoint()). Ask for that one by its number; then nothing is told. Looked at where the archive is on this machine.";
    RestoreStart = "WP420", "restore-start", Error, "recovery does not start",
        example "FATAL: could not locate required checkpoint record",
        "A server with this backup, this archive and these settings ends before it replays a record: the checkpoint that the backup names cannot be read, the timeline asked for does not exist or does not descend from that of the backup, its history file makes no sense, a setting is not one, or with --pgdata a replication slot in pg_replslot needs a higher wal_level or max_replication_slots than the settings have, or its state is damaged (a base backup has no slots). The message is the server's own. Nothing is lost yet: the backup can be used again when what is missing is there.";
    RestoreDies = "WP421", "restore-dies", Error, "recovery dies on its way",
        example "FATAL: archive file \"000000010000000000000011\" has wrong size: 655360 instead of 1048576",
        "Replay begins, and a file or a record ends it in a way that a server does not survive: a segment of wrong size, a timeline that does not fit, a backup that was canceled, WAL written with wal_level=minimal, settings lower than on the primary, a directory that is not there in which WAL makes a tablespace, a folder in the place of recovery.signal, which the server cannot remove at the end. The message is the server's own. It does not promote: no new timeline hides the damage.";
    RestoreInconsistent = "WP422", "restore-inconsistent", Error, "recovery ends before data files are consistent",
        example "FATAL: WAL ends before end of online backup",
        "A base backup is a copy of files that changed while they were copied. They agree with each other only when all WAL written meanwhile was replayed, and here that WAL is missing, damaged, or behind the target. The server refuses to go on. Find the missing segments, choose a later target, or an older backup.";
    TargetUnreached = "WP423", "target-unreached", Error, "recovery does not reach its target",
        example "FATAL: recovery ended before configured recovery target was reached",
        "WAL ends, or cannot be read on, before the target comes: a time later than the last commit that can be replayed, a position, transaction or restore point that is not on this way; or the time lies before the backup was taken, whose data are newer than that. From 13 on the server ends with FATAL; up to 12 it promotes without a word. How far it comes, and what it would take to come further, is said with it.";
    RestoreShort = "WP424", "restore-short", Error, "recovery ends although there is more WAL",
        example "replay ends at 0/00AAC690; the archive has more, from 0/00B00000 on",
        "Without a target a server replays until it finds no further record and then promotes. It cannot tell the end of WAL from a missing or damaged file, so it promotes here, and everything behind is out of its reach from then on, on the old timeline. Where the last segment of a timeline is missing, a newer timeline that left it farther on tells that there was more.";
    InvalidPages = "WP425", "invalid-pages", Warning, "WAL changes blocks that the backup does not have",
        example "block 7 of 1663/5/16384 is changed at 0/0165C940 without an image; its file in the backup has 3 blocks",
        "A record changes a block that lies behind the end of its file in the base backup, without an image of the block, and nothing on the way creates or drops it. A server remembers such blocks and ends with PANIC, \"WAL contains references to invalid pages\", if they were not dropped or truncated before it is consistent; later at once. That is an error; a warning where nothing stops the server and the change is lost: with ignore_invalid_pages = on (13 and later), and after a crash without an archive. The backup is not whole, or is of another time than it says.";
    PreparedGone = "WP426", "prepared-gone", Error, "a prepared transaction is read from a segment that recovery does not fetch",
        example "FATAL: requested WAL segment pg_wal/00000001000000000000000A has already been removed",
        "From 10 on the state of a prepared transaction stays in WAL until a restartpoint writes it to a file. A server reads it again from pg_wal at a checkpoint at shutdown, with hot standby on, and when it promotes; it looks in the segment of the timeline that was in force at the last record replayed. Where another timeline begins in that segment, recovery fetched the new timeline's file, which begins with the same WAL, and not this one: FATAL. So it comes when a promoted point-in-time recovery left transactions prepared, and a recovery comes by that place, or stops in that segment. Copy the segment into pg_wal before the server is started. With hot_standby = off only a promotion reads it; that in a segment in which no timeline begins is not in danger. A warning where the server pauses there and would die once it is told to go on.";
    ReadAhead = "WP428", "read-ahead", Error, "recovery dies of a file that it asks for ahead of its target",
        example "FATAL: archive file \"00000001000000000000000D\" has wrong size: 106496 instead of 1048576",
        "From 15 on a server reads WAL ahead of what it replays (recovery_prefetch = try, the default), over the end of a segment as well: up to 4 blocks for each of maintenance_io_concurrency that the records behind the one being replayed name, and at most wal_decode_buffer_size of records. So it asks for a segment that lies behind its target, and a file of wrong size is FATAL wherever it comes. How far it reads also depends on what is in shared buffers: where that decides, the answer here is the worse one and says so. Likewise a page that claims a timeline which is not in the history ends recovery as soon as it is read, before a target in front of it. Get a good copy of the file, or set recovery_prefetch = off for this restore: then a server asks only for what it replays.";
    TargetRolledBack = "WP429", "target-rolled-back", Warning, "the transaction that is the target was rolled back",
        example "transaction 771 was rolled back at 0/00A4C2B0: the target is reached there, and nothing of it is in the result",
        "A transaction as the target is where it ends, whether it was committed or not. This one was rolled back: the server stops there as asked, and what the transaction changed is not in the result, since it never was. If its changes are wanted, another transaction is meant. walproof when ARCHIVE xid:N says what ends before and behind it.";
    EarlyAct = "WP430", "acts-before-commit", Warning, "files were changed by a transaction whose commit is not replayed",
        example "the files of database 16392 are removed at 0/00F536C8 by transaction 774, whose commit at 0/00F536F0 is not replayed",
        "DROP DATABASE, CREATE DATABASE, DROP TABLESPACE and CREATE TABLESPACE change files when their record is replayed, and the catalogs when their transaction commits. A target between the two keeps the one without the other: a database that is listed and has no files, or files that nothing names (information, they only take room). A server says nothing of it. The target that is named with it is the last one in front of which nothing was done.";
    PartialCommits = "WP431", "partial-commits", Info, "commits lie only in a .partial file",
        example "3 commits lie only in 000000010000000000000008.partial, up to 742 of 2026-11-28T15:03:36.615508Z",
        "A restore without a target goes to the end of WAL, and a server never asks for a .partial file: what pg_receivewal, or the old primary at a promotion, left there is not restored. It may be wanted, for instance where the primary is lost. To restore it, copy the file to its name without .partial, filled up with zeros to a whole segment.";
    TargetAmbiguous = "WP432", "target-ambiguous", Warning, "the target leaves out what it seems to name",
        example "2 commits that are not later than the target lie behind it, up to 775 at 0/00F54968: times do not rise with positions",
        "A server stops at the first end of a transaction that is later than recovery_target_time. Times do not rise with positions: a clock was set back, two processors differ, a process wrote its commit late. So commits that are not later can lie behind the place where it stops, and are left out. A restore point's name may stand more than once on the way; a server stops at the first one, and this is information. Name the last transaction that is wanted, or a position, instead.";
    SettingBeside = "WP433", "setting-beside", Warning, "a setting of the data directory counts more than the one that is asked for",
        example "postgresql.auto.conf line 3 sets recovery_target_time = '2026-11-20 10:00:00+00'",
        "The restore was asked for with another value than postgresql.auto.conf has. A server reads that file behind postgresql.conf, and of several lines of one name the last one counts: what is written into postgresql.conf is not what it does. Such a line is often left from an earlier point-in-time recovery, since ALTER SYSTEM and backup tools write there and base backups copy the file. Write the new value into the line that is named, or take the line out. Another kind of target than the one asked for is no warning: a server with two targets ends with FATAL (WP420). Up to 9.3, though, a transaction counts more than a restore point, and that more than a time, wherever they stand: where recovery.conf names such a target, a server goes to it and not to the one that is asked for, which is an error.";
    BackupStructure = "WP434", "backup-structure", Error, "a server does not start on a data directory, or not without loss",
        example "pg_notify is missing: a server does not start without it",
        "A server makes only few of its folders anew. Without PG_VERSION, pg_wal, pg_tblspc, pg_twophase, pg_notify or pg_replslot it ends with FATAL before it reads WAL (up to 14 also without pg_stat and pg_stat_tmp); without pg_subtrans, pg_logical or pg_commit_ts it replays, and ends at the checkpoint behind; without pg_xact or pg_multixact it ends as well, and what was in them is part of the data. A copy that left out empty folders, or pg_wal as a whole, or that took a link for what it names, looks like this. Where synchronous_standby_names stands in the settings, the server opens and each commit waits for a standby: a warning. An empty folder of that name, with the rights of the others, is enough where the advice says so. A file of state that is empty or cut, as a machine that crashed leaves it, or a copy for which there was no room, is told as well, where no backup_manifest tells of it: of pg_xact and pg_multixact a page that replay, or its end, reads (FATAL, could not access status of transaction), the state of a prepared transaction in pg_twophase, pg_logical/replorigin_checkpoint (PANIC), and pg_filenode.map, without which no connection finds the catalogs. Told only where most of a data directory is at hand, or where a name is there and stands for nothing. A tablespace whose link, or whose line in tablespace_map, leads to where nothing is on this machine is a warning, with --pgdata an error where backup_manifest lists files of it: a server starts, and dies at the first record that changes a table there (FATAL, could not create directory pg_tblspc/16384: File exists), which WP421 tells. One whose place has no folder of the version is told in the same way, with --pgdata as an error, and so is one whose tar is not beside the others, and a database that pg_database lists and that has no folder. One that pg_tablespace lists, and that has neither a link nor a line in tablespace_map, is a warning, and an error with --pgdata: a server starts, has no data of it, and makes an empty folder in its place where WAL changes some. With --pgdata what this machine says counts, too: a postmaster.pid whose process runs (in that very directory an error in any case: a server runs there), data_directory in postgresql.conf that names another directory, so that a server started with -D works there, a file of hba_file or ssl_cert_file, ssl_key_file, ssl_ca_file that is not there, a pg_hba.conf without an entry, a file that the owner of the directory may not open (backup_label and tablespace_map for writing, too), a postgresql.conf that was there; an error where most of the directory is at hand, and a folder of unix_socket_directories a warning. Rights that a server refuses (others than 0700, from 11 on than 0700 and 0750) are information, and a warning with --pgdata: a copy may well be looked at where it is not started. pg_wal, or a tablespace, that is a link to, or that tablespace_map names as, a place of another server that runs on this machine is an error with --pgdata, and so is a tablespace that WAL makes in such a place: a server writes into that one's files, or removes them, and says nothing.";
    RestoreCommand = "WP435", "restore-command", Warning, "restore_command does not deliver what lies here",
        example "restore_command = 'cp /srv/old/%f %p' (postgresql.auto.conf line 2) takes files from /srv/old, which is not this archive",
        "What is foretold holds for a server that gets the files of this archive. The command that stands in the settings takes them from another folder, or under names that no segment here has, or it is one that delivers nothing, whatever is asked for (an archive_command in its place, a copy without %f), or it copies files as they are where they are packed: a server unpacks nothing, and ends with \"archive file has wrong size\". With --pgdata a command of known programs (cp, gunzip, xz, test, ...) is taken by its words, file by file: one that lies here under another name, or packed or not as the command does not expect it, is not delivered; a server then ends recovery in front of it without a word, or stays on the old timeline for want of a history file. An error where recovery then fails or comes less far: a server that gets no file looks into its own pg_wal alone. Where the command's folder, or its program, is not on this machine, a server that is started here gets nothing: an error where the data directory is whole, a warning for a sample of one. One that ends with a code above 125 where a file is missing (exit 255) ends the server at the first file that is not there: a server takes that for a command that was killed or not found. Let it end with 1. curl without -f (--fail) ends with 0 where a web server has no such file, and writes down the page that says so: a server takes that for the file, so that it looks for the histories of ever newer timelines without an end, and never opens; so does one that ends with 0 behind an empty file (gunzip -c X > %p || true). A command that speaks of no folder is taken for one that delivers, and ASSUMED says so. A folder may have another name on the server that will be started; then this is no obstacle.";
    SignalMissing = "WP436", "signal-missing", Warning, "a recovery is meant, and nothing asks for one",
        example "there is no recovery.signal: the server reads neither the archive nor its target",
        "restore_command or a target is set, or the archive has what a server would start from or more than it comes to, and neither recovery.signal nor standby.signal lies in the data directory (up to 11: no recovery.conf). A server then replays its own pg_wal, as after a crash: it asks the archive for nothing and stops at no target. With a backup_label and no WAL in pg_wal it ends with FATAL, \"could not locate required checkpoint record\". An error where it fails, where a target was asked for, or where the archive has more; a warning where pg_wal alone is enough. Make the file, empty: touch recovery.signal in the data directory, as the user of the server; up to 11 write recovery.conf with a restore_command.";
    ArchivesHere = "WP437", "archives-here", Info, "the server will archive into the archive that it is restored from",
        example "archive_command = 'cp %p /srv/archive/%f' (postgresql.conf line 12) stores into this very archive, once the server has come to its end",
        "archive_mode is on, and archive_command names the folder of this archive. At the end of recovery the server takes a new timeline, and stores it there: its history file at once, then its segments. That is right for the server that takes over. A test restore that does so leaves a timeline behind that every later restore takes for the latest (WP411, WP306), and two of them may take the same number. Set archive_mode = off for a test, or give it an archive of its own. Told of folders alone, where the command names one.";
    TargetZone = "WP438", "target-zone", Warning, "the target time may be meant in another zone",
        example "'2026-11-22 14:00' names no zone and was read as 2026-11-22T14:00:00Z; the server wrote the times of its backup in CET, in which it is 2026-11-22T13:00:00Z",
        "The time that is the target names no zone, no configuration of the server is at hand (a .backup file or backup_label alone has none), and --timezone was not given: it was read in the zone of this machine. The server wrote the times of its own backup in another zone, in which the same text is another moment, and it reads recovery_target_time in its own zone as well. What is said of the restore is right for the moment that TIMES tells. Say which one is meant: --timezone with the server's zone, or a distance from UTC in the time itself.";
    ApplyDelay = "WP439", "apply-delay", Warning, "recovery holds commits back",
        example "recovery_min_apply_delay holds commits back by 14400 s: the last one, 1156585 of 2026-11-22T03:17:29Z, is replayed at 2026-11-22T07:17:29Z",
        "The setting is of a delayed standby, and a server heeds it in every recovery from an archive, on its way to a target, too: once the data are consistent, each commit waits until that long after the time at which it was made. What is foretold is reached, and only then. Whoever restores from a delayed standby's copy, to save what was dropped an hour ago, takes the line out, or sets it to 0. Told as long as the last commit that is replayed would still have to wait.";
    BackupNotRestorable = "WP440", "backup-not-restorable", Warning, "a backup does not restore",
        example "backup 20261128-151715F_20261128-151830I does not restore: 20261128-151715F, on which it builds, is missing",
        "A backup of a backup tool's repository was held against what describes it: its information and manifest, the backup that it builds on, and its files by name and size. Something that it needs is not there or has another size, or its tool says that it failed or was never finished. Its content is read with --data alone. The tool refuses to restore it, or leaves files out. As long as another backup restores this is a warning, and the verdict is that of the WAL; WAL alone is no restore, so that it is an error where no backup is left. Look for what is missing in another repository or a copy of this one; take a new backup now.";
    BackupContent = "WP441", "backup-content", Error, "a file of a backup has another content than its manifest says",
        example "base/5/16384 has another content than backup_manifest says",
        "With --data every file of the backup is read and held against its checksum in backup_manifest, as long as no server was started on it. The file has the right size and another content: a bit was lost on the way or on the disk, or somebody changed it. A server starts, and comes to something else or stops at the first page that it cannot read. What a server makes anew (free space and visibility maps) is a warning, what it never reads information; what people change between restore and start is not told. Copy the backup anew from where it was taken, or restore another one.";
    BackupPages = "WP442", "backup-pages", Warning, "pages of a backup have a wrong checksum",
        example "base/5/16384 has 2 pages with a wrong checksum, the first is block 17",
        "Nothing says what the files of this backup should hold, but the cluster has checksums on its data pages (data_checksums), and with --data they were read. Pages that were written after the backup began are left out: replay writes them anew. These are older by what they say, and their checksum is wrong. A page that was being written while it was copied looks like that, and replay mends it; a page that was damaged on the disk or in the copy looks like that, too, and is not mended: a query of it fails with \"invalid page in block\". After the restore, run pg_amcheck or pg_checksums before the cluster is used; compare with another backup.";
    BackupUnread = "WP443", "backup-unread", Warning, "files of a backup could not be read",
        example "backup/main/20261128-151715F was not read whole: pg_data/base/5/16384 is encrypted",
        "With --data the contents of backups are read, and these could not be: no permission, an error of the disk, no key, or a file that changed while it was read. Nothing is said of them, neither that they are right nor that they are damaged. Where nothing of any backup could be read, that is an error, and the verdict stays open. Look as a user who may read them, or give the key (--passphrase-file, --key-file).";
    StaleData = "WP444", "stale-data", Error, "data files lack changes from in front of the start of replay",
        example "block 7 in base/5/16384 is as of 0/0150A0C8, and a record at 0/0150B2F0, in front of the start of replay at 0/01600028, changed it: so are 12 of 240 such blocks, which lack what was written meanwhile",
        "A checkpoint is done when every block that was changed before it is on disk, and a server replays from there on. WAL in front of the start of replay is here, too, and its records of rows name the blocks that they change: the last 4,096 of them in 16 segments are held against the pages in the data files, each of which says up to where it was written. Pages that say less were copied before the checkpoint: the directory is a copy of a running server without the backup_label that says where its backup began, a snapshot of several volumes that were not taken in one moment, a file that a copy left out, or backup_label is of another backup. The server starts without a word, and committed changes are gone. A warning where replay writes each of these blocks whole before it needs what was there. Looked at with a data directory and an archive on this machine, from 9.5 on, as far as WAL of the same timeline lies in front.";

    Encrypted = "WP501", "encrypted", Error, "a file is encrypted",
        example "000000010000000000000011 is encrypted (openssl)",
        "Nothing can be said of the content without the key: give it with --passphrase-file or --key-file. Where the encryption is one that is not read, decrypt the archive to another place, or let the backup tool restore the files, and check those.";
    UnknownCodec = "WP502", "unknown-codec", Error, "a file is packed in a way that is not read",
        example "000000010000000000000011.zip is zip",
        "The content is compressed in a format that is not read here, or is no WAL at all but a container. Unpack it and check the result.";
    UnknownVersion = "WP503", "unknown-version", Error, "WAL of a version that is not read",
        example "000000010000000000000011 has the page magic D121, that of the betas of 19",
        "The page magic is none of the releases 8.2 to 19. Betas and development versions have formats of their own; a fork may have, too.";
    Unreadable = "WP504", "unreadable", Error, "a file cannot be read",
        example "000000010000000000000011: no permission to read it",
        "The operating system refuses: permission, an I/O error, something that is no regular file. Nothing can be said of its content; an I/O error is a reason to copy the disk first and ask questions later.";
    NotWal = "WP505", "not-wal", Error, "a file has the name of a segment and is no WAL",
        example "000000010000000000000011 is text",
        "The name is that of a segment, the content is not WAL of any version: no page carries a magic. It may be encrypted without a header, overwritten, or something else under that name.";
    WrongKey = "WP510", "wrong-key", Error, "no key given opens a file",
        example "000000010000000000000011 is encrypted (openssl), and no key given opens it",
        "The file is encrypted, and what comes out with the passphrases and keys given is noise. It is encrypted with another one, or its beginning is damaged; that it is damaged is told (WP103) where a key opens other files of the archive and the end of this one. pgBackRest encrypts WAL with a key of the archive's own, which stands in archive.info, encrypted with the repository's passphrase: neither opens what the other one does. Nothing is said of the content.";
    RestoredElsewhere = "WP513", "restored-elsewhere", Error, "a restored cluster did not end where it should",
        example "/var/lib/postgresql/15/main ended at 0/00700000 on timeline 1; it should have ended at 0/00BFFCD8 on timeline 1: 1,911 commits are missing",
        "The history file that a server writes when it is promoted says where its recovery ended, and that is not where replay of this archive with these settings ends. A server ends recovery without a word where its restore_command does not deliver a file, where a record cannot be read, and up to 12 also where the target was not reached; it goes along another timeline where a history file was not there or recovery_target_timeline said so. What is missing in it is in the archive: restore anew, with archive-get as restore_command, which stops in such a case; what was written to the cluster since is on a branch of its own. Without recovery from the archive at all a cluster makes no new timeline. The archive is judged as it is now: what came to it after the restore counts as well.";
    RestoredUnknown = "WP514", "restored-unknown", Error, "where a restored cluster ended cannot be told",
        example "/var/lib/postgresql/15/main is still in recovery, at 0/00700000 at least; it should come to 0/00BFFCD8 on timeline 1",
        "Where a recovery ended stands in the history file of the timeline that it began, which lies in pg_wal of the cluster, and in its archive if it has one; the control file alone does not say it. A cluster that is still in recovery, paused at its target or stopped there, says only how far it has come at least. Up to 9.2 a history file names a segment and no position. A cluster that ended behind all that the archive holds had WAL from elsewhere, mostly from its own pg_wal: nothing is missing in it, but that end is not proven.";
}

/// What a code is about, as its first digit says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CodeFamily {
    /// The archive: which files there are, and what they are.
    Archive,
    /// Bytes of WAL.
    Bytes,
    /// Timelines.
    Timelines,
    /// Backups and targets.
    Backups,
    /// What cannot be looked at.
    Closed,
}

impl Code {
    /// What it is about.
    pub const fn family(self) -> CodeFamily {
        match self.id().as_bytes() {
            [_, _, b'1', ..] => CodeFamily::Archive,
            [_, _, b'2', ..] => CodeFamily::Bytes,
            [_, _, b'3', ..] => CodeFamily::Timelines,
            [_, _, b'4', ..] => CodeFamily::Backups,
            _ => CodeFamily::Closed,
        }
    }

    /// No replay from before comes over the place, and replay may begin behind it.
    pub const fn is_hole(self) -> bool {
        matches!(self, Code::Gap | Code::WalReset)
    }

    /// Every record can be read; what is wrong is what a server makes of them.
    pub const fn is_of_replay(self) -> bool {
        matches!(self, Code::LeftBranch | Code::Stopped | Code::Disproved | Code::OthersHistory)
    }

    /// Of a file that is encrypted, or packed in a way that is not read.
    pub(crate) const fn of_closed(codec: Codec, wrong_key: bool) -> Code {
        match codec {
            Codec::Encrypted(_) if wrong_key => Code::WrongKey,
            Codec::Encrypted(_) => Code::Encrypted,
            _ => Code::UnknownCodec,
        }
    }

    /// The finding says that something could not be looked at, not that it is wrong.
    pub const fn is_could_not_look(self) -> bool {
        matches!(
            self,
            Code::Changed
                | Code::Vanished
                | Code::StillCopied
                | Code::Encrypted
                | Code::WrongKey
                | Code::RestoredUnknown
                | Code::UnknownCodec
                | Code::UnknownVersion
                | Code::Unreadable
                | Code::BackupUnread
        )
    }

    /// It is about a repository's own files, or about its backups, and not about WAL.
    pub const fn is_of_repository(self) -> bool {
        matches!(self, Code::RepositoryInfo | Code::BackupNotRestorable | Code::BackupPages | Code::BackupUnread)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_and_unique() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert!(code.explanation().len() > 80 && !code.example().is_empty() && !code.title().is_empty(), "{code}");
            assert!(Code::ALL[..i].iter().all(|other| other.id() < code.id() && other.name() != code.name()), "{code}");
        }
    }
}
