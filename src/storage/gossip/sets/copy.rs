//! Digests as PostgreSQL's binary form of COPY holds them.
//!
//! A header, then for each row the count of its columns and for each column a length and so many
//! octets, then a count of -1. All numbers are big-endian.

use crate::domain::Digest;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// The signature, the flags, and the length of an extension that no version has.
const HEADER: usize = 11 + 4 + 4;
const TRAILER: &[u8] = &[0xff, 0xff];
/// The length that stands for NULL.
const NULL: i32 = -1;
const DIGEST: i32 = 16;

/// Takes the form apart as it comes, for rows of `N` columns.
pub struct Reader<const N: usize> {
    /// What is not a whole row yet.
    pending: Vec<u8>,
    is_begun: bool,
    columns: [Vec<Digest>; N],
}

/// Octets that no version of the server sends for a query of digests.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl<const N: usize> Reader<N> {
    pub fn new() -> Self {
        Self { pending: Vec::new(), is_begun: false, columns: std::array::from_fn(|_| Vec::new()) }
    }

    /// What comes next, cut anywhere.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), Malformed> {
        if self.pending.is_empty() {
            let rest = self.rows(piece)?;
            self.pending.extend_from_slice(rest);
            return Ok(());
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(piece);
        self.pending = self.rows(&pending)?.to_vec();
        Ok(())
    }

    /// The digests of each column, in the order of the rows; the server has said that it is done.
    pub fn finish(self) -> Result<[Vec<Digest>; N], Malformed> {
        if self.is_begun && self.pending == TRAILER { Ok(self.columns) } else { Err(Malformed("no end")) }
    }

    /// Takes whole rows; answers what is left.
    fn rows<'a>(&mut self, mut rest: &'a [u8]) -> Result<&'a [u8], Malformed> {
        if !self.is_begun {
            let Some((header, after)) = rest.split_at_checked(HEADER) else { return Ok(rest) };
            if !header.starts_with(SIGNATURE) || !header.ends_with(&[0; 8]) {
                return Err(Malformed("an unknown header"));
            }
            self.is_begun = true;
            rest = after;
        }
        while let Some((row, after)) = split_row::<N>(rest)? {
            for (column, digest) in self.columns.iter_mut().zip(row) {
                column.extend(digest);
            }
            rest = after;
        }
        Ok(rest)
    }
}

type Row<'a, const N: usize> = ([Option<Digest>; N], &'a [u8]);

/// The first row and what follows; `None` when it is not all there, or the end.
fn split_row<const N: usize>(octets: &[u8]) -> Result<Option<Row<'_, N>>, Malformed> {
    let Some((count, mut rest)) = octets.split_first_chunk() else { return Ok(None) };
    if count == TRAILER {
        return if rest.is_empty() { Ok(None) } else { Err(Malformed("something after the end")) };
    }
    if usize::from(u16::from_be_bytes(*count)) != N {
        return Err(Malformed("a row of another width"));
    }
    let mut row = [None; N];
    for column in &mut row {
        let Some((length, after)) = rest.split_first_chunk() else { return Ok(None) };
        match i32::from_be_bytes(*length) {
            NULL => rest = after,
            DIGEST => {
                let Some((digest, after)) = after.split_first_chunk() else { return Ok(None) };
                *column = Some(Digest(*digest));
                rest = after;
            }
            _ => return Err(Malformed("a value that is no digest")),
        }
    }
    Ok(Some((row, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Vec<u8> {
        [SIGNATURE, &[0; 8]].concat()
    }

    fn sample() -> Vec<u8> {
        let digest = |octet: u8| [&[0, 0, 0, 16][..], &[octet; 16]].concat();
        let null = vec![0xff; 4];
        let rows = [[digest(1), digest(2)], [null.clone(), digest(3)], [digest(0xff), null]];
        let mut octets = header();
        for row in rows {
            octets.extend([0, 2]);
            octets.extend(row.concat());
        }
        octets.extend(TRAILER);
        octets
    }

    fn read(pieces: &[&[u8]]) -> Result<[Vec<Digest>; 2], Malformed> {
        let mut reader = Reader::new();
        pieces.iter().try_for_each(|piece| reader.take(piece))?;
        reader.finish()
    }

    /// Rows are found wherever the stream is cut, and NULL is in no column.
    #[test]
    fn any_cut_reads_the_same() {
        let sample = sample();
        let expected = Ok([vec![Digest([1; 16]), Digest([0xff; 16])], vec![Digest([2; 16]), Digest([3; 16])]]);
        for cut in 0..=sample.len() {
            let (head, tail) = sample.split_at(cut);
            assert_eq!(read(&[head, tail]), expected, "{cut}");
        }
        let octets: Vec<&[u8]> = sample.chunks(1).collect();
        assert_eq!(read(&octets), expected);
        assert_eq!(read(&[&header(), TRAILER]), Ok([vec![], vec![]]));
    }

    /// A stream that is cut off or holds anything else is refused, and never taken for a smaller set.
    #[test]
    fn anything_else_is_refused() {
        let sample = sample();
        for length in 0..sample.len() {
            assert!(read(&[&sample[..length]]).is_err(), "{length}");
        }
        for (at, octet) in [(0, 1), (11, 1), (18, 1), (20, 1), (20, 3), (24, 17), (21, 0x7f), (21, 0x80)] {
            let mut other = sample.clone();
            other[at] = octet;
            assert!(read(&[&other]).is_err(), "{at} {octet}");
        }
        assert!(read(&[&sample, &[0]]).is_err());
    }
}
