//! The suite as tests: one trial a case.
fn main() {}
