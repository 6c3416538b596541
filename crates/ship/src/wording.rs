//! What objections and doubts say, in sentences that stand behind the name of a file.

use crate::ends::StateTrouble;
use crate::objection::{Doubt, LeftThere, Objection};
use crate::push::{Parting, PushRefusal};
use pgwal_format::layout::NotWal;
use pgwal_format::text::history::{HistoryFault, Switch};
use pgwal_format::{Layout, Lsn, TimelineId};

impl Objection {
    /// In words.
    pub fn message(&self, layout: Option<&Layout>) -> String {
        match self {
            Objection::Finding(finding) => format!("{} ({})", finding.message(layout), finding.code),
            Objection::NotWal(fault) => format!("it is damaged at its beginning or is no segment: {fault}"),
            Objection::Unwritten => "it holds nothing but zeros".to_owned(),
            Objection::OtherVersion { found, server } => {
                format!("it holds WAL of version {found}, and this server is of version {server}")
            }
            Objection::OtherSize { found, server } => {
                format!("it is a segment of {found} bytes, and those of this server have {server}")
            }
            Objection::EndsEarly { at } => format!(
                "its records end at {at}, before the segment does, with no switch, and no timeline was left there: \
                 what should follow was never written or is lost"
            ),
            Objection::BeforeTimeline { timeline, first } => {
                format!("timeline {timeline} begins behind it, in {first}, by its history file")
            }
            Objection::EmptyHistory => "it names no ancestor: it is empty or was cut off".to_owned(),
            Objection::History(fault) => format!("a server does not take it: {}", history(fault)),
            Objection::CutHistory { parent } => format!(
                "it does not go on from the history file of timeline {parent}, which it left: it was cut off, or one \
                 of the two is of another cluster"
            ),
            Objection::BackupHistory(fault) => fault.to_string(),
            Objection::OtherBackup { start } => {
                format!("it tells of the backup that began at {start}, and its name of another")
            }
        }
    }
}

fn history(fault: &HistoryFault) -> String {
    match fault {
        HistoryFault::Syntax { line, text, .. } => format!("line {line} is none of a history: {text}"),
        HistoryFault::NotRising { line, text } => format!("timelines do not rise in line {line}: {text}"),
        HistoryFault::NotBelow { timeline } => {
            format!("it names timeline {timeline} as an ancestor, which is no older one")
        }
        HistoryFault::NotText => "it is no text".to_owned(),
        other => format!("{other:?}"),
    }
}

impl Doubt {
    /// In words.
    pub fn message(&self) -> String {
        match self {
            Doubt::UnknownVersion { magic } => {
                let fault = NotWal::Unreleased { magic: *magic, beta_of_19: false };
                format!("it could not be checked: {fault}")
            }
            Doubt::UnknownSizes => {
                "it could not be checked: its segments or pages have a size that is not known".to_owned()
            }
            Doubt::EndsEarly { at } => {
                format!(
                    "its records end at {at}, before the segment does; a switch of timelines there would explain it"
                )
            }
            Doubt::AfterGap { before, at } => format!(
                "{before}, the segment before it, has no record at {at}, and so nothing up to this one: replay stops there"
            ),
            Doubt::Left(left) => left.message(),
            Doubt::Index(why) => format!("it is archived, and the index does not know it yet: {why}"),
            Doubt::State(StateTrouble::Damaged) => {
                "the state file is damaged, and is made anew: the seam to the segment before was not checked".to_owned()
            }
            Doubt::State(StateTrouble::Locked) => {
                "another command holds the state file: the seam to the segment before was not checked".to_owned()
            }
            Doubt::State(StateTrouble::Refused(why)) => {
                format!("the state file cannot be used, and the seam to the segment before was not checked: {why}")
            }
        }
    }
}

impl PushRefusal {
    /// In words, which stand behind the name of the destination.
    pub fn message(&self) -> String {
        match self {
            PushRefusal::Other { stored, wrong: Some(wrong), .. } => format!(
                "{stored} is there already, and it is damaged there: {wrong}; move it away, with its note {stored}.damaged \
                 if there is one, and this one, which is whole, is stored; nothing was replaced"
            ),
            PushRefusal::Other { stored, parting, wrong: None } => {
                format!("{stored} is there already, and {}", differs(parting))
            }
            PushRefusal::GoodThere { stored } => format!(
                "{stored} is there already, whole and of this cluster: keep it; what is wrong is the server's own file"
            ),
            PushRefusal::OtherCluster { stored, there, own } => format!(
                "it is the archive of another cluster: {stored} is of {there}, and this server is {own}; give each \
                 cluster a place of its own"
            ),
            PushRefusal::OtherVersion { stored, there, own } => format!(
                "{stored} there was written by version {there}, and this server is of {own}; give each major version a \
                 place of its own"
            ),
            PushRefusal::OtherTimeline { timeline, there, own } => format!(
                "another server has a timeline {timeline} there: it left {}, and that of this server left {}; two \
                 servers were promoted, and only one of them may archive here",
                left(there),
                left(own)
            ),
            PushRefusal::BeforeTimeline { timeline, first } => {
                format!("timeline {timeline} begins behind it, in {first}, by the history file there")
            }
            PushRefusal::Left(left) => left.message(),
            PushRefusal::Fault(fault) => fault.to_string(),
        }
    }
}

impl LeftThere {
    fn message(&self) -> String {
        let LeftThere { timeline, newer, switch, stored, place, goes_over } = self;
        let lies = if *goes_over { "has records" } else { "lies" };
        let at = match switch {
            Switch::At(lsn) => format!("at {lsn}"),
            Switch::In(name) => format!("in {name}"),
        };
        format!(
            "timeline {newer} left timeline {timeline} {at}, by {stored} in {place}, and this segment {lies} behind that \
             (WP308): if another server was promoted, stop this one, and bring it back with pg_rewind; if that file is \
             of a test restore, remove it there, for a restore to the latest timeline follows it"
        )
    }
}

fn left((parent, at): &(TimelineId, Option<Lsn>)) -> String {
    match at {
        Some(at) => format!("timeline {parent} at {at}"),
        None => format!("timeline {parent}"),
    }
}

fn differs(parting: &Parting) -> String {
    match parting {
        Parting::Same => "it is the same".to_owned(),
        Parting::NotWhole { bytes } => format!(
            "it is no whole segment of this cluster ({bytes} bytes): look at it, and move it away if nobody is writing it"
        ),
        Parting::Cluster { there, own } => {
            format!("it is of cluster {there}, and this server is {own}; give each cluster a place of its own")
        }
        Parting::At { lsn, system_id, timeline } => format!(
            "it has other records from {lsn} on: another server of cluster {system_id} writes timeline {timeline}, too, \
             and only one of the two may archive here, or one of the two files is damaged; nothing was replaced"
        ),
        Parting::Content => "it says something else; nothing was replaced".to_owned(),
    }
}
