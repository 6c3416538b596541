//! What was asked of a recovery, setting by setting, in the order in which the server reads them.

use crate::SettingsError;
use crate::target::{Target, TargetTimeline};
use crate::time::said::TimeSaid;
use crate::time::{self, TimeRead, TimeReading};
use crate::values::fault::{invalid, invalid_here, needs_boolean, says};
use crate::values::value;
use pgwal_format::TimelineId;
use pgwal_format::recovery::settings::{NumberReading, SettingRules, SeveralTargets, TargetAction};

/// What was asked for so far.
pub(crate) struct SettingsAsked {
    pub target: Target,
    pub inclusive: Option<bool>,
    pub timeline: Option<TargetTimeline>,
    pub action: Option<TargetAction>,
    pub standby_mode: bool,
    pub restore_command: Option<String>,
    pub end_command: String,
    pub min_apply_delay: i64,
    /// `primary_conninfo` says something.
    pub streams: bool,
    /// The time that was read, even if a restore point or a transaction outranks it.
    pub time: Option<TimeSaid>,
}

impl Default for SettingsAsked {
    fn default() -> SettingsAsked {
        SettingsAsked {
            target: Target::None,
            inclusive: None,
            timeline: None,
            action: None,
            standby_mode: false,
            restore_command: None,
            end_command: String::new(),
            min_apply_delay: 0,
            streams: false,
            time: None,
        }
    }
}

