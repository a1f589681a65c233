//! The queue of events, ordered by time. Events of the same time keep the order in which they were planned.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use kaunter_core::policy::Ms;

#[derive(Debug)]
struct Entry<T> {
    at: Ms,
    nth: u64,
    what: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    /// The heap gives its greatest element first, so the earliest event is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.nth).cmp(&(self.at, self.nth))
    }
}

#[derive(Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Entry<T>>,
    planned: u64,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::with_capacity(64),
            planned: 0,
        }
    }

    pub(crate) fn plan(&mut self, at: Ms, what: T) {
        let nth = self.planned;
        self.planned += 1;
        self.heap.push(Entry { at, nth, what });
    }

    pub(crate) fn next(&mut self) -> Option<(Ms, T)> {
        self.heap.pop().map(|entry| (entry.at, entry.what))
    }
}
