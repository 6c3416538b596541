//! Situations: what lies in the archive, where the server is going, what it asks for.

use super::*;
use pgwal_format::text::history::{Ancestor, Switch};
use pgwal_format::{Align, Dialect, Endian, Lsn, PageSize, SegmentSize, Version};

/// Segments of 16 MiB of a version.
fn layout(major: u8, minor: u8) -> Layout {
    let dialect: &'static Dialect = Version::new(major, minor).dialect().unwrap();
    let (segment, page) = (SegmentSize::DEFAULT, PageSize::new(8192).unwrap());
    Layout { dialect, align: Align::Eight, endian: Endian::Little, segment, page }
}

/// `1:1-9,11 2:5-7 2<1@5 3<1@5<2@7.0 1!5`: segments; where a timeline comes from, the forks in the middle of these
/// segments or (`.0`) at their beginning; segments with records behind a fork.
fn archive(text: &str, layout: &Layout) -> KnownNames {
    let mut known = KnownNames::default();
    let name = |timeline: u32, number: u64| {
        SegmentName::new(TimelineId(timeline), SegmentNo(number), layout.address(), layout.segment)
    };
    for word in text.split_whitespace() {
        if let Some((timeline, numbers)) = word.split_once(':') {
            for range in numbers.split(',') {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let numbers = first.parse::<u64>().unwrap()..=last.parse().unwrap();
                known.segments.extend(numbers.map(|number| name(timeline.parse().unwrap(), number)));
            }
        } else if let Some((timeline, number)) = word.split_once('!') {
            known.beyond_fork.insert(name(timeline.parse().unwrap(), number.parse().unwrap()));
        } else {
            let mut parts = word.split('<');
            let own = TimelineId(parts.next().unwrap().parse().unwrap());
            let ancestors = parts.map(|part| {
                let (timeline, fork) = part.split_once('@').unwrap();
                let (number, at) = fork.strip_suffix(".0").map_or((fork, 0x1000), |number| (number, 0));
                let number = SegmentNo(number.parse().unwrap());
                let start = layout.address().segment_start(number, layout.segment);
                let timeline = TimelineId(timeline.parse().unwrap());
                let switch = match layout.dialect.version < Version::new(9, 3) {
                    true => Switch::In(SegmentName::new(timeline, number, layout.address(), layout.segment)),
                    false => Switch::At(Lsn::new(start.get() + at)),
                };
                Ancestor { timeline, switch, reason: "no recovery target specified".into() }
            });
            known.histories.insert(own, ancestors.collect());
        }
    }
    known
}

/// `latest from 1`, `current from 1`, `2 from 1`, `latest`.
fn aim(text: &str) -> ServerAim {
    let (timeline, start) = text.split_once(" from ").map_or((text, None), |(timeline, start)| (timeline, Some(start)));
    let timeline = match timeline {
        "latest" => TargetTimeline::Latest,
        "current" => TargetTimeline::Current,
        number => TargetTimeline::Number(TimelineId(number.parse().unwrap())),
    };
    ServerAim { start: start.map(|number| TimelineId(number.parse().unwrap())), timeline }
}

/// What the absence of `timeline:number` comes to: `end`, or what is there and how that is known.
fn absence(major: (u8, u8), text: &str, going: &str, asked: &str) -> String {
    let layout = layout(major.0, major.1);
    let (timeline, number) = asked.split_once(':').unwrap();
    let number = SegmentNo(number.parse().unwrap());
    let name = SegmentName::new(TimelineId(timeline.parse().unwrap()), number, layout.address(), layout.segment);
    match judge(name, &archive(text, &layout), &aim(going), &layout) {
        Absence::End => "end".into(),
        Absence::Hole(hole) => {
            assert_eq!(hole.asked, name);
            let there = hole.there.number(layout.address(), layout.segment).unwrap().0;
            let kind = match hole.kind {
                HoleKind::SameTimeline => "same",
                HoleKind::LaterTimeline => "later",
                HoleKind::LeftBranch => "left",
            };
            format!("{kind} {}:{there}", hole.there.timeline)
        }
    }
}

const V15: (u8, u8) = (15, 0);

