//! `gannet validate`: images over the link to a device, every output compared with the host's.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use gannet_board::Firmware;
use gannet_board::validate::{Device, OutputFormat, Report, Sample, Validation};
use gannet_compile::Interpreter;
use gannet_compile::ir::Program;
use gannet_data::{Dataset, Split};

use crate::cmd::boards::{self, DEFAULT_BOARD};
use crate::cmd::firmware::{self, PixelsArg};
use crate::cmd::generate::{CodeArgs, Language};
use crate::compiled::Compiled;
use crate::compression::CompressArg;
use crate::device::{Connected, Deployment, On};
use crate::draw::confusion::confusion;
use crate::draw::number::{count, percent, seconds};
use crate::draw::table::pairs;
use crate::failure::Failure;
use crate::insight;
use crate::model;
use crate::report::JsonArg;
use crate::screen::Screen;

/// Run test pictures on a device and compare every output with the host's, bit for bit.
#[derive(Debug, Args)]
pub struct Validate {
    /// A model file.
    model: String,
    /// Where: host (generated code compiled for this machine), emulator, serial:PORT or
    /// serial:PORT:BAUD.
    #[arg(long, default_value = "emulator")]
    on: On,
    /// How many pictures, from the first of the test set on.
    #[arg(long, default_value = "1000")]
    images: NonZeroUsize,
    /// The board; `gannet boards` lists them.
    #[arg(long, default_value = DEFAULT_BOARD)]
    board: String,
    /// How the board is spoken to.
    #[arg(long, value_enum, default_value = "link")]
    protocol: Protocol,
    /// The language of the firmware that is built for the emulator.
    #[arg(long, value_enum, default_value = "rust")]
    lang: Language,
    /// What the network is given for a picture.
    #[arg(long, value_enum, default_value = "u8")]
    input: PixelsArg,
    #[command(flatten)]
    code: CodeArgs,
    #[command(flatten)]
    compress: CompressArg,
    /// `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist")]
    data: String,
    /// Where the project is written and built; NETWORK-BOARD in this folder without it.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArg,
}

/// How a board is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protocol {
    /// Gannet's link: framed, checked, repeated.
    Link,
    /// The tutorial's bare floats. The firmware for the emulator is in C.
    Tutorial,
}

impl Validate {
    /// Puts into the report why the device was not reached, and passes it on.
    fn tell(&self, failure: Failure) -> Failure {
        let Some(reason) = failure.in_report() else {
            return failure;
        };
        let report = Report::of_failure(&self.on.name(), reason);
        let written = self.json.write(&[("validate", &report)]);
        written.err().unwrap_or(failure)
    }
}

pub fn run(args: &Validate) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let board = boards::find(&args.board)?;
    let options = args.code.options(args.input.into());
    let compiled = Compiled::read(
        &args.model,
        &options,
        args.compress.told_by(&args.data),
        screen,
    )?;
    if args.on != On::Host {
        compiled.check(board)?;
    }
    let (format, program) = (compiled.outputs()?, compiled.program);
    let dataset = Dataset::open(&args.data)?;
    let test = dataset.test();
    model::suits(&program, test)?;
    let picture = test
        .images()
        .get(0)
        .ok_or_else(|| Failure::new("the test set is empty"))?;
    let deployment = Deployment {
        lang: match args.protocol {
            Protocol::Link => args.lang,
            Protocol::Tutorial => Language::C,
        },
        program: &program,
        board,
        picture: picture.pixels(),
        folder: args.folder.clone(),
    };
    if args.protocol == Protocol::Tutorial {
        if format != OutputFormat::F32 {
            return Err(Failure::usage(
                "the tutorial's protocol sends real numbers, but the network gives integers: \
                 say --protocol link",
            ));
        }
        let images = args.images.get().min(test.len());
        let board = deployment.tutorial(&args.on, images, screen);
        let mut board = board.map_err(|failure| args.tell(failure))?;
        let report = score(
            &mut board,
            &args.on,
            (&program, format),
            test,
            images,
            screen,
        );
        show(&report, dataset.classes().names(), screen);
        args.json.write(&[("validate", &report)])?;
        // Whose program a board runs is not known: only in the emulator it has to be exact.
        return match (&args.on, &report.failure) {
            (On::Emulator, _) | (_, Some(_)) => verdict(&report),
            _ => Ok(()),
        };
    }
    let connected = deployment.connect(&args.on, screen);
    let connected = connected.map_err(|failure| args.tell(failure))?;
    let outcome = validate(
        connected,
        &args.on,
        (&program, format),
        test,
        args.images,
        screen,
    )?;
    show(&outcome.report, dataset.classes().names(), screen);
    match &outcome.sizes {
        Some(sizes) => {
            firmware::show(sizes, board, screen);
            args.json
                .write(&[("validate", &outcome.report), ("firmware", sizes)])?;
        }
        None => args.json.write(&[("validate", &outcome.report)])?,
    }
    verdict(&outcome.report)
}

/// What a validation gave.
pub struct Outcome {
    /// What it found.
    pub report: Report,
    /// What the firmware takes, its stack included, where it was built here.
    pub sizes: Option<Firmware>,
}

