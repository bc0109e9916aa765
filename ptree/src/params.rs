//! The parameters that all servers share, and the thresholds of this tree.

use crate::field::Fp;

/// How many differences a node's samples can solve.
pub const MBAR: usize = 5;
/// How many samples each node has.
pub const SAMPLES: usize = MBAR + 1;
/// The points at which nodes are sampled: 0, -1, 1, -2, 2, -3.
pub const POINTS: [Fp; SAMPLES] =
    [Fp::ZERO, Fp::negative(1), Fp::ONE, Fp::negative(2), Fp::from_number(2), Fp::negative(3)];
/// A node of more elements has children. Other servers may choose otherwise.
pub const SPLIT: usize = 50;
/// A node with children, left with so many elements, has none. Other servers may choose otherwise.
pub const JOIN: usize = SPLIT / 2;
