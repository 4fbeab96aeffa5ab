//! The host's client against a device in a thread, over wires that are good, bad, and dead.

mod bench;

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bench::{Bench, Direction, Named, Sum, Through};
use gannet_link::{
    Client, ElementType, Engine, Header, Identity, Inference, LinkError, Patience, Port, Server,
    TensorInfo, Wire, write_frame,
};

fn patience() -> Patience {
    Patience {
        greeting: Duration::from_secs(5),
        greeting_reply: Duration::from_millis(50),
        reply: Duration::from_millis(100),
        settle: Duration::from_millis(1),
        reopen: Duration::from_secs(1),
        attempts: 200,
    }
}

/// An image, different for every index, and what the bench's engine has to give for it.
fn image(index: u32, len: usize) -> (Vec<u8>, Vec<u8>) {
    let pixels: Vec<u8> = (0..len)
        .map(|at| (at as u32 * (index + 3) % 251) as u8)
        .collect();
    let sum: u32 = pixels.iter().map(|&pixel| u32::from(pixel)).sum();
    (pixels, (sum as f32).to_le_bytes().to_vec())
}

/// Numbers that look random and are the same in every run (Marsaglia's 64-bit xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Of each 1,000 bytes flips a bit in one, drops one and sends one twice, on average.
fn faults(seed: u64) -> impl FnMut(Direction, &[u8]) -> Vec<u8> {
    let mut random = Random(seed);
    move |_, bytes| {
        let mut arrived = Vec::with_capacity(bytes.len() + 8);
        for &byte in bytes {
            match random.next() >> 8 & 0xFFFF {
                0..66 => arrived.push(byte ^ 1 << (random.next() >> 20 & 7)),
                66..132 => {}
                132..198 => arrived.extend([byte, byte]),
                _ => arrived.push(byte),
            }
        }
        arrived
    }
}

#[test]
fn greeting_tells_who_the_device_is() {
    let client = Client::connect(Bench::with(Sum::of(784)), patience()).expect("a good wire");
    let device = client.device();
    assert_eq!((&*device.network, &*device.board), ("sum", "bench"));
    assert_eq!(device.hash, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(
        (device.input.element, device.input.len_bytes),
        (ElementType::U8, 784)
    );
    assert_eq!(
        (device.output.element, device.output.len_bytes),
        (ElementType::F32, 4)
    );
    assert_eq!(device.ticks_per_second, 1_000_000);
}

#[test]
fn good_wire_sends_nothing_twice() {
    let mut client = Client::connect(Bench::with(Sum::of(784)), patience()).expect("a good wire");
    for index in 0..100 {
        let (pixels, expected) = image(index, 784);
        let outcome = client.run(index, &pixels).expect("a good wire");
        assert_eq!(outcome.output, expected);
        assert_eq!((outcome.ticks, outcome.resent), (250, 0));
        assert_eq!(outcome.seconds_inference, Some(250e-6));
        let wire = outcome.seconds_wire().expect("the bench has a clock");
        assert!((wire - (outcome.seconds - 250e-6).max(0.0)).abs() < 1e-12);
    }
    let statistics = client.statistics().expect("a good wire");
    assert_eq!((statistics.images_run, statistics.frames_damaged), (100, 0));
    assert_eq!(
        (statistics.peak_stack_bytes, statistics.static_ram_bytes),
        (Some(300), None)
    );
    let counts = client.counts();
    assert_eq!(
        (counts.resent, counts.damaged_here, counts.damaged_there),
        (0, 0, 0)
    );
    // 796 bytes of frame, at most 5 more of COBS, two zeros; 100 of them and two short ones.
    assert!((79_900..80_400).contains(&counts.bytes_sent), "{counts:?}");
}

#[test]
fn every_image_gets_its_own_result_over_a_faulty_wire() {
    let wire = Through {
        wire: Bench::with(Sum::of(784)),
        change: faults(20),
    };
    let mut client = Client::connect(wire, patience()).expect("patience outlasts the faults");
    for index in 0..300 {
        let (pixels, expected) = image(index, 784);
        let outcome = client
            .run(index, &pixels)
            .expect("patience outlasts the faults");
        assert_eq!(outcome.output, expected, "image {index}");
    }
    let counts = client.counts();
    // A frame of 800 bytes with 3 faults in 1,000 arrives whole once in exp(2.4) = 11 times.
    assert!(counts.resent > 1000, "{counts:?}");
    assert!(
        counts.damaged_here > 0 && counts.damaged_there > 0,
        "{counts:?}"
    );
}

/// A wire on which the frame number `which` in one direction has its byte 9 changed.
fn one_flipped_bit(which: u32, way: Direction) -> impl Wire {
    let mut seen = 0;
    let change = move |direction, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if direction == way && !bytes.is_empty() {
            if seen == which {
                bytes[9] ^= 0x20;
            }
            seen += 1;
        }
        bytes
    };
    Through {
        wire: Bench::with(Sum::of(784)),
        change,
    }
}