/// Sends the first `images` pictures of `split` over the link to `network`, whose outputs are of a
/// format.
pub fn validate(
    connected: Connected,
    on: &On,
    network: (&Program, OutputFormat),
    split: &Split,
    images: NonZeroUsize,
    screen: Screen,
) -> Result<Outcome, Failure> {
    let Connected {
        mut client,
        mut sizes,
    } = connected;
    let images = images.get().min(split.len());
    // A line that fails here fails below too, and is told there.
    let self_test = match client.has_insight() {
        true => client.self_test().ok(),
        false => None,
    };
    let mut report = score(&mut client, on, network, split, images, screen);
    report.self_test = self_test;
    if let (Some(first), true) = (&mut report.first_mismatch, client.has_insight())
        && let Some(picture) = split.images().get(first.image)
    {
        let located = insight::locate(&mut client, network.0, picture.pixels());
        first.layer = located.ok().flatten();
    }
    if let (Some(sizes), None) = (&mut sizes, &report.failure) {
        sizes.stack_bytes = client.statistics()?.peak_stack_bytes.map(u64::from);
    }
    Ok(Outcome { report, sizes })
}

/// Runs the first `images` pictures of `split` on `device`.
fn score(
    device: &mut impl Device,
    on: &On,
    (program, format): (&Program, OutputFormat),
    split: &Split,
    images: usize,
    screen: Screen,
) -> Report {
    let inputs: Vec<&[u8]> = split
        .iter()
        .take(images)
        .map(|sample| sample.image.pixels())
        .collect();
    let expected = Interpreter::new(program).run_all(&inputs);
    let samples: Vec<Sample> = (inputs.iter().zip(split.labels()).zip(&expected))
        .map(|((input, &label), expected)| Sample {
            input,
            label,
            expected,
        })
        .collect();

    let bar = screen.bar(images, "{prefix} {pos:>5}/{len} {bar:30} {eta} {msg}");
    bar.set_prefix(on.name());
    bar.enable_steady_tick(Duration::from_millis(200));
    let validation = Validation {
        on: &on.name(),
        classes: program.output().len(),
        format,
    };
    let report = validation.run(device, &samples, |progress| {
        bar.set_position(progress.done as u64);
        bar.set_message(format!(
            "{} right, {} differ from the host",
            progress.right, progress.mismatches
        ));
    });
    bar.finish_and_clear();
    report
}

/// Draws a report.
pub fn show(report: &Report, classes: &[String], screen: Screen) {
    let share = |value: Option<f64>| value.map_or("–".to_owned(), percent);
    let time =
        |value: Option<f64>| value.map_or("not known: the device has no clock".to_owned(), seconds);
    let self_test = match report.self_test {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "–",
    };
    let mut rows = vec![
        ("on".to_owned(), report.on.clone()),
        ("pictures".to_owned(), count(report.images as u64)),
        ("top-1 accuracy".to_owned(), share(report.top1)),
        (
            "element accuracy (threshold 0.5)".to_owned(),
            report
                .element_accuracy
                .map_or("–".to_owned(), |value| format!("{value:.4}")),
        ),
        (
            "mean absolute error a picture".to_owned(),
            report
                .mean_abs_error
                .map_or("–".to_owned(), |value| format!("{value:.6}")),
        ),
        (
            "pictures that differ from the host".to_owned(),
            count(report.mismatches_vs_host as u64),
        ),
        ("sent again".to_owned(), count(report.resent)),
        ("self-test of the firmware".to_owned(), self_test.to_owned()),
        ("time in all".to_owned(), seconds(report.seconds)),
    ];
    if let Some(line) = report.line.filter(|line| line.resets + line.reopened > 0) {
        rows.push(("resets of the device".to_owned(), count(line.resets)));
        rows.push(("the port opened again".to_owned(), count(line.reopened)));
    }
    if report.images > 0 {
        rows.push((
            "  a picture".to_owned(),
            seconds(report.seconds / report.images as f64),
        ));
    }
    rows.push(("  on the wire".to_owned(), time(report.seconds_wire)));
    rows.push(("  in inference".to_owned(), time(report.seconds_inference)));
    screen.line(pairs(rows));
    if !report.confusion.is_empty() {
        screen.line(confusion(&report.confusion, classes));
    }
}

/// Whether a validation was passed.
pub fn verdict(report: &Report) -> Result<(), Failure> {
    if let Some(failure) = &report.failure {
        return Err(Failure::new(format!(
            "{} (after {} pictures)",
            failure.message, report.images
        )));
    }
    if report.self_test == Some(false) && report.first_mismatch.is_none() {
        return Err(Failure::limit(
            "the network on the device fails the self-test that it was generated with, although \
             every picture came out right: build and flash the firmware again, and if that does \
             not help, look at the board's clock and power",
        ));
    }
    if let Some(first) = &report.first_mismatch {
        let layer = (first.layer.as_ref()).map_or(String::new(), |layer| format!("; {layer}"));
        return Err(Failure::limit(format!(
            "{} of {} pictures differ from the host; the first is picture {}, output {}: \
             the host has {}, the device {}{layer}. Build and flash the firmware again from this \
             model",
            report.mismatches_vs_host,
            report.images,
            first.image,
            first.output,
            first.host_bits,
            first.device_bits
        )));
    }
    Ok(())
}
