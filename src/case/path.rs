//! Paths into a reply: which elements an assertion is about.

/// A path, relative to the reply element.
#[derive(Debug, Clone)]
pub struct Path;
