//! `gannet demo`: the tutorial's whole way on its own network, and its figures beside this run's.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use gannet_board::Firmware;
use gannet_board::validate::{OutputFormat, Report};
use gannet_compile::analysis::Analysis;
use gannet_compile::compile;
use gannet_data::{Dataset, SplitStats};
use gannet_graph::networks;
use gannet_train::{Recipe, Threads};

use crate::cmd::boards::{self, DEFAULT_BOARD};
use crate::cmd::generate::{InputArg, Language};
use crate::cmd::{analyze, data, firmware, summary, train, validate};
use crate::device::{Deployment, On};
use crate::draw::number::{count, kib, percent, seconds};
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::model;
use crate::report::JsonArg;
use crate::screen::Screen;

/// The whole way on the built-in network: data, training, analysis, firmware, emulator,
/// validation; then one page of results.
#[derive(Debug, Args)]
pub struct Demo {
    /// How often each picture is seen in training.
    #[arg(long, default_value_t = Recipe::default().epochs)]
    epochs: usize,
    /// Decides first weights and order; the same seed gives the same network.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many test pictures are sent to the device.
    #[arg(long, default_value = "1000")]
    images: NonZeroUsize,
    /// Where the device is: host, emulator, serial:PORT or serial:PORT:BAUD.
    #[arg(long, default_value = "emulator")]
    on: On,
    /// The board.
    #[arg(long, default_value = DEFAULT_BOARD)]
    board: String,
    /// `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist")]
    data: String,
    /// The folder for the model file and the firmware project.
    #[arg(short, long, default_value = "gannet-demo", value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    json: JsonArg,
}

/// The picture that the tutorial pastes into its program: a 4.
const TUTORIAL_PICTURE: usize = 2;

pub fn run(args: &Demo) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let begin = Instant::now();
    let mut stage = Stages { screen, number: 0 };
    let board = boards::find(&args.board)?;
    fs::create_dir_all(&args.out)
        .map_err(|error| Failure::new(format!("{} cannot be made: {error}", args.out.display())))?;

    // What is missing is told now, and not after the training.
    firmware::ready(board)?;

    stage.begin("the data set");
    let dataset = Dataset::open(&args.data)?;
    data::show_parts(
        &[
            ("train", &SplitStats::of(dataset.train())),
            ("test", &SplitStats::of(dataset.test())),
        ],
        screen,
    );

    stage.begin("the network");
    let graph = networks::mnist_small();
    summary::show(&graph, screen);

    stage.begin("training");
    let recipe = Recipe {
        epochs: args.epochs,
        seed: args.seed,
        ..Recipe::default()
    };
    let (trained, training) = train::train(graph, &dataset, &recipe, Threads::All, screen)?;
    let graph = trained.graph;
    let model = args.out.join(format!("{}.h5", graph.name()));
    gannet_formats::write(&graph, &model)?;
    screen.line(format_args!("{}: a Keras model file", model.display()));

    stage.begin(&format!("what it takes of {}", board.title));
    // From here on the file is what counts: the network is what every other command would read.
    let graph = gannet_formats::read_float(&model)?;
    let program = compile(&graph, &InputArg::U8.options())?;
    model::suits(&program, dataset.test())?;
    let analysis = Analysis::new(&graph, &program, board.core);
    analyze::show(&analysis, board, screen);
    analyze::fit(&analysis, board)?;

    stage.begin("firmware, booted in the emulator with one picture of a 4");
    let picture = dataset.train().get(TUTORIAL_PICTURE);
    let picture =
        picture.ok_or_else(|| Failure::new("the data set has no third training picture"))?;
    let picture = picture.image.pixels();
    let folder = args.out.join("firmware");
    firmware::project(Language::Rust, &program, board, picture, &folder)?;
    let (host, images) = firmware::images(Language::Rust, board, &folder, screen)?;
    let example = firmware::example(&host, board, &images)?;
    screen.line(example.text.trim_end());

    stage.begin(&format!(
        "{} pictures over the link, on: {}",
        count(args.images.get() as u64),
        args.on.name()
    ));
    let folder = match &args.on {
        On::Host => args.out.join("host"),
        _ => folder,
    };
    let deployment = Deployment {
        lang: Language::Rust,
        program: &program,
        board,
        picture,
        folder: Some(folder),
    };
    let connected = deployment.connect(&args.on, screen)?;
    let outcome = validate::validate(
        connected,
        &args.on,
        (&program, OutputFormat::F32),
        dataset.test(),
        args.images,
        screen,
    )?;
    let sizes = outcome.sizes.unwrap_or(Firmware {
        stack_bytes: Some(example.peak_stack_bytes.into()),
        ..images.validate.sizes
    });
    validate::show(&outcome.report, dataset.classes().names(), screen);
    firmware::show(&sizes, board, screen);

    stage.begin("the page");
    page(&training, &analysis, &sizes, &outcome.report, screen);
    screen.line(format_args!(
        "the whole way took {}; everything it made is in {}",
        seconds(begin.elapsed().as_secs_f64()),
        args.out.display()
    ));
    args.json.write(&[
        ("train", &training),
        ("analysis", &analysis),
        ("firmware", &sizes),
        ("validate", &outcome.report),
    ])?;
    validate::verdict(&outcome.report)
}

