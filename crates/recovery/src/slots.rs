//! Whether a server takes the replication slots that lie in its data directory (`StartupReplicationSlots`): it looks at
//! them once it has read the checkpoint, in whichever mode.

use crate::backup::SlotThere;
use crate::values::value;
use pgwal_format::recovery::RecoveryRules;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::text::replication_slot::{ReplicationSlot, SlotFault};

/// What the settings allow. `None`: no configuration is at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SlotSettings {
    /// `wal_level`.
    pub wal_level: Option<SlotLevel>,
    /// `max_replication_slots`.
    pub most: Option<i32>,
    /// How many replication origins are kept ([`SettingRules::origins_by`]).
    pub origins: Option<i32>,
}

/// A `wal_level`, as far as slots need one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SlotLevel {
    /// None may be there.
    Minimal,
    /// Physical ones may.
    Replica,
    /// All may.
    Logical,
}

/// Why a server does not start with its slots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SlotRefusal {
    /// `wal_level` is too low for this one, which needs at least that.
    Level(ReplicationSlot, SlotLevel),
    /// There are more than `max_replication_slots`, which is this.
    TooMany {
        /// The setting.
        most: i32,
        /// It is a PANIC.
        panics: bool,
    },
    /// The state of one, this file, is not what a server takes.
    State(String, SlotFault),
}

impl SlotSettings {
    /// Of settings in order; the last of a name counts. `configured`: what is not set has its default.
    pub(crate) fn of(given: &[(&str, &str)], rules: &SettingRules, configured: bool) -> SlotSettings {
        let last = |name: &str| given.iter().rev().find(|(own, _)| *own == name).map(|(_, text)| *text);
        // Both defaults were raised when that of max_wal_senders was, and to the same number (10).
        let default = rules.parameters.max_wal_senders.filter(|_| configured);
        let by_default = default.map(|most| if most > 0 { SlotLevel::Replica } else { SlotLevel::Minimal });
        let level = |text: &str| match text.to_ascii_lowercase().as_str() {
            "minimal" => SlotLevel::Minimal,
            "logical" => SlotLevel::Logical,
            _ => SlotLevel::Replica,
        };
        SlotSettings {
            wal_level: last("wal_level").map(level).or(by_default),
            most: last("max_replication_slots").and_then(value::integer).or(default),
            origins: last(rules.origins_by).and_then(value::integer).or(default),
        }
    }

    /// The first slot that a server refuses.
    pub(crate) fn refusal(&self, slots: &[SlotThere], rules: &RecoveryRules) -> Option<SlotRefusal> {
        let mut count = 0_i32;
        for slot in slots {
            let state = match &slot.state {
                Ok(state) => state,
                Err(fault) => return Some(SlotRefusal::State(slot.file.clone(), *fault)),
            };
            if !state.is_persistent {
                continue;
            }
            let needs = match state.is_logical && rules.logical_slots_need_logical {
                true => SlotLevel::Logical,
                false => SlotLevel::Replica,
            };
            if self.wal_level.is_some_and(|level| level < needs) {
                return Some(SlotRefusal::Level(state.clone(), needs));
            }
            count = count.saturating_add(1);
            if let Some(most) = self.most.filter(|most| count > *most) {
                return Some(SlotRefusal::TooMany { most, panics: rules.too_many_slots_panic });
            }
        }
        None
    }
}

impl SlotLevel {
    /// As the setting is written.
    pub fn name(self) -> &'static str {
        match self {
            SlotLevel::Minimal => "minimal",
            SlotLevel::Replica => "replica",
            SlotLevel::Logical => "logical",
        }
    }
}

impl SlotRefusal {
    /// It is a PANIC, not a FATAL.
    pub fn is_panic(&self) -> bool {
        match self {
            SlotRefusal::Level(..) => false,
            SlotRefusal::TooMany { panics, .. } => *panics,
            SlotRefusal::State(..) => true,
        }
    }

    /// What the server says. `quoted`: names of settings stand in quotes.
    pub(crate) fn server_says(&self, quoted: bool) -> String {
        match self {
            SlotRefusal::Level(slot, needs) if quoted => {
                format!("{slot} exists, but \"wal_level\" < \"{}\"", needs.name())
            }
            SlotRefusal::Level(slot, needs) => format!("{slot} exists, but wal_level < {}", needs.name()),
            SlotRefusal::TooMany { .. } => "too many replication slots active before shutdown".into(),
            SlotRefusal::State(file, fault) => fault.server_says(file),
        }
    }
}
