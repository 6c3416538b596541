"""Control files of real servers, each with what pg_controldata of its version printed."""
import packing

# Folder here, version, control file and pg_controldata's text in the folder of the corpus.
FILES = []
for version in ('8.2', '9.2', '9.4'):
    for state in ('initdb', 'running', 'shutdown'):
        folder = version if state == 'running' else f'{version}-{state}'
        FILES.append((folder, version, f'control/pg_control.{state}', f'control/pg_controldata.{state}.txt'))
for version in ('10', '13', '15', '19'):
    for timeline in (1, 2, 3):
        folder = version if timeline == 3 else f'{version}-tl{timeline}'
        FILES.append((folder, version, f'pg_control/pg_control_tl{timeline}', f'oracle/pg_controldata_tl{timeline}.txt'))


def make(corpus, testdata):
    made = []
    for name, version, file, text in FILES:
        folder = testdata / 'control' / name
        made.append(packing.keep_as_is(folder, 'pg_control', (corpus / version / file).read_bytes()))
        made.append(packing.keep_as_is(folder, 'pg_controldata.txt', (corpus / version / text).read_bytes()))
    return made
