//! Building parts from ascending elements, in linear time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use thiserror::Error;

use super::part::Part;
use crate::params::SPLIT;
use crate::prefix::QUANTUM;
use crate::{Element, Prefix};

/// How many bits choose the piece of work that an element belongs to.
const PIECE_BITS: u32 = 6;
/// How many pieces of work a large tree is built in.
const PIECES: usize = 1 << PIECE_BITS;
/// Building fewer elements takes less than starting threads.
const WORTH_THREADS: usize = 10_000;

/// Elements of which one is not greater than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the element at {at} is not greater than the one before it")]
pub struct NotSorted {
    /// Its index.
    pub at: usize,
}

/// Whether the elements ascend strictly.
pub(super) fn check_order(elements: &[Element]) -> Result<(), NotSorted> {
    match elements.iter().zip(elements.iter().skip(1)).position(|(one, next)| one >= next) {
        None => Ok(()),
        Some(at) => Err(NotSorted { at: at + 1 }),
    }
}

/// The part of ascending elements that share their first `length` bits.
pub(super) fn build(elements: &[Element], length: u32) -> Part {
    if elements.len() <= SPLIT {
        return Part::leaf(elements);
    }
    Part::inner(divide(elements, length).map(|child| build(child, length + QUANTUM)))
}

/// The root of ascending elements.
pub(super) fn build_on_all_cores(elements: &[Element]) -> Part {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(PIECES);
    if cores == 1 || elements.len() < WORTH_THREADS {
        return build(elements, 0);
    }
    let work = Work::new(elements);
    thread::scope(|scope| {
        for _ in 1..cores {
            // Where no thread can be had, those that run do all the work.
            let _unneeded = thread::Builder::new().spawn_scoped(scope, || work.run());
        }
        work.run();
    });
    work.join(elements)
}

/// Pieces of a tree, which threads take one after another.
struct Work<'a> {
    pieces: Vec<&'a [Element]>,
    next: AtomicUsize,
    /// By piece; empty until it is built.
    built: Mutex<Vec<Option<Part>>>,
}

impl<'a> Work<'a> {
    fn new(elements: &'a [Element]) -> Self {
        let mut pieces = vec![elements];
        for length in (0..PIECE_BITS).step_by(QUANTUM as usize) {
            pieces = pieces.into_iter().flat_map(|piece| divide(piece, length)).collect();
        }
        let built = Mutex::new(vec![None; pieces.len()]);
        Self { pieces, next: AtomicUsize::new(0), built }
    }

    /// Builds pieces until none is left.
    fn run(&self) {
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = self.pieces.get(at) else { return };
            let part = build(piece, PIECE_BITS);
            if let Some(slot) = self.built.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                *slot = Some(part);
            }
        }
    }

    /// The root above all pieces.
    fn join(self, elements: &[Element]) -> Part {
        let mut built = self.built.into_inner().unwrap_or_else(PoisonError::into_inner);
        above(elements, 0, &mut built)
    }
}

/// The part above those of `pieces`, which are its elements in order.
fn above(elements: &[Element], length: u32, pieces: &mut [Option<Part>]) -> Part {
    if elements.len() <= SPLIT {
        return Part::leaf(elements);
    }
    if let [piece] = pieces {
        return piece.take().unwrap_or_else(|| build(elements, length));
    }
    let quarter = pieces.len() / 4;
    let mut quarters = pieces.chunks_mut(quarter);
    Part::inner(
        divide(elements, length).map(|child| above(child, length + QUANTUM, quarters.next().unwrap_or_default())),
    )
}

/// The elements of the four children of a node whose prefix has `length` bits.
fn divide(elements: &[Element], length: u32) -> [&[Element]; 4] {
    let mut rest = elements;
    [0, 1, 2, 3].map(|branch| {
        let end = rest.partition_point(|element| Prefix::branch(element.key(), length) <= branch);
        let (child, after) = rest.split_at(end);
        rest = after;
        child
    })
}
