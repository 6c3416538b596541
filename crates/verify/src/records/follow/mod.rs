//! Records as they are written: what [`Following`] reads, rendered, and what is lost as findings in their places.

mod found;
mod hand_on;
mod rendered_lines;

use super::part::ListSink;
use super::range::Range;
use super::sum::{Cost, ListSum, listed};
use super::twice::findings_alone;
use super::{ListError, ListRequest, Listed, Render};
use crate::judge::nobody;
use crate::options::Options;
use crate::verify::judge_lines;
use hand_on::{FollowedList, HandOn};
use pgwal_archive::Depth;
use pgwal_archive::follow::{FollowOpened, Followed, Following};
use pgwal_source::Source;

pub use found::of as finding_of;
pub use pgwal_archive::follow::{FollowNews, FollowState};

/// Lists records as they come.
pub struct Follower<'a, R: Render> {
    following: Following<'a>,
    list: FollowedList<'a, R>,
}

impl<'a, R: Render> Follower<'a, R> {
    /// Begins where the archive, or the range asked for, does. `Err` inside, and findings in the list, where no file
    /// can be read.
    ///
    /// # Errors
    /// Nothing can be looked at, or `sink` fails.
    pub fn new(
        source: &'a dyn Source,
        wanted: &'a ListRequest<'a>,
        render: &'a R,
        sink: &mut ListSink<'_, R::Event>,
    ) -> Result<Result<Self, Box<Listed>>, ListError> {
        match Following::open(source, wanted.options.look())? {
            FollowOpened::Following(following) => {
                let layout = *following.layout();
                let range = Range::of(&wanted.options, &layout);
                let list = FollowedList {
                    options: &wanted.options,
                    limit: wanted.limit,
                    render,
                    layout,
                    range,
                    sum: ListSum::default(),
                    findings: 0,
                    cost: Cost::default(),
                    scratch: R::Scratch::default(),
                };
                Ok(Ok(Follower { following: *following, list }))
            }
            FollowOpened::NoOwner(found) => {
                let (case, ruled) = nobody(source, found, Depth::Names);
                findings_alone(render, case.decided(ruled), sink).map(|listed| Err(Box::new(listed)))
            }
        }
    }

    /// Lists what has come since.
    ///
    /// # Errors
    /// The place cannot be looked at any more, or `sink` fails.
    pub fn advance(&mut self, news: FollowNews, sink: &mut ListSink<'_, R::Event>) -> Result<FollowState, ListError> {
        self.following.advance(news, &mut HandOn { list: &mut self.list, sink })
    }

    /// What the list came to.
    ///
    /// # Errors
    /// Nothing can be said of the archive.
    pub fn finish(self) -> Result<Listed, ListError> {
        let Followed { lines, look, segments } = self.following.finish();
        let FollowedList { options, sum, findings, cost, .. } = self.list;
        let names = Options { timeline: look.timeline, start: look.start, end: None, ..options.names() };
        let (outcome, _) = judge_lines(lines, &names, None)?;
        Ok(listed(outcome, sum, findings, cost, segments))
    }
}
