use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// django-redis compresses no shorter value.
const SHORT: usize = 15;

/// How readers find values in Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub spelling: Spelling,
    /// By zlib.
    pub compressed: bool,
}

/// How readers spell values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Of Python, in a protocol that every living version reads.
    Pickle,
    Json,
}

impl Format {
    pub const PICKLE: Self = Self { spelling: Spelling::Pickle, compressed: false };
    pub const JSON: Self = Self { spelling: Spelling::Json, compressed: false };

    /// What is stored of a value that is spelled.
    pub fn pack(self, spelled: Vec<u8>) -> Vec<u8> {
        if !self.compressed || spelled.len() <= SHORT {
            return spelled;
        }
        let mut encoder = ZlibEncoder::new(Vec::with_capacity(spelled.len() / 2), Compression::default());
        // Writing to memory does not fail. If it did, what is stored would still be what readers understand.
        match encoder.write_all(&spelled).and_then(|()| encoder.finish()) {
            Ok(packed) => packed,
            Err(_) => spelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;

    use super::*;

    #[test]
    fn what_is_compressed_is_smaller_and_the_same_and_what_is_short_is_left() {
        let zlib = Format { compressed: true, ..Format::JSON };
        for (length, is_left) in [(0, true), (15, true), (16, false), (100_000, false)] {
            let spelled = vec![b'7'; length];
            let packed = zlib.pack(spelled.clone());
            assert_eq!(packed == spelled, is_left, "{length}");
            if !is_left {
                let mut inflated = Vec::new();
                ZlibDecoder::new(&packed[..]).read_to_end(&mut inflated).expect("a stream");
                assert_eq!(inflated, spelled);
            }
            assert_eq!(Format::JSON.pack(spelled.clone()), spelled);
        }
    }
}
