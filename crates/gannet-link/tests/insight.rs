//! Looking into a device: memory behind a stage, times of the stages, the self-test.

mod bench;

use bench::{Bench, Named, Sum};
use gannet_link::{Client, Crc32, LinkError, Patience};

const IMAGE: [u8; 4] = [10, 0, 20, 3];

fn connect() -> Client<Bench> {
    Client::connect(Bench::with(Sum::of(4)), Patience::default()).unwrap()
}

#[test]
fn memory_is_that_behind_as_many_stages_as_were_asked_for() {
    let mut client = connect();
    assert!(client.has_insight());
    // The input, and behind it the sum, 33.
    let sum = 33.0_f32.to_le_bytes();
    for (runs, memory) in [
        (0, [IMAGE, sum].concat()),
        (1, [IMAGE, sum].concat()),
        (2, [[0xAA; 4], sum].concat()),
        (99, [[0xAA; 4], sum].concat()),
    ] {
        let behind = client.memory_behind(&IMAGE, runs, 0..1000).unwrap();
        assert_eq!(behind.bytes, memory, "behind {runs}");
        assert_eq!((behind.crc, behind.len_bytes), (Crc32::of(&memory), 8));
        let behind = client.memory_behind(&IMAGE, runs, 3..5).unwrap();
        assert_eq!(behind.bytes, memory[3..5], "behind {runs}");
    }
}

#[test]
fn stages_are_timed_one_by_one_and_the_self_test_is_run() {
    let mut client = connect();
    assert_eq!(client.time_stages(&IMAGE).unwrap(), [200, 50]);
    assert!(client.self_test().unwrap());
    // What looks into it leaves no trace.
    assert_eq!(
        client.run(3, &IMAGE).unwrap().output,
        33.0_f32.to_le_bytes()
    );
}

#[test]
fn a_device_that_cannot_be_looked_into_says_so() {
    let device = Bench::with(Named(Sum::of(4), "sum".to_owned()));
    let mut client = Client::connect(device, Patience::default()).unwrap();
    assert!(!client.has_insight());
    let refused = client.self_test().unwrap_err();
    assert!(matches!(refused, LinkError::Refused { .. }), "{refused}");
}