#[test]
fn a_flipped_bit_is_noticed_and_repaired_by_sending_once_more() {
    for way in [Direction::ToDevice, Direction::ToHost] {
        // Frame 0 is the greeting, so frame 6 belongs to image 5.
        let wire = one_flipped_bit(6, way);
        let mut client = Client::connect(wire, patience()).expect("greeting is not touched");
        for index in 0..10 {
            let (pixels, expected) = image(index, 784);
            let outcome = client.run(index, &pixels).expect("one fault is repaired");
            assert_eq!(outcome.output, expected);
            assert_eq!(outcome.resent, u32::from(index == 5));
        }
        let counts = client.counts();
        assert_eq!(counts.resent, 1);
        let there = u64::from(way == Direction::ToDevice);
        assert_eq!(
            (counts.damaged_there, counts.damaged_here),
            (there, 1 - there)
        );
    }
}

#[test]
fn an_answer_that_comes_twice_is_used_once() {
    let change = |direction, bytes: &[u8]| match direction {
        Direction::ToDevice => [bytes, bytes].concat(),
        Direction::ToHost => bytes.to_vec(),
    };
    let wire = Through {
        wire: Bench::with(Sum::of(16)),
        change,
    };
    let mut client = Client::connect(wire, patience()).expect("doubled, not damaged");
    for index in 0..20 {
        // The index stays and the pixels change: only the tag tells the answers apart.
        let (pixels, expected) = image(index, 16);
        assert_eq!(
            client.run(7, &pixels).expect("doubled, not damaged").output,
            expected
        );
    }
    assert_eq!(client.counts().resent, 0);
    assert!(client.counts().ignored >= 19);
}

#[test]
fn another_network_is_refused_with_a_sentence() {
    let mut engine = Sum::of(784);
    engine.hash = [0xAB; 8];
    let client = Client::connect(Bench::with(engine), patience()).expect("a good wire");
    let error = client
        .expect("sum", [1, 2, 3, 4, 5, 6, 7, 8])
        .expect_err("another hash");
    assert_eq!(error.code(), "other-network");
    assert_eq!(
        error.to_string(),
        "the device runs another network: expected sum (0102030405060708), found sum \
         (abababababababab): build and flash its firmware again"
    );
    client.expect("sum", [0xAB; 8]).expect("its own hash");
    client
        .expect("product", [0xAB; 8])
        .expect_err("another name");
}

#[test]
fn input_of_the_wrong_length_is_not_sent() {
    let mut client = Client::connect(Bench::with(Sum::of(784)), patience()).expect("a good wire");
    let sent = client.counts().bytes_sent;
    let error = client.run(3, &[0; 783]).expect_err("one short");
    assert_eq!(
        error.to_string(),
        "the device's network takes 784 bytes of input, image 3 has 783"
    );
    assert_eq!(client.counts().bytes_sent, sent);
}

/// A board whose serial line has room for one byte: while the network runs, it is deaf.
struct Deaf {
    engine: Sum,
    has_run: Rc<Cell<bool>>,
}

