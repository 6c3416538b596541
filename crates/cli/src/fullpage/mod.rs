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
//! where the list is put in order. So [`Saving`] puts marks between the lines, and [`ImageFolder`] restores what the marks
//! stand for when they come by.

mod folder;
mod saving;

pub use folder::ImageFolder;

use pgwal::verify::records::{ListError, Listed, Render};
pub use saving::Saving;
use std::io;

/// Where lines go.
type LineSink<'a> = dyn FnMut(&[u8]) -> io::Result<()> + 'a;

/// Makes a list with `list`, and saves the images of its records. An image that cannot be restored is a finding in the
/// list.
pub fn with<R: Render>(
    render: &R,
    folder: &ImageFolder,
    sink: &mut LineSink<'_>,
    list: impl FnOnce(&Saving<'_, R>, &mut LineSink<'_>) -> Result<Listed, ListError>,
) -> Result<Listed, ListError> {
    let saving = Saving::new(render);
    let mut failed = 0;
    let mut save = |image: &saving::Waiting, line: &mut Vec<u8>| {
        if let Some(finding) = folder.save(image)? {
            failed += 1;
            render.finding(&finding, Some(&image.layout), line);
        }
        Ok(())
    };
    let mut listed = list(&saving, &mut |marked| saving.unmark(marked, &mut save, sink))?;
    listed.findings += failed;
    listed.complete &= failed == 0;
    listed.refuted |= failed > 0;
    Ok(listed)
}
