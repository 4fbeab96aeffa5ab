//! Laws of the messages: readers never fail badly, and later versions may say more.

mod bench;

use bench::{Named, Queues, Sum};
use gannet_link::{
    Capabilities, Engine, Identity, OutputHead, Reason, Received, Receiver, Refusal, Server,
    Statistics, write_frame,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// What a device with this engine answers to a greeting, as a body.
fn identity_of(mut engine: impl Engine) -> Vec<u8> {
    let (mut server, mut port) = (Server::new(), Queues::default());
    let hello = gannet_link::Header {
        version: 1,
        kind: 1,
        tag: 1,
    };
    write_frame(hello, &[], |byte| port.input.push_back(byte));
    server.poll(&mut port, &mut engine);
    let (mut receiver, mut payload) = (Receiver::new(), vec![0; 1024]);
    let found = port
        .output
        .iter()
        .find_map(|&byte| receiver.push(byte, &mut payload));
    let Some(Received::Frame { head, body_len, .. }) = found else {
        panic!("{found:?}")
    };
    [&head[..], &payload[..body_len - 4]].concat()
}

#[test]
fn identity_is_read_as_it_was_given_and_fields_behind_it_are_ignored() {
    let mut body = identity_of(Sum::of(784));
    let engine = Sum::of(784);
    let expected = Identity {
        capabilities: Capabilities(
            Capabilities::STATISTICS.0 | Capabilities::PARTS.0 | Capabilities::INSIGHT.0,
        ),
        ..engine.identity()
    };
    assert_eq!(Identity::parse(&body), Some(expected));
    for len in 0..body.len() {
        assert_eq!(Identity::parse(&body[..len]), None, "{len} bytes");
    }
    body.extend(b"said by a later version");
    assert_eq!(Identity::parse(&body), Some(expected));
}

#[test]
fn long_name_is_cut_between_characters() {
    // 254 bytes and then one character of two: only the 254 fit whole.
    let name = format!("{}é", "n".repeat(254));
    let body = identity_of(Named(Sum::of(4), name));
    let identity = Identity::parse(&body).expect("an identity");
    assert_eq!(identity.network, "n".repeat(254));
    assert_eq!(identity.board, "bench");
}

proptest! {
    #[test]
    fn fixed_layouts_are_read_as_they_were_written(
        a in any::<u32>(), b in any::<u32>(), ticks in any::<u64>(), more in vec(any::<u8>(), 0..9),
    ) {
        let head = OutputHead { index: a, ticks };
        let body = [&head.to_bytes()[..], &more].concat();
        prop_assert_eq!(OutputHead::parse(&body), Some((head, &more[..])));

        let refusal = Refusal { reason: Reason::Length, kind: 2, expected: a, got: b };
        let body = [&refusal.to_bytes()[..], &more].concat();
        prop_assert_eq!(Refusal::parse(&body), Some(refusal));

        let statistics = Statistics {
            frames_received: a,
            frames_damaged: b,
            images_run: a ^ b,
            peak_stack_bytes: Some(a >> 1),
            static_ram_bytes: None,
        };
        let body = [&statistics.to_bytes()[..], &more].concat();
        prop_assert_eq!(Statistics::parse(&body), Some(statistics));
    }

    #[test]
    fn readers_take_any_bytes(body in vec(any::<u8>(), 0..80)) {
        // What is read must be there: no reader invents text or output.
        if let Some(identity) = Identity::parse(&body) {
            prop_assert!(identity.network.len() + identity.board.len() + 30 <= body.len());
        }
        if let Some((_, output)) = OutputHead::parse(&body) {
            prop_assert_eq!(output.len() + 12, body.len());
        }
        prop_assert_eq!(Statistics::parse(&body).is_some(), body.len() >= 20);
        let named = body.first().is_some_and(|reason| (1..=5).contains(reason));
        prop_assert_eq!(Refusal::parse(&body).is_some(), named && body.len() >= 12);
    }

    #[test]
    fn the_server_outlives_any_bytes(noise in vec(any::<u8>(), 0..400)) {
        let (mut server, mut port, mut engine) = (Server::new(), Queues::default(), Sum::of(4));
        port.input.extend(&noise);
        server.poll(&mut port, &mut engine);
        port.output.clear();
        let run = gannet_link::Header { version: 1, kind: 2, tag: 9 };
        write_frame(run, &[&[0, 0, 0, 0], &[1, 2, 3, 4]], |byte| port.input.push_back(byte));
        server.poll(&mut port, &mut engine);
        prop_assert_eq!(engine.output, [10.0]);
    }
}