impl Engine for Deaf {
    fn identity(&self) -> Identity<'_> {
        self.engine.identity()
    }

    fn input(&mut self) -> &mut [u8] {
        self.engine.input()
    }

    fn run(&mut self) -> Inference<'_> {
        thread::sleep(Duration::from_millis(5));
        self.has_run.set(true);
        self.engine.run()
    }
}

struct OneByteDeep {
    from_host: mpsc::Receiver<Vec<u8>>,
    to_host: mpsc::Sender<Vec<u8>>,
    arrived: VecDeque<u8>,
    has_run: Rc<Cell<bool>>,
}

impl Port for OneByteDeep {
    fn read(&mut self) -> Option<u8> {
        if self.has_run.take() {
            // It listens again near the end of what was sent meanwhile.
            let missed = self.from_host.try_iter();
            self.arrived
                .extend(missed.flat_map(|bytes| bytes[bytes.len() - 10..].to_vec()));
        }
        if self.arrived.is_empty() {
            self.arrived.extend(self.from_host.try_iter().flatten());
        }
        self.arrived.pop_front()
    }

    fn write(&mut self, byte: u8) {
        // A host that has gone away hears nothing.
        let _ = self.to_host.send(vec![byte]);
    }
}

#[test]
fn a_fault_does_not_set_off_a_chain_of_repetitions() {
    let (to_device, from_host) = mpsc::channel();
    let (to_host, from_device) = mpsc::channel();
    let (host_left, device_ends) = mpsc::channel::<()>();
    thread::spawn(move || {
        let has_run = Rc::new(Cell::new(false));
        let arrived = VecDeque::new();
        let mut port = OneByteDeep {
            from_host,
            to_host,
            arrived,
            has_run: has_run.clone(),
        };
        let mut engine = Deaf {
            engine: Sum::of(784),
            has_run,
        };
        let mut server = Server::new();
        while device_ends.try_recv() != Err(mpsc::TryRecvError::Disconnected) {
            server.poll(&mut port, &mut engine);
            thread::sleep(Duration::from_micros(100));
        }
    });

    // A spark on the line before image 3 makes the device complain, and then compute.
    let mut frames = 0;
    let change = move |direction, bytes: &[u8]| {
        frames += u32::from(direction == Direction::ToDevice);
        let spark = direction == Direction::ToDevice && frames == 5;
        [if spark { &b"\x37"[..] } else { b"" }, bytes].concat()
    };
    let wire = Through {
        wire: Bench::over(to_device, from_device),
        change,
    };
    // Longer than the device's thread may have to wait for its turn.
    let patience = Patience {
        reply: Duration::from_secs(5),
        settle: Duration::from_millis(500),
        ..patience()
    };
    let mut client = Client::connect(wire, patience).expect("greeting passes");
    for index in 0..20 {
        let (pixels, expected) = image(index, 784);
        assert_eq!(
            client.run(index, &pixels).expect("one spark").output,
            expected
        );
    }
    assert_eq!(
        (client.counts().damaged_there, client.counts().resent),
        (1, 0)
    );
    drop(host_left);
}

