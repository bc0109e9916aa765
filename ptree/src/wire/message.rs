//! The messages after the handshake.

use super::error::WireError;
use super::reader::Reader;
use super::text::Text;
use super::writer;
use crate::params::SAMPLES;
use crate::{Element, Prefix, Samples};

/// The types of messages, with their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are those of the messages")]
pub enum Kind {
    ReconRqstPoly = 0,
    ReconRqstFull = 1,
    Elements = 2,
    FullElements = 3,
    SyncFail = 4,
    Done = 5,
    Flush = 6,
    Error = 7,
    DbRqst = 8,
    DbRepl = 9,
    Config = 10,
}

impl Kind {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::ReconRqstPoly,
        Self::ReconRqstFull,
        Self::Elements,
        Self::FullElements,
        Self::SyncFail,
        Self::Done,
        Self::Flush,
        Self::Error,
        Self::DbRqst,
        Self::DbRepl,
        Self::Config,
    ];

    /// The type with a number.
    pub fn from_number(number: u8) -> Result<Self, WireError> {
        Self::ALL.get(usize::from(number)).copied().ok_or(WireError::UnknownType(number))
    }

    /// The name that the protocol's descriptions use.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReconRqstPoly => "ReconRqstPoly",
            Self::ReconRqstFull => "ReconRqstFull",
            Self::Elements => "Elements",
            Self::FullElements => "FullElements",
            Self::SyncFail => "SyncFail",
            Self::Done => "Done",
            Self::Flush => "Flush",
            Self::Error => "Error",
            Self::DbRqst => "DbRqst",
            Self::DbRepl => "DbRepl",
            Self::Config => "Config",
        }
    }
}

/// A message after the handshake. Elements are ascending and distinct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Asks for the differences of a node by its samples.
    Poly {
        /// The node.
        prefix: Prefix,
        /// How many elements the asker has there.
        size: u32,
        /// Their samples.
        samples: Samples,
    },
    /// Asks for the differences of a node by all of its elements.
    Full {
        /// The node.
        prefix: Prefix,
        /// What the asker has there.
        elements: Vec<Element>,
    },
    /// What the other side lacks.
    Elements(Vec<Element>),
    /// Everything under the node that was asked for.
    FullElements(Vec<Element>),
    /// The node has too many differences.
    SyncFail,
    /// The asker has no more questions.
    Done,
    /// The asker waits for the replies.
    Flush,
    /// The other side cannot go on.
    Error(Text),
    /// A request to a database, which is never sent.
    DbRqst(Text),
    /// Its reply, which is never sent.
    DbRepl(Text),
}

impl Message {
    /// Reads the contents of a frame: a type and a body.
    pub fn decode(frame: &[u8]) -> Result<Self, WireError> {
        let (kind, body) = frame.split_first().ok_or(WireError::EmptyFrame)?;
        let kind = Kind::from_number(*kind)?;
        let mut reader = Reader::new(body);
        let message = match kind {
            Kind::ReconRqstPoly => Self::poly(&mut reader)?,
            Kind::ReconRqstFull => {
                Self::Full { prefix: reader.prefix()?, elements: reader.numbers("elements")?.elements()? }
            }
            Kind::Elements => Self::Elements(reader.numbers("elements")?.elements()?),
            Kind::FullElements => Self::FullElements(reader.numbers("elements")?.elements()?),
            Kind::SyncFail => Self::SyncFail,
            Kind::Done => Self::Done,
            Kind::Flush => Self::Flush,
            Kind::Error => Self::Error(Text::of_octets(reader.string("a text")?)),
            Kind::DbRqst => Self::DbRqst(Text::of_octets(reader.string("a text")?)),
            Kind::DbRepl => Self::DbRepl(Text::of_octets(reader.string("a text")?)),
            Kind::Config => return Err(WireError::UnknownType(Kind::Config as u8)),
        };
        reader.end()?;
        Ok(message)
    }

    fn poly(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (prefix, size) = (reader.prefix()?, reader.number("a size")?);
        let numbers = reader.numbers("samples")?;
        if numbers.len() != SAMPLES {
            return Err(WireError::SampleCount(u32::try_from(numbers.len()).unwrap_or(u32::MAX)));
        }
        let mut values = *Samples::EMPTY.values();
        for (value, number) in values.iter_mut().zip(numbers.field()) {
            *value = number?;
        }
        if values.contains(&crate::field::Fp::ZERO) {
            return Err(WireError::ZeroSample);
        }
        Ok(Self::Poly { prefix, size, samples: Samples::new(values) })
    }

    /// Appends the whole frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        super::frame::encode(out, self.kind(), |out| match self {
            Self::Poly { prefix, size, samples } => {
                writer::prefix(out, *prefix);
                writer::number(out, *size);
                writer::samples(out, samples);
            }
            Self::Full { prefix, elements } => {
                writer::prefix(out, *prefix);
                writer::elements(out, elements);
            }
            Self::Elements(elements) | Self::FullElements(elements) => writer::elements(out, elements),
            Self::SyncFail | Self::Done | Self::Flush => {}
            Self::Error(text) | Self::DbRqst(text) | Self::DbRepl(text) => {
                writer::string(out, text.as_str().as_bytes());
            }
        });
    }

    /// The message's type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Poly { .. } => Kind::ReconRqstPoly,
            Self::Full { .. } => Kind::ReconRqstFull,
            Self::Elements(_) => Kind::Elements,
            Self::FullElements(_) => Kind::FullElements,
            Self::SyncFail => Kind::SyncFail,
            Self::Done => Kind::Done,
            Self::Flush => Kind::Flush,
            Self::Error(_) => Kind::Error,
            Self::DbRqst(_) => Kind::DbRqst,
            Self::DbRepl(_) => Kind::DbRepl,
        }
    }
}
