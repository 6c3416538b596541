"""What real servers did in recovery, for given settings: the few facts that a prediction is compared with."""
import json
import packing

# The server's settings beside those of a row; without them a hot standby would stop for lower ones than the primary's.
FACTS = ('started', 'redo_done_at', 'last_replay_lsn', 'promoted', 'timeline_after', 'reached', 'fatal')


def make(corpus, testdata):
    """26 targets of each of these majors, from the whole archive."""
    made = []
    for version in ('10', '13', '15', '19'):
        rows = json.loads((corpus / version / 'oracle' / 'recovery_targets.json').read_text())
        text = json.dumps([{'what': r['what'], **row(r)} for r in rows], indent=1) + '\n'
        made.append(packing.keep_as_is(testdata / 'recovery_targets', f'{version}.json', text.encode()))
    return made


def row(recovery):
    """Settings but the restore_command, and what came of them; a fact that was not taken is left out."""
    settings = {k: v for k, v in recovery['settings'].items() if k != 'restore_command'}
    facts = {k: recovery[k] for k in FACTS if recovery.get(k) is not None}
    return {'settings': settings, **facts}
