//! The server and the framing, held to the test vectors that every implementation shares.

mod bench;

use std::collections::BTreeMap;

use bench::{Queues, RowSum, Sum};
use gannet_link::{Engine, Header, Received, Receiver, Server, write_frame};

struct Vector {
    kind: &'static str,
    name: &'static str,
    fields: BTreeMap<&'static str, Vec<u8>>,
}

fn vectors(kind: &str) -> Vec<Vector> {
    let text = include_str!("vectors.txt");
    let mut vectors: Vec<Vector> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (word, rest) = line.split_once(' ').expect("two words a line");
        let kinds = ["frame", "damaged", "announcement", "exchange"];
        if kinds.contains(&word.trim_start_matches("rows-")) {
            vectors.push(Vector {
                kind: word,
                name: rest,
                fields: BTreeMap::new(),
            });
        } else {
            let vector = vectors.last_mut().expect("fields belong to a vector");
            vector.fields.insert(word, unhex(rest));
        }
    }
    vectors.retain(|vector| vector.kind == kind);
    assert!(!vectors.is_empty());
    vectors
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).expect("a hex digit") as u8)
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn received(wire: &[u8]) -> Vec<(Received, Vec<u8>)> {
    let (mut receiver, mut payload) = (Receiver::new(), vec![0; 1024]);
    let mut all = Vec::new();
    for &byte in wire {
        all.extend(
            receiver
                .push(byte, &mut payload)
                .map(|found| (found, payload.clone())),
        );
    }
    all
}

#[test]
fn frames_are_written_as_the_vectors_say() {
    for vector in vectors("frame") {
        let plain = &vector.fields["plain"];
        let tag = u16::from_le_bytes([plain[2], plain[3]]);
        let header = Header {
            version: plain[0],
            kind: plain[1],
            tag,
        };
        // The body in three pieces must be the same frame as in one.
        let body = &plain[4..];
        let (first, second) = body.split_at(body.len() / 3);
        let mut wire = Vec::new();
        write_frame(header, &[first, &[], second], |byte| wire.push(byte));
        assert_eq!(wire, vector.fields["wire"], "{}", vector.name);
    }
}

#[test]
fn frames_are_read_as_the_vectors_say() {
    for vector in vectors("frame") {
        let plain = &vector.fields["plain"];
        let found = received(&vector.fields["wire"]);
        let [
            (
                Received::Frame {
                    header,
                    head,
                    body_len,
                },
                payload,
            ),
        ] = &found[..]
        else {
            panic!("{}: {found:?}", vector.name);
        };
        let head = &head[..4.min(*body_len)];
        let payload = &payload[..body_len - head.len()];
        let [low, high] = header.tag.to_le_bytes();
        let read = [&[header.version, header.kind, low, high], head, payload].concat();
        assert_eq!(&read, plain, "{}", vector.name);
    }
}

#[test]
fn damaged_frames_are_told_from_frames() {
    for vector in vectors("damaged") {
        let found = received(&vector.fields["wire"]);
        assert!(
            matches!(found[..], [(Received::Damaged, _)]),
            "{}: {found:?}",
            vector.name
        );
    }
}

/// Holds a device to its announcement and its exchanges.
fn answers_as_the_vectors_say(device: &str, mut engine: impl Engine) {
    let (mut server, mut port) = (Server::new(), Queues::default());
    for vector in vectors(&format!("{device}announcement")) {
        Server::announce(&mut port, &engine);
        assert_eq!(port.output, vector.fields["reply"], "{}", vector.name);
        port.output.clear();
    }
    for vector in vectors(&format!("{device}exchange")) {
        port.input.extend(&vector.fields["wire"]);
        server.poll(&mut port, &mut engine);
        assert_eq!(port.output, vector.fields["reply"], "{}", vector.name);
        port.output.clear();
    }
}

#[test]
fn the_server_answers_as_the_vectors_say() {
    answers_as_the_vectors_say("", Sum::of(4));
    answers_as_the_vectors_say("rows-", RowSum::of(2, 2));
}
