//! Text with holes.

/// Text with `{{name}}` holes.
#[derive(Debug, Clone)]
pub struct Template;
