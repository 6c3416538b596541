"""What base backups say of themselves: backup_label, global/pg_control, and manifests of both versions."""
import packing

# Folder, backup in the corpus, whether its manifest is kept (xz).
BACKUPS = [('10', '10/base', False), ('13', '13/base', True), ('15', '15/base', False), ('15_late', '15/base_late', False), ('19', '19/base', False),
           ('19_incremental', '19/base_incr', True)]


def make(corpus, testdata):
    made = []
    for name, base, manifest in BACKUPS:
        folder, source = testdata / 'backup' / name, corpus / base
        made.append(packing.keep_as_is(folder, 'backup_label', (source / 'backup_label').read_bytes()))
        made.append(packing.keep_as_is(folder / 'global', 'pg_control', (source / 'global' / 'pg_control').read_bytes()))
        if manifest:
            made.append(packing.keep(folder, 'backup_manifest', (source / 'backup_manifest').read_bytes(), '.xz'))
    return made
