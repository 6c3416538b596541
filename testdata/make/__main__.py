#!/usr/bin/env python3
"""Makes testdata from a corpus of real WAL.

usage: python3 testdata/make CORPUS [PG_WALDUMP]

CORPUS holds one folder per PostgreSQL major (8.2, 9.2, 9.4, 10, 13, 15, 19) and damaged-15; PG_WALDUMP is a pg_waldump 15
(found in PATH or /usr/lib/postgresql/15/bin if not given). Needs zstd and lz4 in PATH. Safe to run again: files that are
right stay as they are, files of the story folders that no longer belong are removed, and every damaged case is rebuilt from its
recipe and compared with the corpus.
"""
import pathlib, shutil, sys

sys.dont_write_bytecode = True
import backup, control, damaged, demo, meaning, recoveries, stories

if len(sys.argv) not in (2, 3):
    raise SystemExit(__doc__)
corpus = pathlib.Path(sys.argv[1])
testdata = pathlib.Path(__file__).resolve().parent.parent
waldump = sys.argv[2] if len(sys.argv) == 3 else shutil.which('pg_waldump') or '/usr/lib/postgresql/15/bin/pg_waldump'

made = set(stories.make(corpus, testdata, waldump) + meaning.make(corpus, testdata, waldump, stories.segments_of(corpus))
           + demo.make(corpus, testdata, waldump) + damaged.make(corpus, testdata) + control.make(corpus, testdata) + backup.make(corpus, testdata)
           + recoveries.make(corpus, testdata))
for folder in {path.parent for path in made if len(path.relative_to(testdata).parts) > 2}:
    for path in folder.iterdir():
        # What walproof makes of a case lies beside it.
        if path.is_file() and path not in made and path.suffix not in ('.codes', '.golden'):
            print('removed', path.relative_to(testdata))
            path.unlink()
print(f'{len(made)} files, {sum(p.stat().st_size for p in made) / 1e6:.1f} MB')