/// A wire that takes everything and says the same bytes again and again, or nothing.
struct Parrot(&'static [u8]);

impl Wire for Parrot {
    fn send(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        thread::sleep(timeout.min(Duration::from_millis(1)));
        if self.0.is_empty() {
            thread::sleep(timeout.saturating_sub(Duration::from_millis(1)));
        }
        buffer[..self.0.len()].copy_from_slice(self.0);
        Ok(self.0.len())
    }
}

fn fails_within(wire: impl Wire, limit: Duration) -> LinkError {
    let patience = Patience {
        greeting: Duration::from_millis(200),
        ..patience()
    };
    let start = Instant::now();
    let Err(error) = Client::connect(wire, patience) else {
        panic!("there is no device")
    };
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
    error
}

#[test]
fn silence_ends_in_time() {
    let error = fails_within(Parrot(b""), Duration::from_millis(500));
    // A greeting every 50 ms for 200 ms, each 11 bytes.
    let LinkError::Silence { attempts, sent, .. } = error else {
        panic!("{error}")
    };
    assert!((2..=5).contains(&attempts));
    assert_eq!(sent, u64::from(attempts) * 11);
}

#[test]
fn noise_is_told_from_silence_and_ends_in_time() {
    let noise = b"\x00\xF8\x80\x00\xFE";
    let error = fails_within(Parrot(noise), Duration::from_millis(1000));
    let LinkError::Noise { bytes, sample, .. } = error else {
        panic!("{error}")
    };
    assert!(bytes > 0);
    let begin = noise.escape_ascii().to_string();
    assert!(sample.starts_with(&begin), "{sample}");
}

#[test]
fn text_is_another_firmwares() {
    let error = fails_within(
        Parrot(b"Hello from the blinker\r\n"),
        Duration::from_millis(1000),
    );
    assert_eq!(error.code(), "other-firmware");
    let text = error.to_string();
    assert!(text.contains("\"Hello from the blinker"), "{text}");
}

/// The bench's device, which is reset whenever it has heard so many bytes.
struct Restless {
    device: Bench,
    heard: usize,
    every: usize,
    announcement: Vec<u8>,
    resets: bool,
}

impl Restless {
    fn new(every: usize, announced: &Sum) -> Self {
        let mut port = bench::Queues::default();
        Server::announce(&mut port, announced);
        Self {
            device: Bench::with(Sum::of(784)),
            heard: 0,
            every,
            announcement: port.output,
            resets: false,
        }
    }
}

impl Wire for Restless {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.heard / self.every;
        self.heard += bytes.len();
        self.resets = self.heard / self.every != before;
        if self.resets {
            return Ok(());
        }
        self.device.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if !std::mem::take(&mut self.resets) {
            return self.device.receive(buffer, timeout);
        }
        buffer[..self.announcement.len()].copy_from_slice(&self.announcement);
        Ok(self.announcement.len())
    }
}

#[test]
fn a_reset_in_the_middle_costs_one_repetition_and_is_counted() {
    // The greeting has 11 bytes, an image some 800: the third of them is lost.
    let wire = Restless::new(2_000, &Sum::of(784));
    let mut client = Client::connect(wire, patience()).expect("the greeting passes");
    for index in 0..3 {
        let (pixels, expected) = image(index, 784);
        let outcome = client.run(index, &pixels).expect("it goes on");
        assert_eq!(outcome.output, expected);
        assert_eq!(outcome.resent, u32::from(index == 2));
    }
    assert_eq!((client.counts().resets, client.counts().resent), (1, 1));
}

#[test]
fn a_device_that_starts_anew_all_the_time_is_told() {
    let wire = Restless::new(30, &Sum::of(784));
    let few = Patience {
        attempts: 3,
        ..patience()
    };
    let mut client = Client::connect(wire, few).expect("the greeting passes");
    let error = client.run(0, &[1; 784]).expect_err("never comes to an end");
    assert_eq!(error.code(), "resets");
    assert!(error.to_string().contains("watchdog"), "{error}");
}

#[test]
fn another_device_after_a_reset_ends_the_run() {
    let mut other = Sum::of(784);
    other.hash = [0xAB; 8];
    let wire = Restless::new(2_000, &other);
    let mut client = Client::connect(wire, patience()).expect("the greeting passes");
    for index in 0..2 {
        client.run(index, &[1; 784]).expect("still the first one");
    }
    let error = client.run(2, &[1; 784]).expect_err("another one");
    assert_eq!(error.code(), "other-device");
    let text = error.to_string();
    assert!(
        text.contains("0102030405060708") && text.contains("abababababababab"),
        "{text}"
    );
}