/// What it is, the archive, the aim, the request, and what comes of it.
const SITUATIONS: &[(&str, &str, &str, &str, &str)] = &[
    // Healthy: nothing is a hole.
    ("the end of WAL", "1:1-9", "latest from 1", "1:10", "end"),
    ("the end of WAL, nothing known of the server", "1:1-9", "latest", "1:10", "end"),
    ("an archive without anything of this timeline", "2:1-9", "current from 1", "1:5", "end"),
    ("a new archive", "", "latest from 1", "1:5", "end"),
    ("older segments expired", "1:100-109", "latest from 1", "1:110", "end"),
    ("the end of timeline 2", "1:1-5 2:5-9 2<1@5", "latest from 1", "2:10", "end"),
    ("and then the parent is asked", "1:1-5 2:5-9 2<1@5", "latest from 1", "1:10", "end"),
    ("the parent went on after a split brain", "1:1-20 2:5-9 2<1@5", "latest from 1", "2:10", "end"),
    ("and then the parent is asked behind the fork", "1:1-9,12-20 2:5-9 2<1@5", "latest from 1", "1:10", "end"),
    ("the end of timeline 3", "1:1-5 2:5-7 3:7-8 2<1@5 3<1@5<2@7", "latest from 1", "3:9", "end"),
    ("its ancestors are asked as well", "1:1-5 2:5-7 3:7-8 2<1@5 3<1@5<2@7", "latest from 1", "2:9", "end"),
    ("the oldest, too", "1:1-5 2:5-7 3:7-8 2<1@5 3<1@5<2@7", "latest from 1", "1:9", "end"),
    ("current, and another was promoted", "1:1-9 2:5-20 2<1@5", "current from 1", "1:10", "end"),
    ("current, a test restore was promoted at the end", "1:1-9 2:9-20 2<1@9", "current from 1", "1:10", "end"),
    ("a number as the target, others were promoted", "1:1-9 2:5-20 3:9-30 2<1@5 3<1@9", "1 from 1", "1:10", "end"),
    ("a test restore's history alone", "1:1-9 2<1@5", "current from 1", "1:10", "end"),
    ("a test restore's history came during recovery", "1:1-9 2<1@5", "latest from 1", "1:10", "end"),
    ("a test restore promoted during recovery", "1:1-9 2:5-20 2<1@5", "latest from 1", "1:10", "end"),
    ("a test restore behind the latest one", "1:1-5 2:5-9 3:3-20 2<1@5 3<1@3", "2 from 1", "2:10", "end"),
    ("a new timeline whose first segment is yet to come", "1:1-4 2<1@5", "latest from 1", "2:5", "end"),
    ("the same, and the parent's was archived up to the fork", "1:1-5 2<1@5", "latest from 1", "2:5", "end"),
    ("a fork at a boundary, the next segment yet to come", "1:1-4 2<1@5.0", "latest from 1", "2:5", "end"),
    ("a promoted standby's .partial only", "1:1-4 2<1@5", "latest from 1", "2:5", "end"),
    ("a timeline without its history file", "1:1-5 2:5-9", "latest from 1", "2:10", "end"),
    ("a timeline that no history names", "1:1-5 7:8-9", "latest from 1", "1:6", "end"),
    ("recycled files behind the fork, as 10 to 12 archive", "1:1-5,8,9 2:5-6 2<1@5", "latest from 1", "1:7", "end"),
    ("a child asked for a number before it began", "1:1-3 2:5-9 2<1@5", "latest from 1", "2:4", "end"),
    (
        "the end of the newest of three siblings",
        "1:1-9 2:3-4 3:5-6 4:9-11 2<1@3 3<1@5 4<1@9",
        "latest from 1",
        "4:12",
        "end",
    ),
    ("a fork in the last segment, both at their ends", "1:1-9 2:9 2<1@9", "latest from 1", "2:10", "end"),
    // Holes.
    ("a segment is missing", "1:1-9,11", "latest from 1", "1:10", "same 1:11"),
    ("many are missing", "1:1-9,500", "latest from 1", "1:10", "same 1:500"),
    ("one is missing, nothing known of the server", "1:1-9,11", "latest", "1:10", "same 1:11"),
    ("the first one is missing", "1:2-9", "latest from 1", "1:1", "same 1:2"),
    ("missing on timeline 1, which is current", "1:1-9,11 2:5-20 2<1@5", "current from 1", "1:10", "same 1:11"),
    ("missing on timeline 2", "1:1-5 2:5-6,8 2<1@5", "latest from 1", "2:7", "same 2:8"),
    ("missing in front of the fork", "1:1-2,4,5 2:5-9 2<1@5", "latest from 1", "1:3", "same 1:4"),
    ("the last in front of a fork is missing", "1:1-3 2:5-9 2<1@5", "latest from 1", "1:4", "later 2:5"),
    ("all from a backup to the fork is missing", "2:5-9 2<1@5", "latest from 1", "1:2", "later 2:5"),
    ("in front of a fork at a boundary", "1:1-3 2:5-9 2<1@5.0", "latest from 1", "1:4", "later 2:5"),
    ("only a grandchild is there", "1:1-3 3:7-9 2<1@5 3<1@5<2@7", "latest from 1", "1:4", "later 3:7"),
    ("on the way through timeline 2", "1:1-5 2:5 3:7-9 2<1@5 3<1@5<2@7", "latest from 1", "2:6", "later 3:7"),
    ("the first of timeline 2", "1:1-5 2:6-9 2<1@5", "latest from 1", "2:5", "same 2:6"),
    ("nothing of timeline 2, and 1 goes on", "1:1-9 2<1@5", "latest from 1", "2:5", "left 1:6"),
    ("the same at a boundary", "1:1-5 2<1@5.0", "latest from 1", "2:5", "left 1:5"),
    ("the parent goes on in the segment of the fork", "1:1-5 1!5 2<1@5", "latest from 1", "2:5", "left 1:5"),
    ("nothing of timelines 2 and 3", "1:1-9 2<1@5 3<1@5<2@7", "latest from 1", "2:5", "left 1:6"),
    ("timeline 2 by its number", "1:1-9 2:5-6,9 2<1@5", "2 from 1", "2:7", "same 2:9"),
    ("a test restore's child does not hide it", "1:1-9,11-30 2:5-12 2<1@5", "latest from 1", "1:10", "same 1:11"),
];

