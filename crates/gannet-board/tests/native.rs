//! The host as a board: a network that is small enough to compute by hand, compiled for this
//! machine by its cargo.

use std::fs;
use std::path::Path;

use gannet_board::{BoardError, Feed, Host, Native};
use gannet_link::{Client, Patience};

const NETWORK: &str = "tiny-sums";

fn start(folder: &Path, network: &str, source: &str) -> Result<Native, BoardError> {
    let manifest = include_str!("tiny-network/Cargo.toml").replace(NETWORK, network);
    let network_files = [("Cargo.toml", &*manifest), ("src/lib.rs", source)]
        .map(|(path, text)| (path.to_owned(), text.to_owned()));
    let host = Host::current();
    Native::start(&host, network, &network_files, Feed::Whole, folder, |_| {})
}

#[test]
fn a_folder_above_that_compiles_for_another_machine_is_not_heeded() {
    let above = Path::new(env!("CARGO_TARGET_TMPDIR")).join("for-another-machine");
    fs::create_dir_all(above.join(".cargo")).unwrap();
    let settings = "[build]\ntarget = \"thumbv7em-none-eabihf\"\ntarget-dir = \"elsewhere\"\n";
    fs::write(above.join(".cargo/config.toml"), settings).unwrap();

    let source = include_str!("tiny-network/src/lib.rs");
    let native = start(&above.join("tiny-sums"), NETWORK, source).unwrap();
    let mut client = Client::connect(native, Patience::default()).unwrap();
    client.expect(NETWORK, *b"gannet\x00\x01").unwrap();
    // Output 0 is the sum of every tenth pixel, over 65,536.
    let outcome = client.run(0, &[1; 784]).unwrap();
    assert_eq!(outcome.output[..4], (79.0_f32 / 65_536.0).to_le_bytes());
}

#[test]
fn a_network_may_be_called_as_the_link_or_the_program_is() {
    for network in ["gannet-link", "gannet-native"] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(network);
        let source = include_str!("tiny-network/src/lib.rs");
        let native = start(&folder, network, source).unwrap();
        Client::connect(native, Patience::default()).unwrap();
    }
}

#[test]
fn a_network_that_does_not_compile_is_told_with_its_folder() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-rust");
    let Err(error) = start(&folder, NETWORK, "This is no Rust.") else {
        panic!("it compiled");
    };
    assert!(matches!(error, BoardError::Build { .. }), "{error}");
    let message = error.to_string();
    let begin = format!("the program in {} does not build", folder.display());
    assert!(message.starts_with(&begin), "{message}");
}
