//! Where a network can run, and how to get there: the generated code compiled for this machine,
//! firmware in the emulator, or a board at a serial port. All three are at the end of the link.

use std::path::PathBuf;
use std::str::FromStr;

use gannet_board::{Board, Emulator, Feed, Firmware, Host, Native};
use gannet_compile::ir::Program;
use gannet_compile::rust;
use gannet_link::{Capabilities, Client, LinkError, Patience, SerialWire, Tutorial, Wire};

use crate::cmd::firmware;
use crate::cmd::generate::Language;
use crate::failure::Failure;
use crate::screen::Screen;

/// Where a network runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// The generated code, compiled for this machine.
    Host,
    /// Firmware in the emulator.
    Emulator,
    /// A board with the firmware `validate` at a serial port.
    Serial {
        /// The port's name, such as `/dev/ttyACM0`.
        port: String,
        /// Its speed, if it is not the board's own.
        baud: Option<u32>,
    },
}

impl On {
    /// Its name in reports.
    pub fn name(&self) -> String {
        match self {
            On::Host => "host".to_owned(),
            On::Emulator => "emulator".to_owned(),
            On::Serial { port, .. } => format!("serial:{port}"),
        }
    }
}

impl FromStr for On {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("'{text}' is no place to run: host, emulator or serial:PORT[:BAUD]");
        match text.split_once(':') {
            None if text == "host" => Ok(On::Host),
            None if text == "emulator" => Ok(On::Emulator),
            Some(("serial", "")) | None => Err(expected()),
            Some(("serial", port)) => Ok(match port.rsplit_once(':') {
                Some((port, baud))
                    if !baud.is_empty() && baud.bytes().all(|b| b.is_ascii_digit()) =>
                {
                    let baud = baud
                        .parse()
                        .map_err(|_| format!("{baud} is no speed of a serial port"))?;
                    On::Serial {
                        port: port.to_owned(),
                        baud: Some(baud),
                    }
                }
                _ => On::Serial {
                    port: port.to_owned(),
                    baud: None,
                },
            }),
            Some(_) => Err(expected()),
        }
    }
}

/// A device that runs the network that it was asked to run.
pub struct Connected {
    /// The host's end of the link.
    pub client: Client<Box<dyn Wire>>,
    /// What the firmware takes of its board, where it was built here.
    pub sizes: Option<Firmware>,
}

/// What is needed to get a network onto a device.
pub struct Deployment<'a> {
    /// The language of its firmware; for the host it is Rust.
    pub lang: Language,
    /// The network.
    pub program: &'a Program,
    /// The board; for the host it does not matter.
    pub board: &'a Board,
    /// The picture that the firmware's `example` runs.
    pub picture: &'a [u8],
    /// Where projects are written; NETWORK-BOARD in the present folder without it.
    pub folder: Option<PathBuf>,
}

impl Deployment<'_> {
    /// Gets the network to run there, and makes sure that it is this one.
    pub fn connect(&self, on: &On, screen: Screen) -> Result<Connected, Failure> {
        let (client, sizes) = match on {
            On::Host => (greet(self.native(screen)?)?, None),
            On::Emulator => {
                let folder = self.folder_for(self.lang, &self.board.name);
                firmware::project(self.lang, self.program, self.board, self.picture, &folder)?;
                let (host, images) = firmware::images(self.lang, self.board, &folder, screen)?;
                let emulator = Emulator::start(&host, self.board, &images.validate.path)?;
                (greet(Box::new(emulator))?, Some(images.validate.sizes))
            }
            On::Serial { port, baud } => {
                let baud = baud.unwrap_or(self.board.uart().baud);
                let client = Client::at_port(port, baud, Patience::default());
                (client.map_err(of_link)?, None)
            }
        };
        let expected = client.expect(self.program.name(), self.program.hash());
        expected.map_err(of_link)?;
        let is_by_rows = client.device().capabilities.contains(Capabilities::ROWS);
        match (is_by_rows, firmware::feed(self.program)) {
            (true, Feed::Whole) => Err(Failure::named(
                "other-input",
                "the board takes pictures a row at a time: say --input rows",
            )),
            (false, Feed::Rows) => Err(Failure::named(
                "other-input",
                "the board takes whole pictures: leave --input rows out, or flash firmware that \
                 was made with it",
            )),
            _ => Ok(Connected { client, sizes }),
        }
    }

    /// A board that speaks the tutorial's protocol and waits for `images` pictures: its own
    /// program in the emulator, or whatever is at the serial port.
    pub fn tutorial(
        &self,
        on: &On,
        images: usize,
        screen: Screen,
    ) -> Result<Tutorial<Box<dyn Wire>>, Failure> {
        let wire: Box<dyn Wire> = match on {
            On::Host => {
                return Err(Failure::usage(
                    "the tutorial's protocol is a board's: say --on emulator or --on serial:PORT",
                ));
            }
            On::Emulator => {
                let folder = self.folder_for(self.lang, &self.board.name);
                firmware::project(self.lang, self.program, self.board, self.picture, &folder)?;
                let (host, images) = firmware::images(self.lang, self.board, &folder, screen)?;
                let program = images.validate.path.with_file_name("tutorial_validate.elf");
                Box::new(Emulator::start(&host, self.board, &program)?)
            }
            On::Serial { port, baud } => {
                let baud = baud.unwrap_or(self.board.uart().baud);
                Box::new(SerialWire::open(port, baud).map_err(of_link)?)
            }
        };
        let images = i32::try_from(images).unwrap_or(i32::MAX);
        Tutorial::start(wire, images, self.program.output().len())
            .map_err(|error| Failure::named(error.code(), error.to_string()))
    }

    fn native(&self, screen: Screen) -> Result<Box<dyn Wire>, Failure> {
        let folder = self.folder_for(Language::Rust, "host");
        let spinner = screen.spinner("compiling the network for this machine");
        let native = Native::start(
            &Host::current(),
            &rust::package_name(self.program),
            &rust::generate(self.program),
            firmware::feed(self.program),
            &folder,
            |_| (),
        );
        spinner.finish_and_clear();
        Ok(Box::new(native?))
    }

    fn folder_for(&self, lang: Language, board: &str) -> PathBuf {
        self.folder
            .clone()
            .unwrap_or_else(|| firmware::folder(lang, self.program, board))
    }
}

/// Greets whatever is at the other end of `wire`.
fn greet(wire: Box<dyn Wire>) -> Result<Client<Box<dyn Wire>>, Failure> {
    Client::connect(wire, Patience::default()).map_err(of_link)
}

fn of_link(error: LinkError) -> Failure {
    Failure::named(error.code(), error.to_string())
}