#[test]
fn silence_after_an_answer_names_the_image() {
    let mut to_host = 0;
    let change = move |direction, bytes: &[u8]| {
        to_host += u32::from(direction == Direction::ToHost && !bytes.is_empty());
        if to_host > 3 {
            Vec::new()
        } else {
            bytes.to_vec()
        }
    };
    let wire = Through {
        wire: Bench::with(Sum::of(16)),
        change,
    };
    let few = Patience {
        attempts: 3,
        ..patience()
    };
    let mut client = Client::connect(wire, few).expect("the greeting passes");
    client.run(0, &[1; 16]).expect("passes");
    client.run(1, &[1; 16]).expect("passes");
    let error = client.run(2, &[1; 16]).expect_err("the device fell silent");
    assert_eq!(error.code(), "silence");
    assert!(error.to_string().contains("for image 2"), "{error}");
}

#[test]
fn line_that_damages_everything_is_given_up() {
    let change = |direction, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if direction == Direction::ToDevice && bytes.len() > 40 {
            bytes[30] ^= 1;
        }
        bytes
    };
    let wire = Through {
        wire: Bench::with(Sum::of(784)),
        change,
    };
    let few = Patience {
        attempts: 4,
        ..patience()
    };
    let mut client = Client::connect(wire, few).expect("the greeting is short");
    let error = client.run(0, &[9; 784]).expect_err("never arrives");
    let LinkError::Unreliable {
        attempts,
        damaged_there,
        damaged_here,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((attempts, damaged_there, damaged_here), (4, 4, 0));
}

/// A wire that answers each frame with what a function makes of it.
struct Answering<F> {
    answer: F,
    ready: Vec<u8>,
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Wire for Answering<F> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.ready = (self.answer)(bytes);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
        let bytes = std::mem::take(&mut self.ready);
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

#[test]
fn joined_lines_and_other_versions_are_recognised() {
    let echo = Answering {
        answer: <[u8]>::to_vec,
        ready: Vec::new(),
    };
    let error = fails_within(echo, Duration::from_millis(500));
    assert_eq!(error.code(), "echo");

    let newer = |_: &[u8]| {
        let mut frame = Vec::new();
        let header = Header {
            version: 9,
            kind: 0xFF,
            tag: 1,
        };
        write_frame(header, &[b"unknown to version 1"], |byte| frame.push(byte));
        frame
    };
    let error = fails_within(
        Answering {
            answer: newer,
            ready: Vec::new(),
        },
        Duration::from_secs(1),
    );
    assert!(
        matches!(error, LinkError::OtherVersion { device: 9, host: 1 }),
        "{error}"
    );
}

/// The bench's engine, boasting.
struct Boaster(Sum);

impl Engine for Boaster {
    fn identity(&self) -> Identity<'_> {
        let identity = self.0.identity();
        let output = TensorInfo {
            len_bytes: u32::MAX,
            ..identity.output
        };
        Identity { output, ..identity }
    }

    fn input(&mut self) -> &mut [u8] {
        self.0.input()
    }

    fn run(&mut self) -> Inference<'_> {
        self.0.run()
    }
}

#[test]
fn of_a_long_name_as_much_is_expected_as_a_device_sends() {
    // Two bytes a character: 127 of them fit into the 255 bytes of a name.
    let name = "é".repeat(128);
    let device = Bench::with(Named(Sum::of(4), name.clone()));
    let client = Client::connect(device, patience()).expect("a good wire");
    let hash = client.device().hash;
    assert_eq!(client.device().network, "é".repeat(127));
    client.expect(&name, hash).expect("this very network");
    for other in ["é".repeat(126), format!("e{name}")] {
        client.expect(&other, hash).expect_err("another network");
    }
}

#[test]
fn device_with_an_impossible_output_is_not_believed() {
    let error = fails_within(Bench::with(Boaster(Sum::of(4))), Duration::from_millis(500));
    assert_eq!(error.code(), "malformed");
    assert!(
        error.to_string().contains("an output of 4294967295 bytes"),
        "{error}"
    );
}

#[test]
fn closed_wire_is_an_error_at_once() {
    let wire = gannet_link::StreamWire::new(io::empty(), io::sink());
    let error = fails_within(wire, Duration::from_millis(190));
    assert_eq!(error.code(), "closed");
}
