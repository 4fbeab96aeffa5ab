//! The whole way from a network crate to answers on an emulated board's serial line, with a
//! network that is small enough to compute by hand. One firmware build serves all tests.
//! They need QEMU and a Rust for the board's core: `cargo xtask setup` installs both.

mod tiny;
mod validated;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use gannet_board::build::{Images, build};
use gannet_board::{
    Board, BoardError, Emulator, Host, Image, Subject, Toolchain, bench, run_example,
};
use gannet_link::{Client, LinkError, Patience};
use object::{Object, ObjectSymbol};

use tiny::{HASH, NETWORK, image, output, write};
use validated::{Definition, validate};

struct Built {
    folder: PathBuf,
    images: Images,
}

static BUILT: LazyLock<Built> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tiny-sums");
    write(&folder, board());
    let images = build(&Host::current(), &rust(), board(), &folder, |_| {});
    Built {
        folder,
        images: images.unwrap_or_else(|error| panic!("{error}")),
    }
});

fn board() -> &'static Board {
    Board::find("nucleo-f446re").unwrap()
}

fn rust() -> Toolchain {
    Toolchain::find(&Host::current(), board().core.rust_target())
        .unwrap_or_else(|error| panic!("run `cargo xtask setup` first: {error}"))
}

fn boot(elf: &Path) -> Emulator {
    Emulator::start(&Host::current(), board(), elf)
        .unwrap_or_else(|error| panic!("run `cargo xtask setup` first: {error}"))
}

/// The text with a `*` for each figure that the compiler or this machine's speed decides, and
/// those figures.
fn without_measurements(text: &str) -> (String, Vec<u64>) {
    let mut figures = Vec::new();
    let mut lines = String::new();
    for line in text.lines() {
        let is_measured = ["inference ", "peak stack "]
            .iter()
            .any(|name| line.starts_with(name));
        let figure = line.split(' ').find_map(|word| word.parse::<u64>().ok());
        match figure.filter(|_| is_measured) {
            Some(figure) => {
                figures.push(figure);
                lines += &line.replacen(&figure.to_string(), "*", 1);
            }
            None => lines += line,
        }
        lines.push('\n');
    }
    (lines, figures)
}

#[test]
fn the_example_prints_its_expected_output() {
    let elf = &BUILT.images.example.path;
    let run = run_example(&Host::current(), board(), elf, Duration::from_secs(60)).unwrap();
    let (text, figures) = without_measurements(&run.text);
    assert_eq!(text, include_str!("example.out"));
    let [ticks, peak_stack_bytes] = figures[..] else {
        panic!("{figures:?}")
    };
    // 784 loads and multiplications: more than a microsecond, at 21 MHz, and far below 1 s.
    assert!((21..21_000_000).contains(&ticks), "{ticks}");
    assert_eq!(peak_stack_bytes, u64::from(run.peak_stack_bytes));
    assert_eq!(run.recognised, 4);
    // More than nothing, and less than this network could ever need.
    assert!((32..4096).contains(&run.peak_stack_bytes), "{run:?}");
}

#[test]
fn a_hundred_images_over_the_link_match_the_host_to_the_bit() {
    let mut client = connect(&BUILT.images.validate.path);
    client.expect(NETWORK, HASH).unwrap();
    let sums = Definition {
        image,
        output,
        label: 4,
    };
    let mut events = 0;
    let report = validate(&mut client, &sums, 100, |_| events += 1);
    assert_eq!(report.failure, None);
    assert_eq!(
        (report.images, report.mismatches_vs_host, events),
        (100, 0, 100)
    );
    assert_eq!(report.first_mismatch, None);
    // The weight 3 outweighs the next, 1, on every one of these images.
    assert_eq!(report.top1, Some(1.0));
    assert!(report.seconds_inference.unwrap() > 0.0);
    let parts = report.seconds_wire.unwrap() + report.seconds_inference.unwrap();
    assert!((parts - report.seconds).abs() < 1e-9, "{report:?}");

    let statistics = client.statistics().unwrap();
    assert!(statistics.images_run >= 100);
    let static_ram = BUILT.images.validate.sizes.static_ram_bytes;
    assert_eq!(statistics.static_ram_bytes.map(u64::from), Some(static_ram));
    assert!(
        statistics
            .peak_stack_bytes
            .is_some_and(|bytes| (32..4096).contains(&bytes))
    );
}

fn connect(elf: &Path) -> Client<Emulator> {
    Client::connect(boot(elf), Patience::default()).unwrap()
}

#[test]
fn firmware_with_another_network_is_refused() {
    let client = connect(&BUILT.images.validate.path);
    let error = client.expect(NETWORK, [0xAB; 8]).unwrap_err();
    assert!(matches!(error, LinkError::OtherNetwork { .. }));
    let message = error.to_string();
    assert!(message.contains("abababababababab"), "{message}");
    assert!(message.contains("67616e6e65740001"), "{message}");
}

