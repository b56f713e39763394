//! To come.
//!
//! To come.
