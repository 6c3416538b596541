//! Small files of a data directory that a server holds against their checksum.

/// A map of file numbers that names none (`pg_filenode.map`, up to 15): the magic, zeros, and the checksum.
pub fn file_map() -> Vec<u8> {
    let mut map = vec![0; 512];
    map[..4].copy_from_slice(&0x0059_2717_u32.to_le_bytes());
    map[504..508].copy_from_slice(&0x3783_50BD_u32.to_le_bytes());
    map
}

/// One of a database: `pg_class` in its first file, 1259, and `pg_attribute` in another one, 16500.
pub fn file_map_of_two() -> Vec<u8> {
    let mut map = file_map();
    let words = [2_u32, 1259, 1259, 1249, 16500].map(u32::to_le_bytes).concat();
    map[4..24].copy_from_slice(&words);
    map[504..508].copy_from_slice(&0x3C63_17A8_u32.to_le_bytes());
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