#[test]
fn the_image_names_its_network_and_tells_weights_from_code() {
    for image in [&BUILT.images.example, &BUILT.images.validate] {
        assert_eq!((&*image.network, image.hash), (NETWORK, HASH));
        assert_eq!(image.link_version, u32::from(gannet_link::VERSION));
        let sizes = image.sizes;
        // Ten f32 weights.
        assert_eq!(sizes.weights_bytes, 40);
        assert_eq!(sizes.flash_bytes, sizes.weights_bytes + sizes.code_bytes);
    }
    // 784 bytes of input and ten f32 outputs in the network's memory; to receive the next images
    // meanwhile, two requests: 796 bytes each, 6 more on the wire; and one that stays free.
    for (image, network_bytes) in [
        (&BUILT.images.example, 824),
        (&BUILT.images.validate, 824 + 2 * 802 + 1),
    ] {
        let expected = network_bytes..network_bytes + 200;
        let static_ram = image.sizes.static_ram_bytes;
        assert!(expected.contains(&static_ram), "{static_ram}");
    }
}

/// Whatever arrives, and whatever the network computes: there is no code that stops the program.
#[test]
fn nothing_in_an_image_can_panic() {
    for image in [&BUILT.images.example, &BUILT.images.validate] {
        let bytes = std::fs::read(&image.path).unwrap();
        let elf = object::File::parse(&*bytes).unwrap();
        let names = elf
            .symbols()
            .map(|symbol| symbol.name().unwrap().to_owned());
        let names = names.map(|name| rustc_demangle::demangle(&name).to_string());
        let of_panics =
            |name: &String| name.contains("panic") || name.contains("rust_begin_unwind");
        let found: Vec<String> = names.filter(of_panics).collect();
        assert!(found.is_empty(), "{}: {found:?}", image.path.display());
        // What the panic handler would say.
        let said = b"stopped by a panic";
        assert!(!bytes.windows(said.len()).any(|text| text == said));
    }
}

#[test]
fn a_trace_counts_the_same_every_time_and_its_stages_add_up() {
    let trace = || {
        let image = &BUILT.images.example;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trace");
        let host = Host::current();
        let layer = |name: &str| (name.to_owned(), vec![name.to_owned()]);
        let subject = Subject {
            image,
            run: "Network::run",
            layers: &[layer("sums"), layer("shares")],
        };
        bench(&host, &rust(), board(), subject, &folder).unwrap_or_else(|error| panic!("{error}"))
    };
    let first = trace();
    assert_eq!(trace(), first);
    let [sums, shares] = &first.layers[..] else {
        panic!("{first:?}")
    };
    // For each pixel two loads, a conversion, a product and a sum at least.
    assert!(
        (784 * 5..784 * 40).contains(&sums.instructions),
        "{first:?}"
    );
    // Ten quotients or products, each with a load and a store.
    assert!((30..300).contains(&shares.instructions), "{first:?}");
    let between = first.instructions - sums.instructions - shares.instructions;
    assert!((2..100).contains(&between), "{first:?}");
    assert!(first.estimated_cycles > first.instructions);
    assert!(first.code_bytes >= sums.code_bytes + shares.code_bytes);
    assert!(first.code_bytes < first.image_code_bytes);
}

#[test]
fn a_second_build_compiles_nothing_and_gives_the_same_images() {
    write(&BUILT.folder, board());
    let start = Instant::now();
    let mut messages = Vec::new();
    let again = build(&Host::current(), &rust(), board(), &BUILT.folder, |line| {
        messages.push(line.to_owned());
    });
    assert_eq!(again.unwrap(), BUILT.images);
    assert!(
        !messages.iter().any(|line| line.contains("Compiling")),
        "{messages:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_emulator_that_is_not_installed_is_a_sentence() {
    let host = Host::current().with_path(Vec::new());
    let Err(error) = Emulator::start(&host, board(), Path::new("any.elf")) else {
        panic!("an emulator was found on an empty path");
    };
    assert!(matches!(error, BoardError::EmulatorMissing));
    let message = error.to_string();
    assert!(message.contains("qemu-system-arm") && message.contains("gannet doctor --fix"));
}

#[test]
fn a_toolchain_that_is_not_installed_is_a_sentence() {
    let host = Host::current().with_path(Vec::new());
    let message = Toolchain::find(&host, board().core.rust_target())
        .unwrap_err()
        .to_string();
    assert!(message.contains("thumbv7em-none-eabihf") && message.contains("gannet doctor --fix"));
}

#[test]
fn an_emulator_that_ends_early_says_why() {
    let mut emulator = boot(Path::new("/nonexistent/firmware.elf"));
    let mut buffer = [0; 16];
    let error = gannet_link::Wire::receive(&mut emulator, &mut buffer, Duration::from_secs(30));
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("ended by itself") && message.contains("firmware.elf"),
        "{message}"
    );
}

#[test]
fn an_image_that_does_not_fit_is_refused_with_the_bytes_that_are_too_many() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("too-small");
    let mut small = board().clone();
    small.ram.len_bytes = 512;
    write(&folder, &small);
    let error = build(&Host::current(), &rust(), &small, &folder, |_| {}).unwrap_err();
    let BoardError::DoesNotFit {
        section,
        overflow_bytes,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(section, "RAM");
    // The larger program: 824 bytes of network, room for two requests and a few bytes of our own
    // do not fit 512.
    let lacking = 824 + 2 * 802 + 1 - 512;
    assert!((lacking..lacking + 200).contains(overflow_bytes), "{error}");
}

#[test]
fn a_file_that_is_no_image_is_a_sentence() {
    let path = Path::new(file!());
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(path.file_name().unwrap());
    let message = Image::read(&path).unwrap_err().to_string();
    assert!(
        message.contains("emulator.rs") && message.contains("gannet build"),
        "{message}"
    );
}
