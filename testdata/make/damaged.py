"""The damaged archives, as recipes: which good files to start from and what to do to them, so that 57 archives cost a few MB.

Each case becomes `damaged-15/cases/NAME.json` with the steps, the size and SHA-256 of every file that must come out, and
the answer that is right. `make` rebuilds each from its steps and compares with the corpus.
"""
import hashlib, json
import packing, rebuild, recoveries

SEGMENT_SIZE = 1 << 20
# What an archive must be to end with exit code 0, and the severity of what is still to be said about it.
GOOD = {'good': None, 'timelines_good': None, 'gz_good': None, 'zst_good_lz4_mixed': None, 'partial_beside_complete': None, 'partial_last': None,
        'recycled_last': 'warning', 'diverged_old_primary': 'info', 'history_disagree': 'warning', 'history_switch_near': 'warning',
        'history_switch_too_early': 'warning'}
# The server uses nothing of a file of wrong size, or of one that does not decompress whole: this record is the first to need it.
FIRST_LOST = '0/EFFFE0'
UNUSABLE = ('empty_file', 'gz_crc', 'gz_truncated', 'oversized_segment', 'truncated_8k', 'truncated_at_page', 'truncated_in_page_header', 'truncated_segment')


def make(corpus, testdata):
    cases = {path.name: path for path in sorted((corpus / 'damaged-15').iterdir())}
    made = sources(corpus, testdata, cases)
    for name, folder in cases.items():
        manifest = json.loads((folder / 'manifest.json').read_text())
        files = {p.name: p.read_bytes() for p in sorted((folder / 'archive').iterdir())}
        steps = recipe(testdata, name, files)
        rebuilt = rebuild.run(testdata, steps)
        if rebuilt != files:
            raise SystemExit(f'{name}: the recipe does not give the corpus back')
        # The cases about timelines were recovered from a later backup, over the whole of 15's archive with the change made to it.
        late = '000000030000000000000066' in files
        fact = {'case': name, 'what': manifest['what'], 'expect': expect(name, manifest), 'pg_waldump': said(manifest),
                'backup': '15_late' if late else '15', 'server': [recoveries.row(r) for r in manifest.get('server') or []], 'steps': steps,
                'files': {n: {'size': len(d), 'sha256': hashlib.sha256(d).hexdigest()} for n, d in files.items()}}
        made.append(packing.keep_as_is(testdata / 'damaged-15' / 'cases', f'{name}.json', (json.dumps(fact, indent=1) + '\n').encode()))
    return made


def sources(corpus, testdata, cases):
    """The bytes that recipes start from: 13 good segments as .gz (two cases need just these files), and what is foreign to them."""
    made, to = [], testdata / 'damaged-15'
    for path in sorted((cases['gz_good'] / 'archive').iterdir()):
        made.append(packing.keep_as_is(to / 'good', path.name, path.read_bytes()))
    for path in sorted((cases['good'] / 'archive').glob('*.backup')):
        made.append(packing.keep_as_is(to / 'good', path.name, path.read_bytes()))
    for path in sorted((cases['zst_good_lz4_mixed'] / 'archive').iterdir()):
        if path.suffix:
            made.append(packing.keep_as_is(to / 'mixed', path.name, path.read_bytes()))
    for case, number in (('foreign_segment', '0F'), ('foreign_major', '0F')):
        made.append(packing.keep(to / case, '0000000100000000000000' + number, (cases[case] / 'archive' / ('0000000100000000000000' + number)).read_bytes(), '.xz'))
    for change in json.loads((cases['diverged_old_primary'] / 'manifest.json').read_text())['changes']:
        made.append(packing.keep(to / 'diverged', change['file'], (cases['diverged_old_primary'] / 'archive' / change['file']).read_bytes(), '.xz'))
    return made


def recipe(testdata, name, files):
    """Steps that turn the kept files into `files`."""
    if name.startswith('gz_') or name == 'zst_good_lz4_mixed':
        steps = []
        for n in files:
            kept = [f for f in ('good', 'mixed') if (testdata / 'damaged-15' / f / n).exists() and not (name.startswith('gz_') and f == 'mixed')]
            if not n.endswith(('.gz', '.zst', '.lz4')):
                steps.append({'op': 'unpack', 'from': f'damaged-15/good/{n}.gz', 'to': n})
            else:
                steps.append({'op': 'copy', 'from': f'damaged-15/{kept[-1]}/{n}', 'to': n})
    else:
        steps = unpacked(testdata, files)
    have = rebuild.run(testdata, steps)
    for n, data in files.items():
        if have.get(n) != data:
            steps += difference(n, data, have)
    return steps + [{'op': 'remove', 'file': n} for n in sorted(set(have) - set(files))]


