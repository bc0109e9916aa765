//! Finding the key text in a submission, whatever its content type.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyDataStream, Full};
use multer::Multipart;

use super::super::super::query::{self, Parameters};
use super::super::super::{ApiError, off_thread};
use super::super::options::Options;

/// The content types that a submission may have.
pub(crate) const ACCEPTED: &str = "application/x-www-form-urlencoded, multipart/form-data, application/pgp-keys, \
                            application/pgp, application/octet-stream";

/// How the key text is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Form,
    /// With the boundary between the parts.
    Multipart(String),
    /// The body is the key text.
    Raw,
}

/// What was sent.
#[derive(Debug)]
pub(crate) struct Upload {
    /// Armored text or packets.
    pub keytext: Bytes,
    /// Those of the body.
    pub options: Options,
}

impl Encoding {
    /// Reads the content type. Without one, the body is taken for a form.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(Self::Form) };
        let value = value.to_str().unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            "application/pgp" | "application/pgp-keys" | "application/octet-stream" => Ok(Self::Raw),
            "multipart/form-data" => multer::parse_boundary(value)
                .map(Self::Multipart)
                .map_err(|_| ApiError::bad_request("the content type multipart/form-data has no boundary")),
            _ => Err(ApiError::unsupported_media_type(ACCEPTED)),
        }
    }
}

/// Unpacks a body. A form may also have its parameters in the query string.
pub(crate) async fn read(encoding: Encoding, body: Bytes, query: &str) -> Result<Upload, ApiError> {
    let upload = match encoding {
        Encoding::Raw => Some(Upload { keytext: body, options: Options::default() }),
        Encoding::Form => {
            let query = query.to_owned();
            off_thread::run(body.len(), move || read_form(&body, &query)).await?
        }
        Encoding::Multipart(boundary) => read_multipart(&boundary, body).await?,
    };
    upload
        .filter(|upload| !upload.keytext.is_empty())
        .ok_or_else(|| ApiError::bad_request("the form field keytext is missing or empty"))
}

fn read_form(body: &[u8], query: &str) -> Option<Upload> {
    let form = Parameters::new(body);
    let raw = form.raw("keytext").chain(Parameters::new(query.as_bytes()).raw("keytext")).next()?;
    Some(Upload { keytext: query::decode(raw).into_owned().into(), options: Options::read(form) })
}

async fn read_multipart(boundary: &str, body: Bytes) -> Result<Option<Upload>, ApiError> {
    let unreadable = |_| ApiError::bad_request("the parts of the form cannot be read");
    let mut parts = Multipart::new(BodyDataStream::new(Full::new(body)), boundary);
    let mut keytext = None;
    let mut options = Options::default();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().map(str::to_owned);
        let value = part.bytes().await.map_err(unreadable)?;
        match name.as_deref() {
            Some("keytext") if keytext.is_none() => keytext = Some(value),
            Some("options") => {
                let pair = [b"options=".as_slice(), &value].concat();
                options = options.or(Options::read(Parameters::new(&pair)));
            }
            _ => {}
        }
    }
    Ok(keytext.map(|keytext| Upload { keytext, options }))
}