impl SettingsAsked {
    /// Takes one setting in, as the server does when it comes to it.
    pub(crate) fn take(
        &mut self,
        name: &str,
        text: &str,
        rules: &SettingRules,
        times: &TimeReading<'_>,
    ) -> Result<(), SettingsError> {
        let boolean = || value::boolean(text).ok_or_else(|| needs_boolean(name, text));
        let own_file = rules.recovery_conf.is_some();
        match name {
            "restore_command" => self.restore_command = Some(text.to_owned()),
            "recovery_end_command" => self.end_command = text.to_owned(),
            "primary_conninfo" => self.streams = !text.is_empty(),
            "standby_mode" => self.standby_mode = boolean()?,
            "recovery_target_inclusive" if rules.inclusive_is_true => self.inclusive = Some(text == "true"),
            "recovery_target_inclusive" => self.inclusive = Some(boolean()?),
            "pause_at_recovery_target" => {
                self.action = Some(if boolean()? { TargetAction::Pause } else { TargetAction::Promote })
            }
            "recovery_target_action" => {
                let words = [TargetAction::Pause, TargetAction::Promote, TargetAction::Shutdown];
                let found = words
                    .into_iter()
                    .find(|a| if own_file { a.name() == text } else { a.name().eq_ignore_ascii_case(text) });
                self.action = Some(found.ok_or_else(|| invalid_here(name, text, own_file))?);
            }
            "recovery_min_apply_delay" => {
                self.min_apply_delay = value::milliseconds(text).ok_or_else(|| invalid_here(name, text, own_file))?
            }
            "recovery_target_timeline" => self.timeline = Some(timeline(text, rules)?),
            "recovery_target"
            | "recovery_target_lsn"
            | "recovery_target_xid"
            | "recovery_target_name"
            | "recovery_target_time" => {
                self.target(name, text, rules, times)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn target(
        &mut self,
        name: &str,
        text: &str,
        rules: &SettingRules,
        times: &TimeReading<'_>,
    ) -> Result<(), SettingsError> {
        let mut said = self.time.clone();
        let new = match name {
            _ if text.is_empty() && rules.several == SeveralTargets::Refused => Target::None,
            "recovery_target" if text == "immediate" => Target::Immediate,
            "recovery_target_lsn" => Target::Lsn(text.parse().map_err(|_| match rules.several {
                SeveralTargets::Refused => invalid(name, text),
                _ => says(name, text, format!("invalid input syntax for type pg_lsn: \"{text}\"")),
            })?),
            "recovery_target_xid" => Target::Xid(xid(text, rules)?),
            "recovery_target_name" if text.len() < 64 => Target::Name(text.to_owned()),
            "recovery_target_name" if rules.several != SeveralTargets::Refused => {
                return Err(says(name, text, "recovery_target_name is too long (maximum 63 characters)".into()));
            }
            "recovery_target_time" => match time::read(text, times) {
                // A time without one counts as such, even if a restore point or transaction outranks it.
                TimeRead::At(at, taken) => {
                    said = Some(TimeSaid { given: text.to_owned(), at, own_zone: !taken });
                    Target::Time(at)
                }
                TimeRead::Special(_) if rules.refuses_special_times && rules.several == SeveralTargets::Refused => {
                    return Err(invalid(name, text));
                }
                TimeRead::Special(_) if rules.refuses_special_times => {
                    return Err(says(name, text, format!("recovery_target_time is not a valid timestamp: \"{text}\"")));
                }
                TimeRead::Refused => return Err(invalid_here(name, text, rules.recovery_conf.is_some())),
                TimeRead::Special(Some(at)) => Target::Time(at),
                TimeRead::Special(None) | TimeRead::Unread => {
                    return Err(SettingsError::TimeNotRead { value: text.to_owned() });
                }
            },
            _ => return Err(invalid_here(name, text, rules.recovery_conf.is_some())),
        };
        let counts = match rules.several {
            SeveralTargets::Last => true,
            SeveralTargets::Ranked => rank(&new) >= rank(&self.target),
            SeveralTargets::Refused => {
                let other = self.target != Target::None && setting_of(&self.target) != Some(name);
                if other {
                    return Err(SettingsError::SeveralTargets(Vec::new()));
                }
                true
            }
        };
        if counts {
            self.target = new;
            self.time = said;
        }
        Ok(())
    }
}

fn rank(target: &Target) -> u8 {
    match target {
        Target::Xid(_) => 3,
        Target::Name(_) => 2,
        Target::None => 0,
        _ => 1,
    }
}

/// The setting that names a target.
pub(crate) fn setting_of(target: &Target) -> Option<&'static str> {
    Some(match target {
        Target::None => return None,
        Target::Immediate => "recovery_target",
        Target::Time(_) => "recovery_target_time",
        Target::Lsn(_) => "recovery_target_lsn",
        Target::Xid(_) => "recovery_target_xid",
        Target::Name(_) => "recovery_target_name",
    })
}

/// Up to 11 what is no number is 0, and 0 is `latest`; `current` is none, too.
fn timeline(text: &str, rules: &SettingRules) -> Result<TargetTimeline, SettingsError> {
    let name = "recovery_target_timeline";
    let own_file = rules.recovery_conf.is_some();
    match text {
        "latest" => return Ok(TargetTimeline::Latest),
        "current" if !own_file => return Ok(TargetTimeline::Current),
        _ => {}
    }
    let not_a_number = || match own_file {
        true => says(name, text, format!("recovery_target_timeline is not a valid number: \"{text}\"")),
        false => invalid(name, text),
    };
    let (number, rest) = value::number(text).ok_or_else(not_a_number)?;
    if rules.numbers == NumberReading::Strict && (!rest.is_empty() || !(1..=u64::from(u32::MAX)).contains(&number)) {
        return Err(invalid(name, text));
    }
    match number as u32 {
        0 if own_file => Ok(TargetTimeline::Latest),
        number => Ok(TargetTimeline::Number(TimelineId(number))),
    }
}

fn xid(text: &str, rules: &SettingRules) -> Result<u32, SettingsError> {
    let name = "recovery_target_xid";
    let not_a_number = || match rules.recovery_conf.is_some() {
        true => says(name, text, format!("recovery_target_xid is not a valid number: \"{text}\"")),
        false => invalid(name, text),
    };
    let (number, rest) = value::number(text).ok_or_else(not_a_number)?;
    let strict = rules.numbers == NumberReading::Strict;
    // 64 bits may hold an epoch, which no record has.
    let low = number as u32;
    if strict && (!rest.is_empty() || low < 3 || text.trim_start().starts_with('-')) {
        return Err(invalid(name, text));
    }
    Ok(low)
}
