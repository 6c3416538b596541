//! Describes a record: hands the parts of its operation's row to a sink.

pub use super::cursor::{Cursor, Cx};
use super::sink::{Show, Sink, Value};
use super::table::{Field, FieldKind, Op, OpPart, Short};
use super::timestamp::{is_float, timestamp};
use crate::Dialect;

/// Describes a record whose operation is known. `Err` where its data ends too early: what came before was told.
#[inline]
pub fn describe<S: Sink>(op: &Op, cx: &Cx<'_>, sink: &mut S) -> Result<(), Short> {
    let wants_hidden = sink.wants_hidden();
    for part in op.parts {
        match part {
            OpPart::Text(words) => sink.text(words),
            OpPart::Field(field) if field.show == Show::Not && !wants_hidden => {}
            OpPart::Call(call) if call.hidden && !wants_hidden => {}
            OpPart::Field(field @ Field { kind: FieldKind::Time, show: Show::Plain, .. }) => {
                let sink: &mut dyn Sink = sink;
                sink.moment(field.name, cx.cursor(cx.offset(field)).u64(field.name)?, cx.layout().dialect);
            }
            OpPart::Field(field) => match cx.number(field) {
                Some(n) => sink.field(field.name, Value::Unsigned(n), field.show),
                None => sink.field(field.name, cx.value(field)?, field.show),
            },
            OpPart::Call(call) => (call.run)(cx, sink)?,
        }
    }
    Ok(())
}

impl dyn Sink + '_ {
    /// A shown `TimestampTz`, given as it lies in the record: the dump programs show one of float seconds in another
    /// way.
    pub fn moment(&mut self, name: &'static str, bits: u64, dialect: &Dialect) {
        let float = dialect.float_times && is_float(bits);
        self.field(
            name,
            Value::Time(timestamp(bits, dialect.float_times)),
            if float { Show::FloatTime } else { Show::Plain },
        );
    }
}

/// Reads a field of a described record by its name: for filters.
pub fn find<'a>(op: &Op, cx: &Cx<'a>, name: &str) -> Option<Value<'a>> {
    let field = op
        .parts
        .iter()
        .find_map(|part| if let OpPart::Field(f) = part { (f.name == name).then_some(f) } else { None })?;
    cx.value(field).ok()
}