#[test]
fn every_situation() {
    let mut wrong = Vec::new();
    for (what, text, going, asked, expected) in SITUATIONS {
        let found = absence(V15, text, going, asked);
        if found != *expected {
            wrong.push(format!("{what}: {found}, not {expected}"));
        }
    }
    let healthy = SITUATIONS.iter().filter(|situation| situation.4 == "end").count();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(healthy >= 20 && SITUATIONS.len() >= 40, "{healthy} of {}", SITUATIONS.len());
}

/// The requests that servers were seen to send, with all that they name there: whatever is absent is an end.
#[test]
fn requests_of_servers_replayed() {
    let three = "1:1-5 2:5-7 3:7-9 2<1@5 3<1@5<2@7";
    // Up to 9.4, every timeline is asked for every number, the newest first.
    let legacy: Vec<String> =
        (1..=10).flat_map(|number| [3, 2, 1].map(|timeline| format!("{timeline}:{number}"))).collect();
    let modern = ["1:1", "1:2", "1:3", "1:4", "2:5", "2:6", "3:7", "3:8", "3:9", "3:10", "2:10", "1:10", "3:9"];
    for (version, requests) in [
        ((9, 0), legacy.iter().map(String::as_str).collect::<Vec<_>>()),
        ((9, 2), legacy.iter().map(String::as_str).collect()),
        ((9, 4), legacy.iter().map(String::as_str).collect()),
        ((10, 0), modern.to_vec()),
        ((18, 0), modern.to_vec()),
    ] {
        let there = archive(three, &layout(version.0, version.1));
        let mut number = 0;
        for request in requests {
            let (timeline, asked) = request.split_once(':').unwrap();
            let asked: u64 = asked.parse().unwrap();
            let layout = layout(version.0, version.1);
            let name = SegmentName::new(
                TimelineId(timeline.parse().unwrap()),
                SegmentNo(asked),
                layout.address(),
                layout.segment,
            );
            // What a newer timeline had is not asked of an older one.
            if there.segments.contains(&name) || asked == number && asked < 10 {
                number = asked;
                continue;
            }
            assert_eq!(absence(version, three, "latest from 1", request), "end", "{version:?} {request}");
        }
    }
}

/// With one file taken away, the first request that finds it gone is told so, in every version.
#[test]
fn whatever_is_taken_away_is_a_hole() {
    for version in [(8, 4), (9, 2), (9, 4), (9, 6), (12, 0), (17, 0)] {
        for (taken, text, asked) in [
            ("1:3", "1:1-2,4-5 2:5-7 3:7-9 2<1@5 3<1@5<2@7", "1:3"),
            ("2:5", "1:1-5 2:6-7 3:7-9 2<1@5 3<1@5<2@7", "2:5"),
            ("2:6", "1:1-5 2:5,7 3:7-9 2<1@5 3<1@5<2@7", "2:6"),
            ("3:7", "1:1-5 2:5-7 3:8-9 2<1@5 3<1@5<2@7", "3:7"),
            ("3:8", "1:1-5 2:5-7 3:7,9 2<1@5 3<1@5<2@7", "3:8"),
        ] {
            assert_ne!(absence(version, text, "latest from 1", asked), "end", "{version:?} without {taken}");
        }
    }
}
