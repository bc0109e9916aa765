//! Solving: what two sets that differ little do not share, from their samples alone.

use crate::algebra::interpolate::interpolate;
use crate::algebra::poly::Poly;
use crate::algebra::roots::roots;
use crate::algebra::unsolved::Unsolved;
use crate::field::Fp;
use crate::params::MBAR;
use crate::{Element, Samples};

/// What each of two sets has and the other has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What only the other side has, in ascending order.
    pub remote_only: Vec<Element>,
    /// What only this side has, in ascending order.
    pub local_only: Vec<Element>,
}

/// What two sets do not share, if that is at most [`MBAR`] elements.
///
/// `difference` is the count of the remote set less that of the local one. `random` gives random numbers,
/// which only the time depends on. What is found explains all samples; whether the sets agree with it
/// is for the caller to see. The work is bounded whatever the samples are.
pub fn solve(
    remote: &Samples,
    local: &Samples,
    difference: i64,
    random: &mut dyn FnMut() -> u64,
) -> Result<Difference, Unsolved> {
    let excess = usize::try_from(difference.unsigned_abs()).ok().filter(|excess| *excess <= MBAR);
    let excess = excess.ok_or(Unsolved::TooMany)?;
    if difference < 0 {
        let (local_only, remote_only) = both(local, remote, excess, random)?;
        return Ok(Difference { remote_only, local_only });
    }
    let (remote_only, local_only) = both(remote, local, excess, random)?;
    Ok(Difference { remote_only, local_only })
}

/// What only the larger and what only the smaller of two sets has.
fn both(
    larger: &Samples,
    smaller: &Samples,
    excess: usize,
    random: &mut dyn FnMut() -> u64,
) -> Result<(Vec<Element>, Vec<Element>), Unsolved> {
    if larger.values().contains(&Fp::ZERO) {
        return Err(Unsolved::ZeroSample);
    }
    if excess == 0 && larger == smaller {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut values = Fp::invert_all(*smaller.values()).ok_or(Unsolved::ZeroSample)?;
    values.iter_mut().zip(larger.values()).for_each(|(value, sample)| *value = *value * *sample);
    let fraction = interpolate(&values, excess).ok_or(Unsolved::NoFraction)?;
    Ok((elements(&fraction.numerator, random)?, elements(&fraction.denominator, random)?))
}

/// The elements that are the roots of a monic polynomial, in ascending order.
fn elements(polynomial: &Poly, random: &mut dyn FnMut() -> u64) -> Result<Vec<Element>, Unsolved> {
    let element = |root: Fp| root.as_number().and_then(|number| Element::new(number.to_le_bytes()));
    let found: Option<Vec<Element>> = roots(polynomial, random)?.into_iter().map(element).collect();
    let mut found = found.ok_or(Unsolved::NotElements)?;
    found.sort_unstable();
    Ok(found)
}
