//! How questions fared at each depth of the tree, and what to expect of the next one there.
//!
//! Where nearly all nodes of a depth have too many differences, asking about the others is in vain:
//! they cost less when their children are asked about at once. The digests of a set are spread
//! evenly, so that a few nodes speak for all of their depth.

use crate::Prefix;

/// What became of the questions at each depth.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<Level>);

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    asked: u64,
    answered: u64,
    failed: u64,
}

/// What to do with a node that is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advice {
    Ask,
    /// The replies that are on their way decide.
    Wait,
    /// Ask about its children.
    Skip,
}

/// So many nodes speak for all of their depth.
const PROBES: u64 = 16;
/// A node's question is worth its octets if it is solved at least once in so many times: four
/// children are asked about otherwise.
const WORTH: u64 = 4;

impl Levels {
    /// What to do with a node that could be skipped.
    pub(super) fn advice(&self, prefix: Prefix) -> Advice {
        let depth = depth(prefix);
        let level = self.level(depth);
        if level.is_hopeless() {
            return Advice::Skip;
        }
        let above = depth.checked_sub(1).map(|above| self.level(above)).unwrap_or_default();
        let is_open = level.asked >= PROBES && level.answered < PROBES;
        if is_open && above.is_hopeless() { Advice::Wait } else { Advice::Ask }
    }

    /// Samples of a node were sent.
    pub(super) fn asked(&mut self, prefix: Prefix) {
        self.count(prefix, |level| level.asked += 1);
    }

    /// The reply to them came.
    pub(super) fn answered(&mut self, prefix: Prefix, failed: bool) {
        self.count(prefix, |level| {
            level.answered += 1;
            level.failed += u64::from(failed);
        });
    }

    fn level(&self, depth: usize) -> Level {
        self.0.get(depth).copied().unwrap_or_default()
    }

    fn count(&mut self, prefix: Prefix, change: impl FnMut(&mut Level)) {
        let depth = depth(prefix);
        if self.0.len() <= depth {
            self.0.resize(depth + 1, Level::default());
        }
        self.0.get_mut(depth).into_iter().for_each(change);
    }
}

impl Level {
    fn is_hopeless(self) -> bool {
        self.answered >= PROBES && (self.answered - self.failed) * WORTH < self.answered
    }
}

fn depth(prefix: Prefix) -> usize {
    prefix.length() as usize / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first node so many levels below the root.
    fn node(depth: usize) -> Prefix {
        (0..depth).fold(Prefix::ROOT, |prefix, _| prefix.children().unwrap()[0])
    }

    fn levels(counts: &[(usize, u64, u64)]) -> Levels {
        let mut levels = Levels::default();
        for (depth, solved, failed) in counts {
            (0..solved + failed).for_each(|_| levels.asked(node(*depth)));
            (0..solved + failed).for_each(|number| levels.answered(node(*depth), number >= *solved));
        }
        levels
    }

    /// A few failures prove nothing, and where a quarter is solved, asking pays.
    #[test]
    fn only_hopeless_levels_are_skipped() {
        assert_eq!(levels(&[]).advice(node(0)), Advice::Ask);
        assert_eq!(levels(&[(2, 0, 15)]).advice(node(2)), Advice::Ask);
        assert_eq!(levels(&[(2, 0, 16)]).advice(node(2)), Advice::Skip);
        assert_eq!(levels(&[(2, 4, 12)]).advice(node(2)), Advice::Ask);
        assert_eq!(levels(&[(2, 3, 13)]).advice(node(2)), Advice::Skip);
        assert_eq!(levels(&[(2, 0, 16)]).advice(node(64)), Advice::Ask);
    }

    /// Below a hopeless level a few nodes are asked about before the others.
    #[test]
    fn probes_are_waited_for() {
        let mut levels = levels(&[(2, 0, 16)]);
        for _ in 0..PROBES {
            assert_eq!(levels.advice(node(3)), Advice::Ask);
            levels.asked(node(3));
        }
        assert_eq!(levels.advice(node(3)), Advice::Wait);
        (0..PROBES).for_each(|_| levels.answered(node(3), false));
        assert_eq!(levels.advice(node(3)), Advice::Ask);
    }
}
