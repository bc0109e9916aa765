//! Work whose time grows with its input, kept off the threads that serve requests.

use super::ApiError;

/// Input up to this many octets is worked on at once: it takes less than a millisecond.
const INLINE_OCTETS_LIMIT: usize = 256 * 1024;

/// Runs `work` on `octets` of input: here when that is quick, else on a thread that may block.
pub(super) async fn run<T: Send + 'static>(
    octets: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    if octets <= INLINE_OCTETS_LIMIT {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
}
