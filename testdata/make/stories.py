"""Which files of the corpus tell which story, and what is known of each."""
import json, re
import packing, records

MIB = 1 << 20
SEGMENT = re.compile(r'[0-9A-F]{24}')


def names(timeline, *ranges):
    """Segment names of a timeline: (log id, first, last) each."""
    return [f'{timeline:08X}{log:08X}{low:08X}' for log, first, last in ranges for low in range(first, last + 1)]


# version, story, folder of the corpus, segments (everything else that belongs to them comes along), extra files, what it shows
STORIES = [
    ('8.2', 'promotion', 'archive', names(1, (0, 4, 4)) + names(2, (0, 5, 5)), ['00000002.history'],
     'timeline 2 begins in the middle of segment 5; behind its end lie stale pages of the recycled file (from offset 335872)'),
    ('8.2', 'pg_xlog', 'pg_xlog_tl3', names(3, (0, 2, 3)), ['00000003.history'],
     'a live directory after shutdown, on timeline 3 (point-in-time recovery); 00000003...02 holds stale pages from offset 9363456'),
    ('8.2', 'wrap', 'wrap_archive', names(1, (0, 0xFD, 0xFE), (1, 0, 0)), [],
     'over the 4 GiB boundary: segment FE of log id 0 is followed by 00 of log id 1'),
    ('9.2', 'promotion', 'archive', names(1, (0, 6, 7)) + names(2, (0, 8, 9)), ['00000002.history'],
     'timeline 2 begins at a segment of its own'),
    ('9.2', 'wrap', 'wrap_archive', names(1, (0, 0xFC, 0xFE), (1, 0, 0)), [],
     'over the 4 GiB boundary: segment FE of log id 0 is followed by 00 of log id 1'),
    ('9.4', 'promotion', 'archive', names(1, (0, 6, 7)) + names(2, (0, 8, 9)), ['00000002.history'],
     'timeline 2 begins with the first record of a segment'),
    ('9.4', 'recovery', 'archive', names(3, (0, 4, 5)), ['00000003.history'],
     'timeline 3, from a point-in-time recovery: its first segment begins with a copy of what timeline 1 held'),
    ('9.4', 'wrap', 'wrap_archive', names(1, (0, 0xFC, 0xFF), (1, 0, 0)), [],
     'over the 4 GiB boundary: from 9.3 on segment FF exists'),
    ('10', 'archive', 'archive', names(1, (0, 0xC, 0xF)) + names(2, (0, 0xF, 0x12)) + names(3, (0, 0x12, 0x14)), ['00000002.history', '00000003.history'],
     'the tail of an archive: two promotions, with their .history, .partial and .backup files'),
    ('10', 'pg_wal', 'pg_wal', names(3, (0, 0x14, 0x17)), ['00000002.history', '00000003.history'],
     'a live directory: one segment in use, recycled ones under names to come'),
    ('13', 'archive', 'archive', names(1, (0, 0x59, 0x5F)) + names(2, (0, 0x5F, 0x66)) + names(3, (0, 0x66, 0x6B)), ['00000002.history', '00000003.history'],
     'the tail of an archive: OVERWRITE_CONTRECORD at 0/5B00028, two promotions, .history, .partial, .backup; all five compressions in turn'),
    ('13', 'big_commit', 'archive', names(1, (0, 0x33, 0x35)), [],
     'a commit record of 1,200,053 bytes, larger than a segment, at 0/339A2A8'),
    ('15', 'archive', 'archive', names(1, (0, 0x58, 0x60)) + names(2, (0, 0x60, 0x66)) + names(3, (0, 0x66, 0x6B)), ['00000002.history', '00000003.history'],
     'the tail of an archive: OVERWRITE_CONTRECORD at 0/5C00028, two promotions, .history, .partial, .backup'),
    ('15', 'big_commit', 'archive', names(1, (0, 0x31, 0x33)), [],
     'a commit record of 1,200,053 bytes, larger than a segment, at 0/31BD830'),
    ('15', 'pg_wal', 'pg_wal', names(3, (0, 0x6C, 0x71)), ['00000002.history', '00000003.history'],
     'a live directory: one segment in use, recycled ones under names to come'),
    ('19', 'archive', 'archive', names(1, (0, 0x5B, 0x63)) + names(2, (0, 0x63, 0x69)) + names(3, (0, 0x69, 0x6E)), ['00000002.history', '00000003.history'],
     'the tail of an archive: OVERWRITE_CONTRECORD at 0/5F00028, two promotions, .history, .partial, .backup; one .backup is of an incremental backup'),
    ('19', 'big_commit', 'archive', names(1, (0, 0x31, 0x33)), [],
     'a commit record of 1,200,053 bytes, larger than a segment, at 0/31BEE68'),
    ('19', 'pg_wal', 'pg_wal', names(3, (0, 0x6E, 0x74)), ['00000002.history', '00000003.history'],
     'a live directory: one segment in use, recycled ones under names to come'),
]

# Where no other program lists the records: what walproof counts, so that a change is noticed.
OWN_COUNT = {('8.2', 'promotion', 2): 1764, ('8.2', 'pg_xlog', 3): 53114, ('9.2', 'promotion', 2): 6102}


def make(corpus, testdata, waldump):
    """Write every story and the JSON beside it; returns the paths that belong here."""
    made = []
    for version, story, source, segments, extra, what in STORIES:
        made += one(corpus, testdata, waldump, version, story, source, segments, extra, what)
    return made


def segments_of(corpus):
    """Version, story, timeline, its whole segments and their size, of every story."""
    for version, story, source, segments, _, _ in STORIES:
        size = MIB if version in ('13', '15', '19') else 16 * MIB
        here = [name for name in segments if (corpus / version / source / name).is_file()]
        for timeline in sorted({int(name[:8], 16) for name in here}):
            yield version, story, timeline, [name for name in here if int(name[:8], 16) == timeline], size


def one(corpus, testdata, waldump, version, story, source, segments, extra, what):
    size = MIB if version in ('13', '15', '19') else 16 * MIB
    made, whole, partial = [], [], []
    for path in sorted((corpus / version / source).iterdir()):
        name = path.name
        if not path.is_file() or not (name[:24] in segments or name in extra):
            continue
        suffix = ''
        if path.stat().st_size == size:
            suffix = packing.SUFFIXES[len(whole) % 5] if (version, story) == ('13', 'archive') else '.xz'
            (whole if SEGMENT.fullmatch(name) else partial).append(name)
        made.append(packing.keep(testdata / version / story, name, path.read_bytes(), suffix))
    timelines = []
    for timeline in sorted({int(name[:8], 16) for name in whole}):
        mine = [name for name in whole if int(name[:8], 16) == timeline]
        known = records.of(corpus, version, 'wrap' if story == 'wrap' else timeline, size, waldump)
        counted = None if known is None else records.whole_in(known, mine, size)
        timelines.append({'timeline': timeline, 'first': mine[0], 'last': mine[-1], 'segments': len(mine), 'records': counted})
        if counted is None:
            timelines[-1]['records_by_walproof'] = OWN_COUNT[version, story, timeline]
    listed = {'8.2': "the server's own trace of replay", '9.2': "the server's own trace of replay",
              '9.4': 'pg_xlogdump 9.4'}.get(version, f'pg_waldump {version}')
    fact = {'story': story, 'version': version, 'what': what, 'segment_size': size, 'partial': partial, 'records_counted_by': listed, 'timelines': timelines}
    text = json.dumps(fact, indent=1) + '\n'
    made.append(packing.keep_as_is(testdata / version, f'{story}.json', text.encode()))
    return made
