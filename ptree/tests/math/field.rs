//! Arithmetic against big integers.

use num_bigint::BigUint;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use ptree::field::Fp;

use super::generators::number;

fn prime() -> BigUint {
    "530512889551602322505127520352579437339".parse().unwrap()
}

fn big(number: Fp) -> BigUint {
    BigUint::from_bytes_le(&number.to_le17())
}

proptest! {
    /// Sums, differences, products and powers are those of integers modulo the prime.
    #[test]
    fn arithmetic(a in number(), b in number(), exponent in any::<[u64; 3]>()) {
        let (big_a, big_b, prime) = (big(a), big(b), prime());
        prop_assert_eq!(big(a + b), (&big_a + &big_b) % &prime);
        prop_assert_eq!(big(a - b), (&big_a + &prime - &big_b) % &prime);
        prop_assert_eq!(big(a * b), (&big_a * &big_b) % &prime);
        prop_assert_eq!(big(-a), (&prime - &big_a) % &prime);
        let big_exponent = exponent.iter().rev().fold(BigUint::ZERO, |whole, limb| (whole << 64_u32) + *limb);
        prop_assert_eq!(big(a.pow(exponent)), big_a.modpow(&big_exponent, &prime));
    }

    /// A number times its inverse is 1, alone and together with others; only 0 has none.
    #[test]
    fn inverses(numbers in proptest::array::uniform5(number())) {
        let alone: Vec<Option<Fp>> = numbers.iter().map(|number| number.inverse()).collect();
        for (number, inverse) in numbers.iter().zip(&alone) {
            prop_assert_eq!(inverse.is_none(), *number == Fp::ZERO);
            prop_assert!(inverse.is_none_or(|inverse| inverse * *number == Fp::ONE));
        }
        let together = Fp::invert_all(numbers).map(|all| all.to_vec());
        prop_assert_eq!(together, alone.into_iter().collect::<Option<Vec<Fp>>>());
    }

    /// Exactly the numbers below the prime can be read from 17 octets, and are written as the same octets.
    #[test]
    fn encodings(low in any::<u128>(), high in 0..3_u8) {
        let mut octets = [high; 17];
        octets[..16].copy_from_slice(&low.to_le_bytes());
        let whole = BigUint::from_bytes_le(&octets);
        let number = Fp::from_le17(&octets);
        prop_assert_eq!(number.is_some(), whole < prime());
        prop_assert!(number.is_none_or(|number| number.to_le17() == octets));
        prop_assert_eq!(number.map(Fp::as_number), (whole < prime()).then_some((high == 0).then_some(low)));
        prop_assert_eq!(Fp::from_number(low).as_number(), Some(low));
    }
}
