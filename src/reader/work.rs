//! Counts steps of work in the reader's own tests.
//!
//! Every bound of the reader is one of operations. A missing bound fails a test with a number, on any machine.
//! Outside tests, counting compiles to nothing.

/// Counts steps: pixels of walks, steps of rays, samples of greys, or triples.
#[inline(always)]
pub(crate) fn spend(steps: usize) {
    #[cfg(test)]
    counted::DONE.with(|done| done.set(done.get() + steps));
    #[cfg(not(test))]
    let _ = steps;
}

#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! {
        /// The steps of this thread.
        pub(crate) static DONE: Cell<usize> = const { Cell::new(0) };
    }
}
