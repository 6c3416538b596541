"""The demo: three segments with a base backup's history file, and a twin with one flipped byte."""
import json, pathlib, subprocess
import packing, records

SEGMENT_SIZE = 1 << 20
SEGMENTS = ['000000010000000000000009', '00000001000000000000000A', '00000001000000000000000B']
DAMAGED = SEGMENTS[1]


def make(corpus, testdata, waldump):
    made = []
    archive = corpus / '15' / 'archive'
    names = SEGMENTS + [p.name for p in sorted(archive.iterdir()) if p.name.startswith(SEGMENTS[0]) and p.suffix == '.backup']
    start, end = victim(corpus, waldump)
    offset = (start + end) // 2 % SEGMENT_SIZE
    for name in names:
        data = bytearray((archive / name).read_bytes())
        made.append(packing.keep_as_is(testdata / 'demo' / 'good', name, bytes(data)))
        if name == DAMAGED:
            data[offset] ^= 0x08
        made.append(packing.keep_as_is(testdata / 'demo' / 'damaged', name, bytes(data)))
    flip = {'file': DAMAGED, 'offset': offset, 'bit': 3, 'record': f'{start >> 32:X}/{start & 0xffffffff:08X}'}
    made.append(packing.keep_as_is(testdata / 'demo', 'flip.json', (json.dumps(flip, indent=1) + '\n').encode()))
    made.append(packing.keep_as_is(testdata / 'demo', 'pg_waldump.txt', said(testdata / 'demo', waldump).encode()))
    return made


def victim(corpus, waldump):
    """The first record of a few hundred bytes behind the first third of the segment, inside one page."""
    base = int(DAMAGED[16:], 16) * SEGMENT_SIZE + SEGMENT_SIZE // 3
    for start, end in records.of(corpus, '15', 1, SEGMENT_SIZE, waldump):
        if start >= base and 150 < end - start < 400 and start // 8192 == (end - 1) // 8192:
            return start, end
    raise SystemExit('no record of that size in the demo segment')


def said(demo, waldump):
    """What pg_waldump prints about both folders, with the commands, so that the README can quote it."""
    text = subprocess.run([waldump, '--version'], stdout=subprocess.PIPE, text=True, check=True).stdout
    for folder in ('good', 'damaged'):
        run = subprocess.run([waldump, '-p', folder, SEGMENTS[0], SEGMENTS[-1]], cwd=pathlib.Path(demo), capture_output=True, text=True)
        text += f'\n$ pg_waldump -p {folder} {SEGMENTS[0]} {SEGMENTS[-1]} | wc -l\n'
        text += run.stderr + f'{len(run.stdout.splitlines())}\n(pg_waldump exits with {run.returncode})\n'
    return text
