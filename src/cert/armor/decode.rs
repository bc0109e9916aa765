//! Reading ASCII armor, as leniently as is safe: any text around, any block type, any headers, any
//! line length, with or without a checksum, which is not looked at.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use thiserror::Error;

/// The most armor blocks that are read of one text.
pub(super) const BLOCKS_LIMIT: usize = 10_000;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The input holds neither armor nor packets, or damaged armor.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("there is no armored block, and the data are not binary packets either")]
    NoArmor,
    #[error("armored block {block} is damaged: its text is not base64")]
    Damaged {
        /// Counted from 1.
        block: usize,
    },
    #[error("there are more than {BLOCKS_LIMIT} armored blocks")]
    TooMany,
}

/// The packet streams of a submission: one for each armored block of a text, or binary data as they are.
pub fn decode(input: &Bytes) -> Result<Vec<Bytes>, DecodeError> {
    if input.first().is_some_and(|first| first & 0x80 != 0) {
        return Ok(vec![input.clone()]);
    }
    let mut lines = Lines { rest: input };
    let mut streams = Vec::new();
    while lines.any(is_begin) {
        if streams.len() == BLOCKS_LIMIT {
            return Err(DecodeError::TooMany);
        }
        let text = body(&mut lines);
        let octets = BASE64.decode(text).map_err(|_| DecodeError::Damaged { block: streams.len() + 1 })?;
        streams.push(octets.into());
    }
    if streams.is_empty() { Err(DecodeError::NoArmor) } else { Ok(streams) }
}

/// The base64 text of a block: `lines` stand behind its first line, and afterwards behind its last.
fn body(lines: &mut Lines<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut in_headers = true;
    for line in lines {
        if is_end(line) {
            break;
        }
        let is_header = in_headers && (line.is_empty() || line.contains(&b':'));
        in_headers &= is_header && !line.is_empty();
        let is_checksum = line.len() == 5 && line.first() == Some(&b'=');
        if !is_header && !is_checksum {
            text.extend(line.iter().filter(|octet| !octet.is_ascii_whitespace()));
        }
    }
    text
}

fn is_begin(line: &[u8]) -> bool {
    line.starts_with(b"-----BEGIN ") && line.len() > 16
}

fn is_end(line: &[u8]) -> bool {
    line.starts_with(b"-----END ")
}

/// Lines without their ends and without white space around them.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&octet| octet == b'\n');
        let (line, rest) = match end.and_then(|end| self.rest.split_at_checked(end)) {
            Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(line.trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(text: &str) -> Result<Vec<Vec<u8>>, DecodeError> {
        decode(&Bytes::copy_from_slice(text.as_bytes())).map(|all| all.iter().map(|b| b.to_vec()).collect())
    }

    /// Armor arrives through mail, web forms and clipboards; what people can read must be readable here.
    #[test]
    fn lenient_forms_are_read() {
        let begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
        let end = "-----END PGP PUBLIC KEY BLOCK-----";
        for text in [
            format!("{begin}\n\nmQENBA==\n=abcd\n{end}\n"),
            format!("hello\r\n{begin}\r\nVersion: x\r\nComment: a: b\r\n\r\nmQEN\r\nBA==\r\n{end}"),
            format!("{begin}\n  \n mQEN BA \n{end}"),
            format!("{begin}\nVersion: x\n\nmQENBA=="),
        ] {
            assert_eq!(streams(&text).unwrap(), vec![vec![0x99, 1, 0x0d, 4]], "{text}");
        }
        let twice = format!("{begin}\n\nmQENBA==\n{end}\ntext\n{begin}\n\nmQENBA==\n{end}\n");
        assert_eq!(streams(&twice).unwrap().len(), 2);
    }

    /// Text without armor and armor that cannot be read are told apart.
    #[test]
    fn damage_is_reported() {
        assert_eq!(streams("no armor"), Err(DecodeError::NoArmor));
        assert_eq!(streams("-----BEGIN PGP MESSAGE-----\n\nmQ!N\n"), Err(DecodeError::Damaged { block: 1 }));
    }
}
