//! Writing ASCII armor.

use base64_simd::{AsOut, STANDARD};
use bytes::Bytes;
use crc::{CRC_24_OPENPGP, Crc, Table};

/// Octets of a full line, which has 64 characters.
const LINE_OCTETS: usize = 48;
const LINE_CHARACTERS: usize = 64;
/// Octets that are encoded at a time: a whole number of lines.
const BLOCK_OCTETS: usize = 64 * LINE_OCTETS;
const BLOCK_CHARACTERS: usize = 64 * LINE_CHARACTERS;

const BEGIN: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
const END: &[u8] = b"-----END PGP PUBLIC KEY BLOCK-----\n";
/// `=`, four characters and a line end.
const CHECKSUM_CHARACTERS: usize = 6;

static CRC24: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_24_OPENPGP);

/// One `PGP PUBLIC KEY BLOCK` of all `pieces` as one stream, with the checksum line that old
/// programs want, and a final line end. `headers` are names and values without line ends.
pub fn encode<P: AsRef<[u8]>>(headers: &[(String, String)], pieces: &[P]) -> Bytes {
    let octets = pieces.iter().map(|piece| piece.as_ref().len()).sum();
    let size = encoded_len(headers, octets);
    let mut text = Vec::with_capacity(size);
    text.extend_from_slice(BEGIN);
    for (name, value) in headers {
        text.extend_from_slice(format!("{name}: {value}\n").as_bytes());
    }
    text.push(b'\n');
    let checksum = encode_body(&mut text, pieces);
    encode_checksum(&mut text, checksum);
    text.extend_from_slice(END);
    debug_assert_eq!(text.len(), size);
    text.into()
}

fn encoded_len(headers: &[(String, String)], octets: usize) -> usize {
    let header_lines: usize = headers.iter().map(|(name, value)| name.len() + value.len() + ": \n".len()).sum();
    let lines = octets.div_ceil(LINE_OCTETS);
    BEGIN.len() + header_lines + 1 + octets.div_ceil(3) * 4 + lines + CHECKSUM_CHARACTERS + END.len()
}

/// Pieces are cut into blocks of whole lines; what is left of one begins the block of the next, so
/// that only the last line may be short or padded.
fn encode_body<P: AsRef<[u8]>>(text: &mut Vec<u8>, pieces: &[P]) -> u32 {
    let mut checksum = CRC24.digest();
    let mut begun = Vec::with_capacity(BLOCK_OCTETS);
    for piece in pieces {
        let mut rest = piece.as_ref();
        checksum.update(rest);
        if !begun.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(BLOCK_OCTETS - begun.len()));
            begun.extend_from_slice(head);
            rest = tail;
            if begun.len() < BLOCK_OCTETS {
                continue;
            }
            encode_lines(text, &begun);
            begun.clear();
        }
        let (blocks, last) = rest.as_chunks::<BLOCK_OCTETS>();
        for block in blocks {
            encode_lines(text, block);
        }
        begun.extend_from_slice(last);
    }
    encode_lines(text, &begun);
    checksum.finalize()
}

/// Encodes at most a block; a line end after every 64 characters and after the last line.
fn encode_lines(text: &mut Vec<u8>, block: &[u8]) {
    let mut characters = [0; BLOCK_CHARACTERS];
    let written = STANDARD.encode(block, characters.as_mut_slice().as_out());
    let (lines, last) = written.as_chunks::<LINE_CHARACTERS>();
    for line in lines {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    if !last.is_empty() {
        text.extend_from_slice(last);
        text.push(b'\n');
    }
}

fn encode_checksum(text: &mut Vec<u8>, checksum: u32) {
    let [_, octets @ ..] = checksum.to_be_bytes();
    text.push(b'=');
    STANDARD.encode_append(octets, text);
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers, body, checksum (the CRC catalogue's check value) and tail stand where programs look for them.
    #[test]
    fn a_short_block_is_written() {
        let text = encode(&[("Comment".into(), "x".into())], &[b"123456789"]);
        let expected = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: x\n\nMTIzNDU2Nzg5\n=Ic8C\n-----END PGP PUBLIC KEY BLOCK-----\n";
        assert_eq!(text, expected);
    }

    proptest::proptest! {
        /// However the octets are cut into pieces, the text is that of one stream, in lines of 64
        /// characters, and of the size that was set aside.
        #[test]
        fn pieces_are_one_stream(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..8000), cuts in proptest::collection::vec(0usize..8000, 0..8)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(octets.len())).collect();
            cuts.extend([0, octets.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &octets[w[0]..w[1]]).collect();
            let text = encode(&[], &pieces);
            assert_eq!(text, encode(&[], &[&octets]));
            assert_eq!(text.len(), encoded_len(&[], octets.len()));
            let text = std::str::from_utf8(&text).unwrap();
            let body: Vec<&str> = text.lines().skip(2).take_while(|line| !line.starts_with('=')).collect();
            assert!(body.iter().rev().skip(1).all(|line| line.len() == LINE_CHARACTERS));
            assert_eq!(base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body.concat()).unwrap(), octets);
        }
    }
}
