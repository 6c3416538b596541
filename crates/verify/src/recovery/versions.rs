//! What each version makes of the settings of a recovery (`readRecoveryCommandFile`, from 12 on `validateRecoveryParameters`
//! and the parameters' check functions).

use pgwal_format::Version;
use pgwal_format::text::settings::Grammar;

/// The facts of the versions since one.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// From this version on, up to the next row's.
    pub since: Version,
    /// The grammar of `recovery.conf`; `None` where a server refuses to start with that file.
    pub recovery_conf: Option<Grammar>,
    /// `recovery_target_timeline` unless set is `latest`, not that of the control file.
    pub latest_by_default: bool,
    /// What unless set is done at the target.
    pub action: super::Action,
    /// `hot_standby` unless set; `None` where there is none.
    pub hot_standby: Option<bool>,
}
