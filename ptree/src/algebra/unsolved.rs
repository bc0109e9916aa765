//! Why samples cannot be solved.

use thiserror::Error;

use crate::params::MBAR;

/// Why samples tell no difference. None of these is anybody's fault, but for a forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsolved {
    /// The counts alone differ by more than samples can tell.
    #[error("the counts differ by more than {MBAR}")]
    TooMany,
    /// A sample is 0, which is that of no set.
    #[error("a sample is zero")]
    ZeroSample,
    /// No small difference explains the samples.
    #[error("no difference of {MBAR} elements or fewer explains the samples")]
    NoFraction,
    /// What explains the samples is no set of numbers.
    #[error("the samples are explained by no set")]
    NotASet,
    /// What explains the samples is no set of elements.
    #[error("the samples are explained by numbers that are no elements")]
    NotElements,
    /// The random numbers were of no help, which real ones always are.
    #[error("no random number splits the polynomial")]
    Unlucky,
}
