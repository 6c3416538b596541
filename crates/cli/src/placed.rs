//! The places that are meant: what was named, or what a tool's configuration names.

use crate::config::{ConfiguredBy, MeantPlace};
use crate::input::InputOptions;
use anyhow::{bail, ensure};
use pgwal::repos::config::{ConfiguredPlace, barman, pgbackrest};
use pgwal::repos::shell::quoted;
use pgwal::repos::{ContentsReading, PlaceReading, RepoChoice};

impl InputOptions {
    /// The places that are meant: what was named, or what a configuration names.
    pub fn places(&self, contents: Option<ContentsReading>) -> anyhow::Result<Vec<MeantPlace>> {
        let pace = self.reading.speed.pace();
        let keys = self.reading.keys.keys()?;
        let how = PlaceReading { keys, pace, contents, cluster: self.cluster, ..PlaceReading::default() };
        let choice = self.reading.place.choice();
        if self.is_named() {
            return Ok(vec![MeantPlace { paths: self.named(), choice, how, by: None }]);
        }
        let configured = self.configured()?;
        ensure!(!configured.is_empty(), "the configuration has no such repository");
        let meant = |place: ConfiguredPlace| {
            let mut how = how.clone();
            how.keys.join(&place.keys);
            how.variables = place.variables;
            let own = RepoChoice { archive_id: choice.archive_id.clone(), ..place.choice };
            let option = match (&place.configuration.server, place.number) {
                (Some(server), _) => format!("--server {}", quoted(server)),
                (None, number) => format!("--repo {}", number.unwrap_or(1)),
            };
            let by = Some(ConfiguredBy { what: place.by, option });
            MeantPlace { paths: vec![place.place], choice: own, how, by }
        };
        Ok(configured.into_iter().map(meant).collect())
    }

    /// The one that is meant.
    pub fn place(&self, contents: Option<ContentsReading>) -> anyhow::Result<MeantPlace> {
        let mut places = self.places(contents)?;
        match (places.pop(), places.as_slice()) {
            (Some(place), []) => Ok(place),
            (last, others) => {
                let choice = |place: &MeantPlace| match &place.by {
                    Some(by) => format!("{} ({})", by.option, place.shown()),
                    None => place.shown(),
                };
                let shown: Vec<String> = others.iter().chain(&last).map(choice).collect();
                bail!("the configuration has {} places; choose one: {}", shown.len(), shown.join(", "))
            }
        }
    }

    /// The place that a configuration names, where nothing else names one.
    pub fn configured_place(&self) -> anyhow::Result<Option<ConfiguredPlace>> {
        if self.is_named() { Ok(None) } else { Ok(self.configured()?.pop()) }
    }

    fn configured(&self) -> anyhow::Result<Vec<ConfiguredPlace>> {
        let config = &self.config;
        if let Some(conf) = &config.barman_conf {
            return Ok(barman::places(conf, self.reading.place.server.as_deref())?);
        }
        let Some(stanza) = &self.reading.place.stanza else { bail!("no archive was named") };
        let variable = |name: &str| std::env::var(name).ok();
        let mut places = pgbackrest::places(stanza, config.pgbackrest_conf.as_deref(), &variable)?;
        places.retain(|place| config.repo.is_none_or(|number| place.number == Some(number)));
        Ok(places)
    }
}
