//! Laws of the framing, and its two building blocks beside crates that others wrote.

use gannet_link::{
    CobsDecoder, Crc32, Decoded, Header, Received, Receiver, encode_cobs, write_frame,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes with enough zeros, and enough long runs without, to reach every branch.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..700),
        vec(1..=255_u8, 0..700),
        vec(0..2_u8, 0..300),
        (252..257_usize, 0..3_u8).prop_map(|(len, last)| [vec![7; len], vec![last]].concat()),
    ]
}

fn frame(tag: u16, body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_frame(
        Header {
            version: 1,
            kind: 2,
            tag,
        },
        &[body],
        |byte| wire.push(byte),
    );
    wire
}

fn cobs(message: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    encode_cobs(message.iter().copied(), |byte| encoded.push(byte));
    encoded
}

#[test]
fn crc_is_the_catalogues() {
    // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
    let mut crc = Crc32::new();
    b"123456789".iter().for_each(|&byte| crc.push(byte));
    assert_eq!(crc.value(), 0xCBF4_3926);
}

proptest! {
    #[test]
    fn crc_equals_the_crc_crate(message in messages()) {
        let mut crc = Crc32::new();
        message.iter().for_each(|&byte| crc.push(byte));
        let oracle = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&message);
        prop_assert_eq!(crc.value(), oracle);
        oracle.to_le_bytes().iter().for_each(|&byte| crc.push(byte));
        prop_assert!(crc.is_intact());
    }

    #[test]
    fn the_cobs_crate_reads_what_we_write(message in messages()) {
        let encoded = cobs(&message);
        prop_assert!(!encoded.contains(&0));
        prop_assert!(encoded.len() <= message.len() + 1 + message.len() / 254);
        prop_assert_eq!(cobs::decode_vec(&encoded).expect("valid"), message);
    }

    #[test]
    fn we_read_what_the_cobs_crate_writes(message in messages()) {
        let mut decoder = CobsDecoder::new();
        let mut decoded = Vec::new();
        for byte in cobs::encode_vec(&message) {
            match decoder.push(byte) {
                Decoded::Byte(byte) => decoded.push(byte),
                other => prop_assert_eq!(other, Decoded::Nothing),
            }
        }
        prop_assert_eq!(decoder.push(0), Decoded::End);
        prop_assert_eq!(decoded, message);
    }

    #[test]
    fn after_any_bytes_the_next_good_frame_is_found(
        noise in vec(any::<u8>(), 0..600),
        body in messages(),
        room in 0..800_usize,
    ) {
        let (mut receiver, mut payload) = (Receiver::new(), vec![0; room]);
        for &byte in &noise {
            let found = receiver.push(byte, &mut payload);
            prop_assert!(matches!(found, None | Some(Received::Damaged)));
        }
        let mut found = Vec::new();
        for byte in frame(77, &body) {
            found.extend(receiver.push(byte, &mut payload));
        }
        let Some(Received::Frame { header, head, body_len }) = found.pop() else {
            panic!("not found");
        };
        // At most the noise before the frame's leading zero is reported beside it.
        prop_assert!(found.len() <= 1);
        prop_assert_eq!(header.tag, 77);
        prop_assert_eq!(body_len, body.len());
        let head_len = body_len.min(4);
        prop_assert_eq!(&head[..head_len], &body[..head_len]);
        let fits = (body_len - head_len).min(room);
        prop_assert_eq!(&payload[..fits], &body[head_len..head_len + fits]);
    }

    #[test]
    fn no_single_flipped_bit_goes_unnoticed(body in vec(any::<u8>(), 0..60), at in any::<usize>()) {
        let mut wire = frame(5, &body);
        // Not in the end mark: without it the frame is not over yet.
        let bit = at % ((wire.len() - 1) * 8);
        wire[bit / 8] ^= 1 << (bit % 8);
        let (mut receiver, mut payload) = (Receiver::new(), [0; 64]);
        let mut found = Vec::new();
        for byte in wire {
            found.extend(receiver.push(byte, &mut payload));
        }
        prop_assert!(!found.is_empty());
        prop_assert!(found.iter().all(|found| *found == Received::Damaged));
    }
}
