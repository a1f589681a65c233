//! Counted work. Every bound of the reader is one of operations; in tests of the reader they are counted, so that a
//! bound that is missing shows as a number and not as a slow afternoon. Outside tests nothing of it is there.

/// So many steps of pixels, of rays, or of triples were done.
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
        /// What the thread has spent.
        pub(crate) static DONE: Cell<usize> = const { Cell::new(0) };
    }
}
