//! Polynomials over the field: rational interpolation and roots.

pub(crate) mod interpolate;
pub(crate) mod poly;
pub(crate) mod roots;

#[cfg(test)]
mod vectors;
