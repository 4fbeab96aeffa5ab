//! The host's client against devices in threads and models, over wires that are good, bad, and
//! dead.

#[path = "../bench/mod.rs"]
mod bench;
mod dead;
mod deaf;
mod greeting;
mod repair;
mod resets;
mod rows;

use std::time::{Duration, Instant};

use gannet_link::{Client, LinkError, Patience, Wire};

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
