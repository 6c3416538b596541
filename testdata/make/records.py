"""Where records start and end, as the reference programs say: the counts that stand beside each story come from here."""
import functools, re, subprocess

PAGE, LONG_HEADER, SHORT_HEADER = 8192, 40, 24
DUMPED = re.compile(rb'rmgr: +\S+ +len \(rec/tot\): +\d+/ *(\d+), tx: +\d+, lsn: ([0-9A-F]+)/([0-9A-F]+),')
TRACED = re.compile(rb'REDO @ ([0-9A-F]+)/([0-9A-F]+); LSN ([0-9A-F]+)/([0-9A-F]+): prev ([0-9A-F]+)/([0-9A-F]+);')


def position(high, low):
    return (int(high, 16) << 32) + int(low, 16)


def end_of(start, length, segment_size):
    """The position behind a record of `length` bytes at `start` (9.3 and later: page headers lie between its parts)."""
    at = start
    while length:
        if at % PAGE == 0:
            at += LONG_HEADER if at % segment_size == 0 else SHORT_HEADER
        part = min(length, PAGE - at % PAGE)
        at, length = at + part, length - part
    return at


def from_dump(lines, segment_size):
    found = []
    for line in lines:
        m = DUMPED.match(line)
        if m:
            start = position(m[2], m[3])
            found.append((start, end_of(start, int(m[1]), segment_size)))
    return found


def from_trace(lines):
    found = [m for m in map(TRACED.match, lines) if m]
    # The checkpoint that replay starts from is not traced; the first traced record says where it is, and ends where that begins.
    first = found[0]
    start = (position(first[5], first[6]), position(first[1], first[2]))
    return [start] + [(position(m[1], m[2]), position(m[3], m[4])) for m in found]


@functools.cache
def text(corpus, version, timeline, segment_size, waldump):
    """What the reference printed of a timeline of the corpus, line by line, or None where nothing did."""
    oracle = corpus / version / 'oracle'
    if version in ('8.2', '9.2'):
        log = oracle / f'redo_wal_debug.{"wrap" if timeline == "wrap" else "tl1"}.log'
        return log.read_bytes().splitlines() if timeline in (1, 'wrap') else None
    if version == '9.4':
        name = 'wrap' if timeline == 'wrap' else f'tl{timeline}'
        return (oracle / 'xlogdump' / f'range_{name}.txt').read_bytes().split(b'\n')
    kept = oracle / f'waldump_tl{timeline}.txt'
    if kept.exists():
        return kept.read_bytes().split(b'\n')
    first = min(p.name for p in (corpus / version / 'tl' / str(timeline)).iterdir())
    start = int(first[8:16], 16) << 32 | int(first[16:], 16) * segment_size
    command = [waldump, '-p', corpus / version / 'tl' / str(timeline), '-t', str(timeline), '-s', f'{start >> 32:X}/{start & 0xffffffff:X}']
    utc = {'TZ': 'UTC', 'LC_ALL': 'C'}
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=utc).stdout.split(b'\n')


@functools.cache
def of(corpus, version, timeline, segment_size, waldump):
    """Every record of a timeline of the corpus as (start, end), or None where nothing listed them."""
    lines = text(corpus, version, timeline, segment_size, waldump)
    if lines is None:
        return None
    return from_trace(lines) if version in ('8.2', '9.2') else from_dump(lines, segment_size)


def whole_in(records, segments, segment_size):
    """How many of `records` start in the named segments and end in them as well."""
    def number(name):
        return (int(name[8:16], 16) << 32) // segment_size + int(name[16:24], 16)
    numbers = {number(name) for name in segments}
    return sum(start // segment_size in numbers and (end - 1) // segment_size in numbers for start, end in records)
