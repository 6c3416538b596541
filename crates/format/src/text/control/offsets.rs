//! Where fields stand in `pg_control`, by version (`ControlFileData` and `CheckPoint`, `src/include/catalog/pg_control.h`).

/// Where fields stand in the control file of a version, in bytes; on servers aligned to 8 and to 4 bytes.
#[derive(Clone, Copy, Debug)]
pub struct ControlOffsets {
    /// `checkPoint`.
    pub checkpoint: [usize; 2],
    /// `checkPointCopy`, which begins with the position of its redo.
    pub checkpoint_copy: [usize; 2],
    /// `xlog_seg_size`.
    pub segment_size: [usize; 2],
    /// `crc`.
    pub crc: [usize; 2],
}

pub(crate) const CONTROL_8_2: ControlOffsets =
    ControlOffsets { checkpoint: [40, 32], checkpoint_copy: [56, 48], segment_size: [140, 124], crc: [416, 400] };
pub(crate) const CONTROL_8_3: ControlOffsets =
    ControlOffsets { checkpoint: [32, 24], checkpoint_copy: [48, 40], segment_size: [124, 108], crc: [404, 388] };
pub(crate) const CONTROL_8_4: ControlOffsets =
    ControlOffsets { checkpoint: [32, 28], checkpoint_copy: [48, 44], segment_size: [124, 116], crc: [144, 136] };
pub(crate) const CONTROL_9_0: ControlOffsets = ControlOffsets { segment_size: [164, 152], crc: [184, 172], ..CONTROL_8_4 };
pub(crate) const CONTROL_9_2: ControlOffsets = ControlOffsets { segment_size: [180, 168], crc: [200, 188], ..CONTROL_9_0 };
pub(crate) const CONTROL_9_3: ControlOffsets = ControlOffsets { segment_size: [204, 192], crc: [228, 216], ..CONTROL_9_2 };
pub(crate) const CONTROL_9_4: ControlOffsets = ControlOffsets { segment_size: [212, 200], crc: [240, 228], ..CONTROL_9_3 };
pub(crate) const CONTROL_9_5: ControlOffsets = ControlOffsets { segment_size: [228, 212], crc: [256, 240], ..CONTROL_9_4 };
pub(crate) const CONTROL_10: ControlOffsets = ControlOffsets { segment_size: [228, 212], crc: [288, 272], ..CONTROL_9_5 };
pub(crate) const CONTROL_11: ControlOffsets =
    ControlOffsets { checkpoint: [32, 28], checkpoint_copy: [40, 36], segment_size: [220, 204], crc: [280, 264] };
pub(crate) const CONTROL_12: ControlOffsets = ControlOffsets { segment_size: [228, 208], crc: [288, 268], ..CONTROL_11 };
pub(crate) const CONTROL_17: ControlOffsets = ControlOffsets { segment_size: [228, 212], crc: [288, 272], ..CONTROL_12 };
pub(crate) const CONTROL_18: ControlOffsets = ControlOffsets { segment_size: [228, 212], crc: [292, 276], ..CONTROL_17 };
pub(crate) const CONTROL_19: ControlOffsets = ControlOffsets { segment_size: [240, 224], crc: [308, 292], ..CONTROL_18 };
