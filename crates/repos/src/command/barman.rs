//! `barman recover …`, and what barman-cloud has in its place.

mod asked;
mod copied;
mod timeline;

use super::ToolCall;
use super::by_hand::{recovery, with_settings};
use super::place::Location;
use super::targets::{BARMAN, get, targets};
use crate::backup::ListedBackup;
use crate::layout::barman_xlogdb;
use crate::repository::Repository;
use crate::shell::{command as shell, quoted};
use crate::store::Items;

const TIMELINE: &str = "recovery_target_timeline";

/// `base`: the server's folder, which names it where neither a configuration nor a layout does.
pub(super) fn recover(
    repository: &Repository,
    base: &str,
    name: Option<&str>,
    label: &str,
    call: &ToolCall<'_>,
) -> Option<String> {
    let mut words = vec!["barman".to_owned()];
    if let Some(file) = call.configuration.and_then(|configuration| configuration.file.as_ref()) {
        words.extend(["-c".to_owned(), file.to_str()?.to_owned()]);
    }
    let section = call.configuration.and_then(|configuration| configuration.server.as_deref());
    let server = section.or(name).or_else(|| base.rsplit('/').next())?.to_owned();
    let rebuild = words.iter().cloned().chain(["rebuild-xlogdb".to_owned(), server.clone()]);
    let rebuild = if lists_its_wal(repository) { String::new() } else { shell(rebuild) + " &&\n" };
    words.push("recover".to_owned());
    // Told the target, it would not copy all that is needed: the server alone is told.
    let falls_short = call.reach.as_ref().is_some_and(|reach| copied::falls_short(repository, reach));
    let is_timeline = |setting: &&(String, String)| setting.0 == TIMELINE;
    let mut told: Vec<_> = call.settings.iter().filter(|own| !falls_short || is_timeline(own)).cloned().collect();
    for (_, value) in told.iter_mut().filter(|(name, _)| name == TIMELINE) {
        *value = timeline::said(repository, value, call);
    }
    let may_ask_for_none = asked::may_be_none(repository, label, &told, call);
    words.extend(targets(&BARMAN, &told));
    // Without a target Barman asks for no recovery: the server would go on along the backup's timeline, and end it
    // where its own pg_wal ends. From 12 on a server is meant to take the latest one.
    if !call.recovery_conf && get(call.settings, TIMELINE).is_none() {
        words.push(format!("{}={}", BARMAN.timeline, timeline::said(repository, "latest", call)));
    }
    words.extend([server, label.to_owned(), "DIR".to_owned()]);
    let mut bring = rebuild + &shell(words);
    if may_ask_for_none {
        bring = asked::surely(&bring, call);
    }
    if !falls_short {
        return Some(bring);
    }
    let aim: Vec<_> = call.settings.iter().filter(|own| !is_timeline(own)).cloned().collect();
    Some(with_settings(&bring, Vec::new(), &ToolCall { settings: &aim, ..*call }))
}

/// Whether Barman's list of its WAL is there and has all of it: without it, nothing is copied.
fn lists_its_wal(repository: &Repository) -> bool {
    let wals = repository.wal.first().and_then(|folder| Items::of(repository.store(), folder).ok());
    let is_there = wals.is_some_and(|items| barman_xlogdb::name(&items).is_some());
    is_there && !repository.defects.iter().any(|defect| defect.file.ends_with("xlog.db"))
}

/// barman-cloud asks a bucket. Of its files in a folder, its tar is unpacked, and WAL is fetched by this program.
pub(super) fn cloud(
    repository: &Repository,
    at: &Location,
    backup: &ListedBackup,
    call: &ToolCall<'_>,
) -> Option<String> {
    let label = quoted(&backup.label);
    match at {
        Location::Bucket(url) => {
            let place = CloudPlace::of(url)?;
            let words = place.words(call)?;
            let bring = format!("barman-cloud-restore {words} {label} DIR");
            Some(recovery(&bring, (&format!("barman-cloud-wal-restore {words}"), ""), call))
        }
        Location::Folder(base) => {
            let folder = format!("base/{}", backup.label);
            let items = Items::of(repository.store(), &crate::store::join(&repository.base, &folder)).ok()?;
            let mut tars = items.files().map(|(name, _)| name).filter(|name| name.contains(".tar"));
            // Of a tablespace, its configuration alone says where it shall lie; snappy is not unpacked by tar.
            let tar = tars.next().filter(|name| !name.ends_with(".snappy")).filter(|_| tars.next().is_none())?;
            let tar = quoted(&format!("{base}/{folder}/{tar}"));
            let bring = format!("mkdir -m 700 DIR &&\ntar -xf {tar} -C DIR");
            Some(recovery(&bring, ("walproof archive-get", &format!(" --from {} --partial", quoted(base))), call))
        }
    }
}

/// A server's prefix in a bucket.
pub(super) struct CloudPlace<'a> {
    /// The URL up to the server's folder.
    pub url: &'a str,
    /// The server's name.
    pub server: &'a str,
}

impl<'a> CloudPlace<'a> {
    pub(super) fn of(url: &'a str) -> Option<CloudPlace<'a>> {
        let (whole, server) = url.rsplit_once('/')?;
        // A bucket is no server.
        let place = CloudPlace { url: whole, server };
        (!server.is_empty() && !whole.ends_with('/')).then_some(place)
    }

    /// Where it is, in barman-cloud's words. Azure's account is in its URL, and is not known here.
    fn words(&self, call: &ToolCall<'_>) -> Option<String> {
        let (url, server) = (quoted(self.url), quoted(self.server));
        let before = match self.url.split_once("://")?.0 {
            "s3" => call.endpoint.map(|endpoint| format!("--endpoint-url {} ", quoted(endpoint))).unwrap_or_default(),
            "gs" => "--cloud-provider google-cloud-storage ".to_owned(),
            _ => return None,
        };
        Some(format!("{before}{url} {server}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_the_last_folder_of_its_prefix() {
        let call = ToolCall { endpoint: Some("http://h:9000"), ..ToolCall::default() };
        let words = |url: &str| CloudPlace::of(url).and_then(|place| place.words(&call));
        assert_eq!(words("s3://b/p/main").as_deref(), Some("--endpoint-url http://h:9000 s3://b/p main"));
        assert_eq!(words("gs://b/main").as_deref(), Some("--cloud-provider google-cloud-storage gs://b main"));
        assert_eq!((words("s3://b"), words("az://c/main")), (None, None));
    }
}
