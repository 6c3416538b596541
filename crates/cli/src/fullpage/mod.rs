//! `--save-fullpage DIR`: the page images of the records that are listed, a file each, named as `pg_waldump` names
//! them:
//!
//! ```text
//! 00000001-00000000-00AAC648.1663.5.16393.31_main
//! timeline position           spc    db rel block fork
//! ```
//! A page is whole again: unpacked, its hole zeros. It has the position that replay gives it, the end of the record,
//! and the checksum that belongs there (`pg_waldump` leaves both as they are in the image).
//!
//! Records are rendered by several threads, and some for nothing, behind a limit: which images are wanted is known
//! where the list is put in order. So [`Saving`] puts them between the lines, and [`ImageFolder`] restores them when
//! they come by.

mod folder;
mod saving;

pub use folder::ImageFolder;

use pgwal::verify::records::{ListError, ListItem, ListPart, ListSink, Listed, Render};
pub use saving::{Saving, SavingEvent};
/// Makes a list with `list`, and saves the images of its records. An image that cannot be restored is a finding in the
/// list.
pub fn with<R: Render>(
    render: &R,
    folder: &ImageFolder,
    sink: &mut ListSink<'_, R::Event>,
    list: impl FnOnce(&Saving<'_, R>, &mut ListSink<'_, SavingEvent<R::Event>>) -> Result<Listed, ListError>,
) -> Result<Listed, ListError> {
    let (mut failed, mut lines) = (0, ListPart::default());
    let mut save = |marked: &ListPart<SavingEvent<R::Event>>| {
        lines.clear();
        for item in marked.items() {
            match item {
                ListItem::Text(text) => lines.text().extend_from_slice(text),
                ListItem::Event(SavingEvent::Inner(event)) => lines.event(event.clone()),
                ListItem::Event(SavingEvent::Image(image)) => {
                    if let Some(finding) = folder.save(image)? {
                        failed += 1;
                        render.finding(&finding, Some(&image.layout), &mut lines);
                    }
                }
            }
        }
        if lines.is_empty() { Ok(()) } else { sink(&lines) }
    };
    let mut listed = list(&Saving(render), &mut save)?;
    listed.findings += failed;
    listed.complete &= failed == 0;
    listed.refuted |= failed > 0;
    Ok(listed)
}
