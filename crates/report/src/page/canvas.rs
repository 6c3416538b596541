//! The measures of a picture. Each is drawn twice: for a screen, and for a telephone; the style shows one of them.

/// A picture's measures, in its own units.
pub struct Canvas {
    /// Which of the two it is, for the style.
    pub class: &'static str,
    /// How wide.
    pub width: f64,
    /// Where what has a scale begins, behind names and figures.
    pub left: f64,
    /// Where it ends.
    pub right: f64,
    /// Stretches between marks of the scale.
    pub ticks: u32,
}

/// Both.
pub const CANVASES: [Canvas; 2] = [
    Canvas { class: "wide", width: 1120.0, left: 112.0, right: 1096.0, ticks: 4 },
    Canvas { class: "narrow", width: 390.0, left: 92.0, right: 384.0, ticks: 2 },
];

impl Canvas {
    /// Whether it is the one for a screen.
    pub fn is_wide(&self) -> bool {
        self.class == "wide"
    }
}
