//! The messages that are told apart.

/// A message of the server or its tools about WAL or recovery; its row says the rest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum MessageKind {
    /// `record with zero length at {at}`
    RecordLengthZero,
    /// `invalid record length at {at}: wanted {expected}, got {got}`
    RecordLength,
    /// `record length {length} at {at} too long`
    RecordTooLong,
    /// `out of memory while trying to decode a record of length {length}`
    RecordMemory,
    /// `invalid record offset at {at}: expected at least {expected}, got {got}`
    RecordOffset,
    /// `contrecord is requested by {at}`
    ContrecordRequested,
    /// `there is no contrecord flag at {at}`
    ContrecordFlagMissing,
    /// `invalid contrecord length {got} (expected {expected}) at {at}`
    ContrecordLength,
    /// `missing contrecord at {at}`
    ContrecordMissing,
    /// `successfully skipped missing contrecord at {at}, overwritten at {time}`
    ContrecordSkipped,
    /// `mismatching overwritten LSN {from} -> {until}`
    OverwrittenMismatch,
    /// `record with incorrect prev-link {prev} at {at}`
    PrevLink,
    /// `resource manager with ID {rmgr} not registered`
    RmgrId,
    /// `incorrect resource manager data checksum in record at {at}`
    RecordChecksum,
    /// `incorrect hole size in record at {at}`
    HoleSize,
    /// `invalid backup block size in record at {at}`
    BackupBlockSize,
    /// `incorrect total length in record at {at}`
    TotalLength,
    /// `invalid xlog switch record at {at}`
    SwitchRecord,
    /// `record with invalid length at {near}`
    RecordParts,
    /// `out-of-order block_id {block_id} at {near}`
    BlockIdOrder,
    /// `invalid block_id {block_id} at {near}`
    BlockId,
    /// `BKPBLOCK_HAS_DATA set, but no data included at {near}`
    BlockDataFlag,
    /// `BKPIMAGE_HAS_HOLE set, but hole offset {offset} length {length} block image length {got} at {near}`
    ImageHole,
    /// `BKPIMAGE_IS_COMPRESSED set, but block image length {got} at {near}`
    ImageLength,
    /// `BKPBLOCK_SAME_REL set but no previous rel at {near}`
    BlockSameRelation,
    /// `could not restore image at {near} compressed with {text} not supported by build, block {block_id}`
    ImageMethod,
    /// `could not decompress image at {near}, block {block_id}`
    ImageRestore,
    /// `invalid magic number 0000 in WAL segment {file}, LSN {page}, offset {offset}`
    PageMagicZero,
    /// `invalid magic number {magic} in WAL segment {file}, LSN {page}, offset {offset}`
    PageMagic,
    /// `invalid info bits {info} in WAL segment {file}, LSN {page}, offset {offset}`
    PageInfo,
    /// `unexpected pageaddr {pageaddr} in WAL segment {file}, LSN {page}, offset {offset}`
    PageAddress,
    /// `out-of-sequence timeline ID {timeline} (after {other}) in WAL segment {file}, LSN {page}, offset {offset}`
    TimelineOutOfSequence,
    /// `unexpected timeline ID {timeline} in WAL segment {file}, LSN {page}, offset {offset}`
    TimelineUnexpected,
    /// `WAL file is from different database system: incorrect segment size in page header`
    ForeignSegmentSize,
    /// `WAL file is from different database system: incorrect XLOG_BLCKSZ in page header`
    ForeignPageSize,
    /// `WAL file is from different database system: WAL file database system identifier is {sysid}, pg_control database
    /// system identifier is {control_sysid}`
    ForeignSystem,
    /// `error in WAL record at {last_good}: {inner}`
    ErrorInRecord,
    /// `could not find a valid record after {from}: {inner}`
    NoValidRecord,
    /// `first record is after {from}, at {at}, skipping over {length} bytes`
    FirstRecordAfter,
    /// `could not receive data from WAL stream: {inner}`
    StreamFailed,
    /// `WAL redo at {at} for {text}`
    RedoContext,
    /// `could not read from WAL segment {file}, LSN {page}, offset {offset}: read {got} of {expected}`
    ShortRead,
    /// `could not read from WAL segment {file}, LSN {page}, offset {offset}: {reason}`
    ReadFailed,
    /// `could not open file "{file}" (log file {log}, segment {segment}): {reason}`
    OpenFailed,
    /// `could not find any WAL file`
    NoWalFile,
    /// `invalid WAL segment size in WAL file "{file}" ({got} bytes)`
    SegmentSize,
    /// `requested WAL segment {file} has already been removed`
    SegmentRemoved,
    /// `could not link file "{walfile}" to "{file}": {reason}`
    RecycleFailed,
    /// `restored log file "{file}" from archive`
    Restored,
    /// `archive file "{file}" has wrong size: {got} instead of {expected}`
    WrongSize,
    /// `could not restore file "{file}" from archive: return code {reason}`
    RestoreFailed,
    /// `restore_command returned a zero exit status, but stat() failed`
    RestoreStat,
    /// `cp: cannot stat '{walfile}': {reason}`
    CopyMissed,
    /// `gzip: {walfile}.gz: unexpected end of file`
    UnpackingFailed,
    /// `archived write-ahead log file "{file}"`
    Archived,
    /// `archiving write-ahead log file "{file}" failed too many times, will try again later`
    ArchivingFailed,
    /// `base backup done, waiting for required WAL segments to be archived`
    BackupWaits,
    /// `restore_command = "{text}"`
    RecoverySetting,
    /// `syntax error in history file: {text}`
    HistorySyntax,
    /// `invalid data in history file "{file}"`
    HistoryData,
    /// `Expected a numeric timeline ID`
    HistoryHint,
    /// `timeline history was not contiguous`
    HistoryGap,
    /// `recovery target timeline {timeline} does not exist`
    TargetTimelineMissing,
    /// `requested timeline {timeline} is not a child of this server's history`
    NotAChild,
    /// `new timeline {timeline} forked off current database system timeline {other} before current recovery point {at}`
    ForkedBefore,
    /// `requested timeline {timeline} does not contain minimum recovery point {at} on timeline {other}`
    MinRecoveryNotContained,
    /// `unexpected timeline ID {timeline} in checkpoint record, before reaching minimum recovery point {at} on timeline
    /// {other}`
    CheckpointTimeline,
    /// `according to history file, WAL location {at} belongs to timeline {timeline}, but previous recovered WAL file
    /// came from timeline {other}`
    HistoryDisagrees,
    /// `selected new timeline ID: {timeline}`
    TimelineSelected,
    /// `new target timeline is {timeline}`
    NewTargetTimeline,
    /// `started streaming WAL from primary at {at} on timeline {timeline}`
    StreamingStarted,
    /// `replication terminated by primary server`
    StreamingEnded,
    /// `requested starting point {at} on timeline {timeline} is not in this server's history`
    StartNotInHistory,
    /// `requested starting point {at} is ahead of the WAL flush position of this server {until}`
    StartAhead,
    /// `database system identifier differs between the primary and standby`
    PrimaryIsForeign,
    /// `could not locate required checkpoint record at {at}`
    RequiredCheckpointMissing,
    /// `If you are restoring from a backup, touch "{file}" or "{text}" and add required recovery options`
    BackupLabelHint,
    /// `could not locate a valid checkpoint record at {at}`
    ValidCheckpointMissing,
    /// `could not find redo location {from} referenced by checkpoint record at {at}`
    RedoMissing,
    /// `invalid checkpoint record`
    CheckpointInvalid,
    /// `using previous checkpoint record at {at}`
    PreviousCheckpoint,
    /// `WAL ends before end of online backup`
    EndsBeforeBackupEnd,
    /// `WAL ends before consistent recovery point`
    EndsBeforeConsistency,
    /// `backup_label contains data inconsistent with control file`
    BackupLabelInconsistent,
    /// `WAL was generated with wal_level=minimal, cannot continue recovering`
    MinimalWal,
    /// `WAL generated with full_page_writes=off was replayed during online backup`
    FullPageWritesOff,
    /// `recovery ended before configured recovery target was reached`
    TargetNotReached,
    /// `requested recovery stop point is before consistent recovery point`
    StopBeforeConsistency,
    /// `multiple recovery targets specified`
    TargetSettings,
    /// `recovery stopping after commit of transaction {xid}, time {time}`
    Stopping,
    /// `recovery has paused`
    Paused,
    /// `starting point-in-time recovery to XID {xid}`
    StartingToTarget,
    /// `WAL contains references to invalid pages`
    InvalidPages,
    /// `page {block} of relation {relation} does not exist`
    PageMissing,
    /// `inconsistent page found, rel {relation}, forknum {fork}, blkno {block}`
    InconsistentPage,
    /// `xlog flush request {at} is not satisfied --- flushed only to {until}`
    FlushNotSatisfied,
    /// `failed to restore block image`
    RedoFailed,
    /// `database system was interrupted; last known up at {time}`
    Interrupted,
    /// `starting archive recovery`
    Starting,
    /// `checkpoint record is at {at}`
    CheckpointAt,
    /// `redo starts at {at}, consistency will be reached at {until}`
    RedoStarts,
    /// `redo done at {at} system usage: {text}`
    RedoDone,
    /// `redo is not required`
    RedoNotRequired,
    /// `consistent recovery state reached at {at}`
    Consistent,
    /// `last completed transaction was at log time {time}`
    LastTransaction,
    /// `archive recovery complete`
    RecoveryComplete,
    /// `received promote request`
    Promotion,
    /// `restore point "{name}" created at {at}`
    RestorePoint,
    /// `recovering prepared transaction {xid}`
    StateRecovered,
    /// `waiting for WAL to become available at {at}`
    WaitingForWal,
    /// `startup process (PID {number}) exited with exit code {reason}`
    StartupFailed,
    /// `INSERT @ {at}: {text}`
    WalDebug,
    /// `hot standby is not possible because of insufficient parameter settings`
    SettingsTooLow,
    /// `terminating walreceiver due to timeout`
    StreamingTimeout,
    /// `replication slot "{name}" does not exist`
    SlotMissing,
    /// `invalid value for parameter "{name}": "{text}"`
    SettingRefused,
    /// `logical replication slot "{name}" exists, but wal_level < logical`
    WalLevelTooLow,
    /// `replication slot "{name}" is active for PID {number}`
    SlotBusy,
    /// `invalidating obsolete replication slot "{name}"`
    SlotLost,
    /// `logical decoding found consistent point at {at}`
    LogicalDecoding,
    /// `could not synchronize replication slot "{name}"`
    SlotSync,
    /// `canceling statement due to conflict with recovery`
    StandbyConflict,
    /// `WAL summaries are required on timeline {timeline} from {from} to {until}, but no summaries for that timeline
    /// and LSN range exist`
    SummariesMissing,
    /// `the standby was promoted during online backup`
    BackupAborted,
    /// `archive_mode enabled, yet archive_command is not set`
    ArchivingOff,
    /// `all required WAL segments have been archived`
    ArchivingDone,
    /// `incorrect checksum in control file`
    ControlFileDamaged,
    /// `database files are incompatible with server`
    FilesIncompatible,
    /// `this is an incremental backup, not a data directory`
    IncrementalBackup,
    /// `creating missing WAL directory "{file}"`
    WalFolder,
    /// `could not write to file "{walfile}": {reason}`
    WriteFailed,
    /// `corrupted two-phase state file for transaction {xid}`
    TwoPhaseState,
    /// `"{file}" is not a valid data directory`
    DataDirectory,
    /// `data directory "{file}" has invalid permissions`
    DataRights,
    /// `could not remove directory "pg_tblspc/{name}": {reason}`
    TablespacePlace,
    /// `checkpoints are occurring too frequently ({number} seconds apart)`
    CheckpointsFrequent,
    /// `checkpoint starting: {text}`
    CheckpointProgress,
    /// `redo in progress, elapsed time: {text} s, current LSN: {at}`
    RedoProgress,
    /// `database system was shut down at {time}`
    Availability,
    /// archive-get: `{walfile} is missing, {text} (WP101)`
    GetHole,
    /// archive-get: `{walfile} is not delivered: {text}`
    GetKept,
    /// archive-get: `cannot ask {text}`
    GetOut,
    /// archive-get: `the last record of {walfile} breaks off at {at}, and no WAL behind it is here`
    GetTornEnd,
    /// archive-get: `{walfile} is not waited for any more: {text}`
    GetEndsWait,
    /// archive-push: `{walfile}: timeline {timeline} left timeline {other} at {at}, by {file} in {text}`
    PushLeft,
    /// archive-push and check: `{walfile} is refused: {text}`
    PushRefused,
    /// archive-push: `{walfile} is archived although it is damaged: {text}`
    PushDamaged,
    /// archive-push: `{walfile} is not needed by anybody, and not archived: {text}`
    PushRecycled,
    /// archive-get: `nothing is removed from {name}: {text}`
    PruneKept,
    /// `exit code {number}`
    RestoreExit,
}
