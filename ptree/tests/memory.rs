//! How much memory trees take, counted by the allocator.
#![expect(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use ptree::{Element, Tree};

/// A large server's share of elements.
const ELEMENTS: u64 = 1_000_000;
/// What each of them may take.
const OCTETS_EACH: usize = 40;
/// What an insertion below a snapshot may copy: about ten nodes of a quarter of a kilobyte, and a leaf.
const OCTETS_COPIED: usize = 6 << 10;

/// What threads and the test itself leave behind.
const ELSEWHERE: usize = 1 << 10;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: both calls go to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(at, layout) }
    }
}

/// An element that a count stands for, spread evenly like a digest.
fn element(count: u64) -> Element {
    let mixed = |seed: u64| {
        let seed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let seed = (seed ^ seed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        u128::from(seed ^ seed >> 31)
    };
    let number = mixed(count.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | mixed(count.wrapping_add(0x1234_5678));
    Element::new(number.to_be_bytes()).unwrap()
}

/// A million elements take few octets each; a clone takes none; an insertion after a clone copies only a path,
/// and one without a clone only a leaf; what a tree says of its memory is what it takes; and all is given back.
///
/// One test, for the counters are those of the whole process.
#[test]
fn memory() {
    let mut elements: Vec<Element> = (0..ELEMENTS).map(element).collect();
    elements.sort_unstable();
    let before = LIVE.load(Ordering::Relaxed);
    let mut tree = Tree::from_sorted(&elements).unwrap();
    let taken = || LIVE.load(Ordering::Relaxed) - before;
    assert!(taken().abs_diff(tree.memory_octets()) <= ELSEWHERE);
    println!("{:.2} octets for each element", taken() as f64 / elements.len() as f64);
    assert!(taken() <= elements.len() * OCTETS_EACH);

    let mut most = [0, 0];
    for count in 0..2_000 {
        let snapshot = count % 2 == 1;
        let clone_from = ALLOCATED.load(Ordering::Relaxed);
        let clone = snapshot.then(|| tree.clone());
        assert_eq!(ALLOCATED.load(Ordering::Relaxed), clone_from);
        let added = element(ELEMENTS + count);
        assert!(tree.insert(added));
        let copied = ALLOCATED.load(Ordering::Relaxed) - clone_from;
        most[usize::from(snapshot)] = copied.max(most[usize::from(snapshot)]);
        assert!(clone.is_none_or(|clone| !clone.contains(added)));
    }
    println!("an insertion allocates at most {most:?} octets, without and with a snapshot");
    assert!(most.iter().all(|octets| *octets <= OCTETS_COPIED));
    assert!(taken().abs_diff(tree.memory_octets()) <= ELSEWHERE);
    assert_eq!(tree.len(), elements.len() + 2_000);
    drop(tree);
    assert!(taken() <= ELSEWHERE);
}
