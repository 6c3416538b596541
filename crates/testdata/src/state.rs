//! Small files of a data directory that a server holds against their checksum.

/// A map of file numbers that names none (`pg_filenode.map`, up to 15): zeros, and their checksum.
pub fn file_map() -> Vec<u8> {
    let mut map = vec![0; 512];
    map[504..508].copy_from_slice(&0x9868_BD66_u32.to_le_bytes());
    map
}

/// Progress of no replication origin (`pg_logical/replorigin_checkpoint`): the magic, and its checksum.
pub fn origins() -> Vec<u8> {
    [0x1257_DADE_u32, 0x6A00_B236].map(u32::to_le_bytes).concat()
}

/// Both of them, where they lie.
pub fn summed() -> [(&'static str, Vec<u8>); 2] {
    [("global/pg_filenode.map", file_map()), ("pg_logical/replorigin_checkpoint", origins())]
}
