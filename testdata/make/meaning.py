"""What the reference programs print of the stories' records: `testdata/meaning/VERSION-STORY-TIMELINE.txt.xz`.

10 and later, 9.4: the lines of pg_waldump or pg_xlogdump as they are. 8.2, 9.2: position, tab, description, from the server's own trace of replay.
"""
import re
import packing, records

TRACED = re.compile(rb'REDO @ ([0-9A-F]+)/([0-9A-F]+); LSN ([0-9A-F]+)/([0-9A-F]+): .*?: (\w+) - (.*)')


def of_dump(lines, segments, size):
    kept = []
    for line in lines:
        m = records.DUMPED.match(line)
        if m:
            start = records.position(m[2], m[3])
            if records.whole_in([(start, records.end_of(start, int(m[1]), size))], segments, size):
                kept.append(line.rstrip(b'\n') + b'\n')
    return kept


def of_trace(lines, segments, size):
    kept = []
    for line in lines:
        m = TRACED.match(line)
        if m:
            start, end = records.position(m[1], m[2]), records.position(m[3], m[4])
            if records.whole_in([(start, end)], segments, size):
                kept.append(b'%s/%s\t%s - %s\n' % (m[1], m[2].rjust(8, b'0'), m[5], m[6].rstrip(b'\n')))
    return kept


def make(corpus, testdata, waldump, stories):
    """Write the texts; returns the paths that belong here."""
    made = []
    for version, story, timeline, segments, size in stories:
        lines = records.text(corpus, version, 'wrap' if story == 'wrap' else timeline, size, waldump)
        if lines is None:
            continue
        kept = (of_trace if version in ('8.2', '9.2') else of_dump)(lines, segments, size)
        made.append(packing.keep(testdata / 'meaning', f'{version}-{story}-{timeline}.txt', b''.join(kept), '.xz'))
    return made
