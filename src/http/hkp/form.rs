//! The fields of a form, urlencoded or in parts.

use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use multer::Multipart;

use super::super::query::{self, Parameters};
use super::super::{ApiError, off_thread};
use super::add::upload::Encoding;

/// The content types that a form may have.
pub(crate) const ACCEPTED: &str = "application/x-www-form-urlencoded, multipart/form-data";

/// The first value of each field. An urlencoded form may also have them in the query string.
pub(crate) async fn fields<const N: usize>(
    encoding: Encoding,
    body: Bytes,
    query: &str,
    names: [&'static str; N],
) -> Result<[Option<Bytes>; N], ApiError> {
    match encoding {
        Encoding::Raw => Err(ApiError::unsupported_media_type(ACCEPTED)),
        Encoding::Form => {
            let query = query.to_owned();
            off_thread::run(body.len(), move || names.map(|name| urlencoded(&body, &query, name))).await
        }
        Encoding::Multipart(boundary) => parts(&boundary, body, names).await,
    }
}

fn urlencoded(body: &[u8], query: &str, name: &str) -> Option<Bytes> {
    let raw = Parameters::new(body).raw(name).chain(Parameters::new(query.as_bytes()).raw(name)).next()?;
    Some(query::decode(raw).into_owned().into())
}

async fn parts<const N: usize>(
    boundary: &str,
    body: Bytes,
    names: [&'static str; N],
) -> Result<[Option<Bytes>; N], ApiError> {
    let unreadable = |_| ApiError::bad_request("the parts of the form cannot be read");
    let mut parts = Multipart::new(BodyDataStream::new(Full::new(body)), boundary);
    let mut found = [const { None }; N];
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().map(str::to_owned);
        let value = part.bytes().await.map_err(unreadable)?;
        let wanted = names.iter().zip(&mut found).find(|(wanted, _)| name.as_deref() == Some(**wanted));
        if let Some((_, slot @ None)) = wanted {
            *slot = Some(value);
        }
    }
    Ok(found)
}
