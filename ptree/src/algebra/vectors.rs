//! Polynomials that another implementation computed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::interpolate::candidate;
use super::poly::Poly;
use super::roots::roots;
use super::unsolved::Unsolved;
use crate::field::{Fp, HALF};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/data/interpolation.json")).unwrap()
}

fn rows<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

fn number(decimal: &Value) -> Fp {
    let digits = decimal.as_str().unwrap().bytes().map(|digit| Fp::from_number(u128::from(digit - b'0')));
    digits.fold(Fp::ZERO, |number, digit| number * Fp::from_number(10) + digit)
}

fn numbers(decimals: &Value) -> Vec<Fp> {
    decimals.as_array().unwrap().iter().map(number).collect()
}

fn poly(value: &Value) -> Poly {
    Poly::new(numbers(&value["coeff_ascending_dec"]))
}

/// Random numbers that are the same in each run.
fn random() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Quotients, remainders and common divisors are those of the other implementation.
#[test]
fn divisions_and_divisors() {
    let vectors = vectors();
    for row in rows(&vectors, "divmod_gcd") {
        let (quotient, remainder) = poly(&row["x"]).divide(&poly(&row["y"])).unwrap();
        assert_eq!((quotient, remainder), (poly(&row["quotient"]), poly(&row["remainder"])));
        let [one, two] = rows(row, "gcd_of") else { panic!("two polynomials") };
        assert_eq!(poly(one).gcd(poly(two)).unwrap(), poly(&row["gcd_monic"]));
    }
}

/// The fraction is that of the other implementation, whether or not it goes on to explain the last sample.
#[test]
fn fractions() {
    let vectors = vectors();
    let mut compared = 0;
    for row in rows(&vectors, "cases").iter().filter(|row| row.get("interpolated_num").is_some()) {
        let mut values = <[Fp; 6]>::try_from(numbers(&row["values_dec"])).unwrap();
        let difference = row["d"].as_i64().unwrap();
        if difference < 0 {
            values = Fp::invert_all(values).unwrap();
        }
        let fraction = candidate(&values, difference.unsigned_abs().try_into().unwrap()).unwrap();
        let (numerator, denominator) = (fraction.numerator.monic().unwrap(), fraction.denominator.monic().unwrap());
        let (expected_numerator, expected_denominator) =
            (poly(&row["interpolated_num"]), poly(&row["interpolated_denom"]));
        if difference < 0 {
            assert_eq!((denominator, numerator), (expected_numerator, expected_denominator), "{row}");
        } else {
            assert_eq!((numerator, denominator), (expected_numerator, expected_denominator), "{row}");
        }
        compared += 1;
    }
    assert_eq!(compared, 47);
}

/// Roots are found exactly where they exist and differ: the other implementation takes some quadratics
/// without roots for products.
#[test]
fn factors() {
    let vectors = vectors();
    for row in rows(&vectors, "factoring") {
        let found = roots(&poly(&row["poly"]), &mut random());
        match row.get("roots_le17").and_then(Value::as_array) {
            Some(expected) => {
                let expected: BTreeSet<String> =
                    expected.iter().map(|root| format!("Fp({})", root.as_str().unwrap())).collect();
                let found: BTreeSet<String> = found.unwrap().iter().map(|root| format!("{root:?}")).collect();
                assert_eq!(found, expected, "{row}");
            }
            None if row["splits"] == true => {
                // z^2 - n, of which the other implementation does not tell whether n is a square.
                let square = -number(&row["poly"]["coeff_ascending_dec"][0]);
                let expected = if square.pow(HALF) == Fp::ONE { Ok(2) } else { Err(Unsolved::NotASet) };
                assert_eq!(found.as_ref().map(Vec::len).map_err(|error| *error), expected, "{row}");
                assert!(found.iter().flatten().all(|root| *root * *root == square), "{row}");
            }
            None => assert_eq!(found, Err(Unsolved::NotASet), "{row}"),
        }
    }
}

/// Numbers that are no random numbers end the search instead of prolonging it for ever.
#[test]
fn constant_randomness_ends() {
    for constant in [0, 1, u64::MAX] {
        for degree in 3..=5_u64 {
            let product = Poly::with_roots((0..degree).map(|root| Fp::from_number(u128::from(root + 3))));
            let found = roots(&product, &mut || constant);
            match found {
                Ok(found) => assert_eq!(Poly::with_roots(found), product),
                Err(error) => assert_eq!(error, Unsolved::Unlucky),
            }
        }
    }
}

/// Products of irreducible factors, repeated factors and degrees beyond five are refused at once.
#[test]
fn what_is_no_product_of_different_factors() {
    let linear = |root: u128| Poly::with_roots([Fp::from_number(root)]);
    let product = |one: &Poly, two: &Poly| {
        let terms = two.coefficients().iter().enumerate();
        terms.fold(Poly::zero(), |sum, (power, factor)| sum.plus(&one.shifted(power).scaled(*factor)))
    };
    // 2 is no square.
    let irreducible = Poly::new(vec![-Fp::from_number(2), Fp::ZERO, Fp::ONE]);
    let twice = product(&irreducible, &irreducible);
    let mut forged = vec![irreducible.clone(), twice.clone(), product(&twice, &linear(9))];
    forged.push(product(&irreducible, &linear(7)));
    forged.push(product(&product(&linear(5), &linear(5)), &linear(6)));
    forged.push(product(&product(&linear(5), &linear(5)), &product(&linear(5), &linear(5))));
    for polynomial in forged {
        assert_eq!(roots(&polynomial, &mut random()), Err(Unsolved::NotASet), "{polynomial:?}");
    }
    let six = Poly::with_roots((3..9).map(Fp::from_number));
    assert_eq!(roots(&six, &mut random()), Err(Unsolved::TooMany));
    assert_eq!(roots(&Poly::zero(), &mut random()), Err(Unsolved::NoFraction));
}
