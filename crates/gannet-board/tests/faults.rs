//! A thousand images over a line that spoils bytes in every way, to a board that is reset twice
//! and whose port vanishes once: each ends with its own result.

#![allow(clippy::print_stdout, reason = "the figures of docs/link.md")]

mod simulated;
mod validated;

use gannet_board::Feed;
use gannet_board::validate::Report;
use gannet_link::{Capabilities, Client, Patience};
use simulated::{Fate, Incident, Model, Simulated, image, output};
use validated::{Definition, validate};

const IMAGES: usize = 1000;

/// Numbers that look random and are the same in every run (Marsaglia's 64-bit xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// What becomes of a byte on a line that spoils `of_a_million` of a million bytes, in each of
    /// the five ways as often.
    fn fate(&mut self, of_a_million: u64) -> Fate {
        if (self.next() >> 20) % 1_000_000 >= of_a_million {
            return Fate::Arrives;
        }
        match (self.next() >> 20) % 5 {
            0 => Fate::Flipped(1 << ((self.next() >> 20) % 8)),
            1 => Fate::Dropped,
            2 => Fate::Doubled,
            // At most 20 ms.
            3 => Fate::Delayed((self.next() >> 20) % 20_000_000),
            _ => Fate::Cut,
        }
    }
}

fn run(feed: Feed, of_a_million: u64) -> Report {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let board = Simulated::new(Model {
        baud: 921_600,
        compute_ns: 3_000_000,
        ticks_per_second: 1_000_000_000,
        feed,
        capabilities: Capabilities::default(),
        window: 2,
        fate: move || random.fate(of_a_million),
        incidents: vec![
            (150_000, Incident::Reset),
            (300_000, Incident::Unplugged),
            (450_000, Incident::Reset),
        ],
    });
    let mut client = Client::connect(board, Patience::default()).unwrap();
    client.expect("sums", *b"modelled").unwrap();
    let sums = Definition {
        image,
        output,
        label: 0,
    };
    let report = validate(&mut client, &sums, IMAGES, |_| {});
    println!(
        "{feed:?}, {of_a_million} in a million bytes spoilt: {:?}",
        report.line
    );
    report
}

#[test]
fn each_image_ends_with_its_own_result_whatever_the_line_does() {
    for (feed, of_a_million) in [Feed::Whole, Feed::Rows]
        .into_iter()
        .flat_map(|feed| [0, 100, 1_000, 10_000].map(|rate| (feed, rate)))
    {
        let report = run(feed, of_a_million);
        assert_eq!(report.failure, None, "{feed:?} {of_a_million}");
        assert_eq!(
            (report.images, report.mismatches_vs_host),
            (IMAGES, 0),
            "{feed:?} {of_a_million}"
        );
        let line = report.line.unwrap();
        assert_eq!(line.reopened, 1, "{feed:?} {of_a_million}");
        // Its two resets, and the one with its port; the word of one may be lost.
        assert!(line.resets <= 3, "{line:?}");
        if of_a_million == 0 {
            assert_eq!((line.damaged_here, line.resets), (0, 3), "{line:?}");
        } else {
            assert!(line.damaged_here > 0 && line.damaged_there > 0, "{line:?}");
        }
    }
}