def unpacked(testdata, files):
    """One step per file of the standard set, or of the tail of 15's archive for the cases about timelines."""
    tail = '000000030000000000000066' in files
    folder = '15/archive' if tail else 'damaged-15/good'
    steps = []
    for path in sorted((testdata / folder).iterdir()):
        name = path.name.removesuffix(path.suffix) if path.suffix in packing.SUFFIXES else path.name
        if not tail or name in files:
            steps.append({'op': 'unpack', 'from': f'{folder}/{path.name}', 'to': name})
    if tail and '000000010000000000000061' in files:
        steps += [{'op': 'unpack', 'from': f'damaged-15/diverged/0000000100000000000000{n}.xz', 'to': f'0000000100000000000000{n}'} for n in ('60', '61', '62')]
    return steps


def difference(name, data, have):
    """Steps that give file `name` the bytes `data`."""
    same = next((other for other, bytes_ in have.items() if bytes_ == data and other != name), None)
    if same:
        return [{'op': 'unpack', 'from': source(same), 'to': name}]
    if name.endswith('.history'):
        return [{'op': 'text', 'file': name, 'text': data.decode()}]
    for case in ('foreign_segment', 'foreign_major'):
        step = {'op': 'unpack', 'from': f'damaged-15/{case}/{name}.xz', 'to': name}
        if name == '00000001000000000000000F' and rebuild.run(rebuild.TESTDATA, [step])[name] == data:
            return [step]
    if name.endswith('.partial'):
        whole = name.removesuffix('.partial')
        half = len(data) // 2
        return [{'op': 'unpack', 'from': source(whole), 'to': name}, {'op': 'zero', 'file': name, 'offset': half, 'length': len(data) - half}]
    old = have[name]
    if len(old) != len(data):
        return [{'op': 'resize', 'file': name, 'size': len(data)}]
    first = next(i for i in range(len(data)) if old[i] != data[i])
    last = next(i for i in range(len(data) - 1, -1, -1) if old[i] != data[i])
    new = data[first:last + 1]
    if len(new) == 1 and (old[first] ^ new[0]).bit_count() == 1:
        return [{'op': 'flip', 'file': name, 'offset': first, 'bit': (old[first] ^ new[0]).bit_length() - 1}]
    if not any(new):
        return [{'op': 'zero', 'file': name, 'offset': first, 'length': len(new)}]
    if len(new) > 64:
        other = next(o for o, b in have.items() if o != name and len(b) == len(data) and b[first:last + 1] == new)
        return [{'op': 'splice', 'file': name, 'offset': first, 'length': len(new), 'from': source(other)}]
    return [{'op': 'write', 'file': name, 'offset': first, 'hex': new.hex()}]


def source(segment):
    return f'damaged-15/good/{segment}.gz'


def expect(name, manifest):
    """The right answer: `lsn` the first record that cannot be replayed, `at` the place of the damage (null: not stated)."""
    right = manifest['correct']
    answer = {'exit': 0 if name in GOOD else 1, 'severity': GOOD[name] if name in GOOD else 'error', 'lsn': None, 'at': None, 'file': None}
    if name in GOOD and GOOD[name] is None:
        return answer
    lost, bad = right.get('first_lost_record'), right.get('first_bad_lsn')
    answer['lsn'] = lost or bad
    answer['at'] = right.get('page_lsn') or (bad if lost else None)
    answer['file'] = right.get('damaged_file') or right.get('first_bad_file')
    if name in UNUSABLE:
        answer.update(lsn=FIRST_LOST, readable_until=bad)
    if name == 'tl2_first_segment_missing':
        answer.update(lsn='0/6000028', at='0/6000000')
    if right.get('reason') in ('crc', 'prev-link', 'length', 'length or crc', 'rmid or crc') and 'damaged_file' in right:
        # Bytes cannot tell which of a record's files is the bad one: the finding stands at the record's start.
        answer.update(in_span=right['damaged_file'], file=right['first_bad_file'])
    if 'fork_lsn' in right:
        answer.update(fork=right['fork_lsn'], diverged=right['diverged_files'])
    return {k: padded(v) if isinstance(v, str) and '/' in v else v for k, v in answer.items()}


def padded(lsn):
    high, low = lsn.split('/')
    return f'{high}/{int(low, 16):08X}'


def said(manifest):
    """What pg_waldump printed of the case, where it was asked: the record count before it stopped is worth knowing."""
    run = next((manifest[k] for k in ('pg_waldump', 'pg_waldump_tl3', 'pg_waldump_tl1') if k in manifest), None)
    return run and {'records': run['records'], 'exit': run['exit_code'], 'stderr': run['stderr']}
