//! All set-up is code.
fn main() {}
