//! Polynomials over the field: rational interpolation and roots.

pub(crate) mod interpolate;
pub(crate) mod poly;
pub(crate) mod roots;
pub(crate) mod unsolved;

#[cfg(test)]
mod vectors;