/// One headline a stage.
struct Stages {
    screen: Screen,
    number: usize,
}

impl Stages {
    fn begin(&mut self, title: &str) {
        if self.number > 0 {
            self.screen.gap();
        }
        self.number += 1;
        self.screen
            .line(format_args!("\x1b[1m[{}] {title}\x1b[0m", self.number));
    }
}

/// The tutorial's figures and this run's.
fn page(
    training: &train::Section,
    analysis: &Analysis,
    sizes: &Firmware,
    validation: &Report,
    screen: Screen,
) {
    let mut rows = table(&[
        Column::Text("figure"),
        Column::Number("tutorial"),
        Column::Number("this run"),
        Column::Text("note"),
    ]);
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let a_picture = validation.seconds / validation.images.max(1) as f64;
    let entries: [(&str, &str, String, &str); 14] = [
        (
            "training accuracy",
            "99.45 %",
            percent(training.accuracy),
            "last epoch",
        ),
        (
            "training loss",
            "0.0019",
            format!("{:.4}", training.loss),
            "with the L2 penalty",
        ),
        (
            "validation accuracy",
            "99.12 %",
            percent(training.val_accuracy),
            "on the test set, as the tutorial does",
        ),
        (
            "validation loss",
            "0.0022",
            format!("{:.4}", training.val_loss),
            "with the L2 penalty",
        ),
        ("parameters", "10,930", count(analysis.params as u64), ""),
        (
            "weights in flash",
            "42.74 KB",
            kib(sizes.weights_bytes as usize),
            "X-CUBE-AI adds 12 zero biases",
        ),
        (
            "working memory",
            "11.01 KB",
            kib(analysis.activations_bytes),
            "with input and output",
        ),
        (
            "code in flash",
            "not told",
            kib(sizes.code_bytes as usize),
            "start-up, serial line and network",
        ),
        (
            "static RAM in all",
            "not told",
            kib(sizes.static_ram_bytes as usize),
            "",
        ),
        (
            "peak stack",
            "not told",
            or_dash(sizes.stack_bytes.map(|bytes| format!("{} B", count(bytes)))),
            "measured on the running firmware",
        ),
        (
            "element accuracy",
            "0.9968",
            or_dash(
                validation
                    .element_accuracy
                    .map(|value| format!("{value:.4}")),
            ),
            "called \"classification accuracy\" there",
        ),
        (
            "mean error a picture",
            "0.058855",
            or_dash(validation.mean_abs_error.map(|value| format!("{value:.6}"))),
            "sum of ten absolute differences",
        ),
        (
            "top-1 accuracy",
            "not told",
            or_dash(validation.top1.map(percent)),
            "share of pictures whose digit is right",
        ),
        (
            "time a picture",
            "302.0 ms",
            seconds(a_picture),
            "there a board at 115200 baud, here as shown above",
        ),
    ];
    for (figure, tutorial, ours, note) in entries {
        rows.add_row([
            figure.to_owned(),
            tutorial.to_owned(),
            ours,
            note.to_owned(),
        ]);
    }
    rows.add_row([
        "differ from the host".to_owned(),
        "not told".to_owned(),
        format!(
            "{} of {}",
            count(validation.mismatches_vs_host as u64),
            count(validation.images as u64)
        ),
        "outputs compared bit for bit".to_owned(),
    ]);
    screen.line(rows);
}
