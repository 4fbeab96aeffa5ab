//! Files are not trusted: whatever bytes come, reading ends soon in a network or a sentence,
//! and the memory is not filled.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fmt::Display,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use gannet_data::idx::{Source, read_images, read_labels};
use gannet_formats::{FORMATS, keras, state::STATE_FORMATS};
use gannet_graph::networks;

/// The system's memory, and how much of it was in use at most.
struct Counted {
    used_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
}

#[global_allocator]
static MEMORY: Counted = Counted {
    used_bytes: AtomicUsize::new(0),
    peak_bytes: AtomicUsize::new(0),
};

// SAFETY: each call is handed to the system's allocator as it is; the counters are beside it.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let len = layout.size();
        let used = self.used_bytes.fetch_add(len, Ordering::Relaxed) + len;
        self.peak_bytes.fetch_max(used, Ordering::Relaxed);
        // SAFETY: the caller keeps to the contract of `alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        self.used_bytes.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `start` came from `alloc` above, that is from the system, with this layout.
        unsafe { System.dealloc(start, layout) }
    }
}

/// Numbers by a linear congruential generator (Knuth's MMIX constants).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// The file with some bits flipped, cut short, or with one part copied over another.
fn mutated(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut file = file.to_vec();
    match random.below(4) {
        0 => file.truncate(random.below(file.len())),
        1 => {
            let len = 1 + random.below(64);
            let (from, to) = (random.below(file.len() - 64), random.below(file.len() - 64));
            file.copy_within(from..from + len, to);
        }
        2 => {
            // Whole fields: the largest numbers, and addresses that lead back.
            let value = [u64::MAX, u64::MAX >> 1, 96, 0, 1 << 40][random.below(5)];
            let at = random.below(file.len() / 8 - 1) * 8;
            file[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        _ => {
            for _ in 0..1 + random.below(16) {
                let at = random.below(file.len());
                file[at] ^= 1 << random.below(8);
            }
        }
    }
    file
}

/// How many mutations each format has to bear.
const MUTATIONS: usize = 1000;

#[test]
fn mutated_files_end_in_a_network_or_a_sentence() {
    let network = networks::mnist_small();
    let integers =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tflite/branches-int8.tflite");
    let integers = gannet_formats::read(integers).unwrap();
    for format in FORMATS {
        let mut seeds = vec![format.to_bytes(&network).unwrap()];
        seeds.extend(format.to_bytes(&integers).ok());
        for extension in format.extensions {
            seeds.extend(fixtures(extension));
        }
        bears_mutations(format.name, &seeds, |file| format.from_bytes(file));
    }
    for format in STATE_FORMATS {
        let mut seeds = vec![format.to_bytes(&network).unwrap()];
        seeds.extend(fixtures(format.extension));
        bears_mutations(format.name, &seeds, |file| {
            format.from_bytes(file, network.clone())
        });
    }
    bears_mutations("IDX", &idx(), |file| {
        let source = || Source {
            name: "input".to_owned(),
            bytes: file,
        };
        let labels = read_labels(source()).map(|_| ());
        read_images(source()).map(|_| ()).or(labels)
    });
    let peak = MEMORY.peak_bytes.load(Ordering::Relaxed);
    assert!(peak < 256 << 20, "{peak} bytes were in use at once");
}

/// A file of six pictures, 4 by 5, and one of labels: a magic number, sizes, and bytes.
fn idx() -> [Vec<u8>; 2] {
    let sizes = |sizes: &[u32]| -> Vec<u8> {
        let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
        sizes.collect()
    };
    let pixels = (0..120).map(|i| i * 2);
    let pictures = [sizes(&[0x803, 6, 4, 5]), pixels.collect()].concat();
    let labels = (0..100).map(|i| i % 10);
    [pictures, [sizes(&[0x801, 100]), labels.collect()].concat()]
}

/// The files that a framework wrote, always in the same order.
fn fixtures(extension: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = [folder.join(extension), folder];
    let entries = folders.iter().filter_map(|f| std::fs::read_dir(f).ok());
    let mut paths: Vec<_> = entries
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// Reads mutations of the seeds in turn and checks how that ends.
fn bears_mutations<T, E: Display>(
    format: &str,
    seeds: &[Vec<u8>],
    read: impl Fn(&[u8]) -> Result<T, E>,
) {
    let mut random = Random(1);
    let mut refused = 0;
    for (i, seed) in seeds.iter().cycle().take(MUTATIONS).enumerate() {
        let file = mutated(seed, &mut random);
        let start = Instant::now();
        if let Err(error) = read(&file) {
            refused += 1;
            let text = error.to_string();
            assert!(text.len() > 20, "{format}, {i}: {text}");
        }
        let spent = start.elapsed();
        assert!(spent < Duration::from_secs(2), "{format}, {i}: {spent:?}");
    }
    assert!(refused > MUTATIONS / 10, "{format}: {refused} refused");
}

/// `model_config` deeper than any network is refused before the stack ends.
#[test]
fn deep_json_is_refused() {
    let graph = gannet_graph::Graph::new("net", [1]).unwrap();
    let file = keras::to_h5(&graph).unwrap();
    // The description's text begins the global heap's object; brackets of its length.
    let text = br#"{"class_name""#;
    let at = file
        .windows(text.len())
        .position(|part| part == text)
        .unwrap();
    let len = file[at..].iter().position(|&byte| byte == 0).unwrap();
    let mut deep = file;
    deep[at..at + len].fill(b'[');
    let error = keras::from_h5(&deep).unwrap_err().to_string();
    assert!(error.contains("not valid JSON"), "{error}");
}
