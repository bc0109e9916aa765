//! Elements, prefixes and numbers at random.

use proptest::prelude::{Strategy, any, prop_oneof};
use ptree::field::Fp;
use ptree::{Element, Prefix};

/// Elements anywhere, or so close together that they share long prefixes.
pub fn element() -> impl Strategy<Value = Element> {
    let close = (0..2_u8, 0..120_u32, any::<u8>()).prop_map(|(top, shift, low)| {
        (u128::from(top) << 127 | u128::from(low) << shift | 0x100_0000_0000).to_be_bytes()
    });
    prop_oneof![2 => any::<[u8; 16]>(), 1 => close].prop_filter_map("a sample point", Element::new)
}

/// The first `length` bits of an element.
pub fn prefix_of(element: Element, length: u32) -> Prefix {
    let key = u128::from_be_bytes(element.digest());
    let bits = if length == 0 { 0 } else { key & u128::MAX << (128 - length) };
    let octets = bits.to_be_bytes();
    Prefix::from_octets(length, &octets[..length.div_ceil(8) as usize]).unwrap()
}

/// Numbers of the field, those at its ends more often.
pub fn number() -> impl Strategy<Value = Fp> {
    let anywhere = (any::<u128>(), any::<bool>()).prop_map(|(number, negative)| {
        let number = Fp::from_number(number);
        if negative { -number } else { number }
    });
    let end = (0..4_u128, any::<bool>()).prop_map(|(number, negative)| {
        let number = Fp::from_number(number);
        if negative { -number } else { number }
    });
    let middle = (0..4_u128).prop_map(|number| Fp::from_number(u128::MAX - number));
    prop_oneof![4 => anywhere, 1 => end, 1 => middle]
}

/// Random numbers from a seed, and how many were drawn.
pub struct Random {
    state: u64,
    pub drawn: u32,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, drawn: 0 }
    }

    /// The next number of the generator SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.drawn += 1;
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn element(&mut self) -> Element {
        let mut digest = [0; 16];
        let (low, high) = digest.split_at_mut(8);
        low.copy_from_slice(&self.next().to_le_bytes());
        high.copy_from_slice(&self.next().to_le_bytes());
        Element::new(digest).unwrap()
    }
}
