"""Control files of running servers, each with what pg_controldata of its version printed."""
import packing

# Version, control file and pg_controldata's text in the folder of the corpus.
FILES = [(version, 'control/pg_control.running', 'control/pg_controldata.running.txt') for version in ('8.2', '9.2', '9.4')] + \
        [(version, 'pg_control/pg_control_tl3', 'oracle/pg_controldata_tl3.txt') for version in ('10', '13', '15', '19')]


def make(corpus, testdata):
    made = []
    for version, file, text in FILES:
        folder = testdata / 'control' / version
        made.append(packing.keep_as_is(folder, 'pg_control', (corpus / version / file).read_bytes()))
        made.append(packing.keep_as_is(folder, 'pg_controldata.txt', (corpus / version / text).read_bytes()))
    return made
