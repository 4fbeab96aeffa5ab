//! What a project file says, and what is said of one that is wrong.

use std::path::Path;

use gannet_graph::{Conv2D, Layer, MaxPool2D, networks};
use gannet_project::{Data, Project, ProjectError, Setting, TEMPLATES, Template, Validation};
use gannet_train::{Course, Optimizer, Recipe};

const BOARDS: &[&str] = &["nucleo-f446re", "microbit"];

const SMALL: &str = r#"name = "small"
[network]
layers = [
  { kind = "InputLayer", shape = [8, 8, 1] },
  { kind = "Conv2D", filters = 4, kernel = 3 },
  { kind = "Flatten" },
  { kind = "Dense", units = 10, activation = "softmax" },
]
[recipe]
epochs = 3
loss = "categorical-cross-entropy"
"#;

fn parse(text: &str, settings: &[&str]) -> Result<Project, ProjectError> {
    let settings: Vec<Setting> = settings
        .iter()
        .map(|text| Setting::written(*text))
        .collect();
    Project::parse(Path::new("folder/gannet.toml"), text, &settings, BOARDS)
}

/// What is said of `SMALL` with `from` replaced by `to`.
fn said(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    parse(&SMALL.replacen(from, to, 1), &[])
        .unwrap_err()
        .to_string()
}

fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "'{part}' in:\n{text}");
    }
}

#[test]
fn the_template_is_the_tutorials_network_and_recipe() {
    let text = Template::find("mnist-small")
        .unwrap()
        .project_file("first")
        .unwrap();
    let project = parse(&text, &[]).unwrap();
    assert_eq!(project.graph, networks::mnist_small().renamed("first"));
    assert_eq!(project.recipe, Recipe::default());
    assert_eq!(project.data, Data::default());
    assert_eq!(project.board.as_deref(), Some("nucleo-f446re"));
    assert_eq!(project.name, "first");
}

#[test]
fn every_template_is_valid_with_its_comments_undone() {
    for template in TEMPLATES {
        let text = template.project_file("net").unwrap();
        parse(&text, &[]).unwrap_or_else(|error| panic!("{}: {error}", template.name));
        // What is commented out is an example that has to hold too.
        let undone: String = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(code) if is_code(code) => format!("{code}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        parse(&undone, &[]).unwrap_or_else(|error| panic!("{}: {error}", template.name));
    }
    assert!(
        Template::find("mnist")
            .unwrap_err()
            .to_string()
            .contains("mnist-small")
    );
    assert!(TEMPLATES[0].project_file("../up").is_err());
}

/// A table's head, or a key with a value.
fn is_code(text: &str) -> bool {
    let key = text.split_once(" = ").map(|(key, _)| key);
    text.starts_with('[') || key.is_some_and(|key| !key.contains(' '))
}

#[test]
fn an_unknown_key_is_shown_with_its_place_and_the_nearest() {
    let text = said("kernel = 3", "kernal = 3");
    let expected = r#"layer 2 (Conv2D) needs `kernel`
 --> folder/gannet.toml:5:3
  |
5 |   { kind = "Conv2D", filters = 4, kernal = 3 },
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

error: layer 2 (Conv2D) has no key `kernal`
 --> folder/gannet.toml:5:35
  |
5 |   { kind = "Conv2D", filters = 4, kernal = 3 },
  |                                   ^^^^^^
  |
  = help: did you mean `kernel`?"#;
    assert_eq!(text, expected);
}

#[test]
fn faults_of_every_part_have_a_place_and_a_hint() {
    for (from, to, parts) in [
        ("name =", "nam =", &["1:1", "no key `nam`", "`name`"][..]),
        (
            "[recipe]",
            "[recipes]",
            &["9:2", "`recipes`", "did you mean `recipe`?"],
        ),
        (
            "epochs",
            "epoch",
            &["10:1", "`epoch`", "did you mean `epochs`?"],
        ),
        (
            "categorical-",
            "",
            &["11:8", "`cross-entropy`", "categorical-cross-entropy"],
        ),
        ("epochs = 3", "epochs = 0", &["10:10", "at least 1"]),
        ("epochs = 3", "epochs = \"3\"", &["10:10", "invalid type"]),
        (
            "Flatten",
            "Flaten",
            &["6:12", "no layer kind `Flaten`", "did you mean `Flatten`?"],
        ),
        (
            "\"softmax\"",
            "\"softmux\"",
            &["7:", "has to be one of", "did you mean `softmax`?"],
        ),
        (
            "{ kind = \"Flatten\" },",
            "",
            &["7:3", "layer 'dense' (Dense) takes a vector", "Flatten"],
        ),
        (
            "kernel = 3",
            "kernel = 9",
            &["5:3", "larger than the input"],
        ),
        (
            "kernel = 3",
            "kernel = 0",
            &["5:44", "a whole number from 1"],
        ),
        (
            "filters = 4",
            "filters = 99999999999999",
            &["from 1 to 65,536"],
        ),
        ("units = 10", "units = 65536, l2 = -1", &["at least 0"]),
        (
            "kernel = 3",
            "kernel = 50000",
            &["50000×50000×1×4", "16777216 weights"],
        ),
        (
            "\"Conv2D\"",
            "\"Conv1D\"",
            &["5:3", "sequences", "[length, 1, channels]"],
        ),
        (
            "{ kind = \"InputLayer\", shape = [8, 8, 1] },",
            "",
            &["begins with its input"],
        ),
        (
            "units = 10",
            "units = 10, from = \"flaten\"",
            &["7:", "`flaten`", "did you mean `flatten`?"],
        ),
        (
            "units = 10",
            "units = 10, slope = 0.1",
            &["`softmax` has no slope", "leaky_relu"],
        ),
        (
            "[network]",
            "board = \"nucleo-f446\"\n[network]",
            &["2:9", "did you mean `nucleo-f446re`?"],
        ),
        (
            "[network]",
            "[data]\nvalidation = \"tset\"\n[network]",
            &["3:14", "how many training pictures"],
        ),
        (
            "[network]",
            "[network]\nmodel = \"absent.h5\"",
            &["`layers` and a `model`"],
        ),
        (
            "loss",
            "start = \"given\"\nloss",
            &["given weights", "model = "],
        ),
        ("\"small\"", "\"../small\"", &["1:8", "begin with a letter"]),
        ("[network]", "[network", &["2:", "unclosed table"]),
    ] {
        let text = said(from, to);
        assert_has(&text, parts);
        assert!(text.contains("--> folder/gannet.toml:"), "{text}");
    }
}

#[test]
fn several_faults_are_told_at_once_in_the_order_of_the_file() {
    let text = SMALL
        .replace("kernel = 3", "kernel = true")
        .replace("units", "unit")
        .replace("epochs", "epoch");
    let Err(ProjectError::Faulty(faults)) = parse(&text, &[]) else {
        panic!("the file is faulty");
    };
    let lines: Vec<usize> = faults
        .places()
        .map(|place| place.line_column.unwrap().0)
        .collect();
    assert_eq!(lines, [5, 7, 7, 10]);
}

#[test]
fn enums_within_the_recipe_have_places_too() {
    for (lines, parts) in [
        (
            "rate = 0.1\nmomentun = 0.9",
            &["15:1", "`momentun`", "did you mean `momentum`?"][..],
        ),
        (
            "rate = \"fast\"\nmomentum = 0.9",
            &["14:8", "string \"fast\""],
        ),
        (
            "rate = 0.1",
            &["the recipe needs `momentum` here", "[recipe.optimizer]"],
        ),
        (
            "rate = -0.1\nmomentum = 0.9",
            &["14:8", "rate is -0.1", "above 0"],
        ),
    ] {
        let text = format!("{SMALL}[recipe.optimizer]\nkind = \"sgd\"\n{lines}\n");
        assert_has(&parse(&text, &[]).unwrap_err().to_string(), parts);
    }
}

/// Files with bytes left out, doubled or put elsewhere: all are read or refused in words.
#[test]
fn damaged_files_are_no_reason_to_panic() {
    // Knuth's generator of MMIX, its upper bits.
    let mut state = 7_u64;
    let mut below = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let whole =
        format!("{SMALL}# é ×\n[recipe.optimizer]\nkind = \"sgd\"\nrate = 1e-1\nmomentum = 0\n");
    let mut refused = 0;
    for _ in 0..3000 {
        let mut text: Vec<char> = whole.chars().collect();
        for _ in 0..=below(3) {
            let (from, to) = (below(text.len()), below(text.len()));
            match below(3) {
                0 => drop(text.remove(from)),
                1 => text.insert(to, text[from]),
                _ => text.swap(from, to),
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = parse(&text, &["recipe.batch=7"]) {
            assert!(!error.to_string().is_empty());
            refused += 1;
        }
    }
    assert!((100..3000).contains(&refused), "{refused}");
    for text in [
        "",
        "\u{feff}",
        "\0",
        "network = 3",
        "[network]\nlayers = [[]]",
        "[network]\nlayers = []",
    ] {
        assert!(parse(text, &[]).is_err(), "{text}");
    }
}

#[test]
fn settings_go_on_top_of_the_file() {
    let project = parse(
        SMALL,
        &[
            "recipe.epochs=5",
            "recipe.schedule.course={ kind = \"cosine\", floor = 0.1 }",
            "board=microbit",
            "network.layers.1.filters = 6",
            "data.validation=500",
            "recipe.optimizer={ kind = \"sgd\", rate = 0.1, momentum = 0.9 }",
            "recipe.optimizer.rate=0.2",
        ],
    )
    .unwrap();
    assert_eq!(project.recipe.epochs, 5);
    assert_eq!(
        project.recipe.schedule.course,
        Course::Cosine { floor: 0.1 }
    );
    let sgd = Optimizer::Sgd {
        rate: 0.2,
        momentum: 0.9,
    };
    assert_eq!(project.recipe.optimizer, sgd);
    assert_eq!(project.board.as_deref(), Some("microbit"));
    assert_eq!(project.data.validation, Validation::TakenOut(500));
    let conv = project.graph.nodes()[1].layer();
    assert!(matches!(conv, Layer::Conv2D(conv) if conv.filters() == 6));
}

#[test]
fn a_faulty_setting_is_named_as_it_was_written() {
    for (setting, said) in [
        (
            "recipe.epoch=5",
            "--set recipe.epoch=5: the recipe has no key `epoch` here (did you mean `epochs`?)",
        ),
        (
            "recipe.epochs=0",
            "--set recipe.epochs=0: the recipe's epochs is 0, but has to be at least 1",
        ),
        (
            "recipe",
            "--set recipe: this sets nothing (write a key and a value: recipe.epochs=5)",
        ),
        (
            "network.layers.9.units=5",
            "--set network.layers.9.units=5: `9` is no element of a list of 4",
        ),
        (
            "network.layers.1.filter=5",
            "--set network.layers.1.filter=5: layer 2 (Conv2D) has no key `filter` (did you mean `filters`?)",
        ),
        (
            "name.x=5",
            "--set name.x=5: there is nothing below this for `x`",
        ),
    ] {
        assert_eq!(parse(SMALL, &[setting]).unwrap_err().to_string(), said);
    }
    // Places in the file stay what they were.
    let text = parse(&SMALL.replace("kernel", "kernal"), &["recipe.epochs=5"]).unwrap_err();
    assert_has(&text.to_string(), &["folder/gannet.toml:5:35"]);
}

#[test]
fn paths_in_the_file_are_relative_to_it_and_others_are_not() {
    let text = format!("[data]\nset = \"digits\"\n{SMALL}").replace("name = \"small\"\n", "");
    assert_eq!(parse(&text, &[]).unwrap().data.set, "folder/digits");
    assert_eq!(
        parse(&text, &["data.set=digits"]).unwrap().data.set,
        "digits"
    );
    assert_eq!(parse(&text, &["data.set=mnist"]).unwrap().data.set, "mnist");
}

#[test]
fn a_model_takes_the_place_of_layers() {
    let project = parse("[network]\nmodel = \"mnist-small\"\n", &[]).unwrap();
    assert_eq!(project.graph, networks::mnist_small());
    let text = parse("[network]\nmodel = \"absent.h5\"\n", &[]).unwrap_err();
    assert_has(&text.to_string(), &["2:9", "folder/absent.h5"]);
}

#[test]
fn a_teacher_is_a_model_file() {
    let text = format!("{SMALL}\n[recipe.teacher]\nmodels = [\"absent.h5\"]\nshare = 0.5\n");
    let said = parse(&text, &[]).unwrap_err().to_string();
    assert_has(&said, &["folder/absent.h5"]);
    let text = text.replace("0.5", "1.5");
    let said = parse(&text, &[]).unwrap_err().to_string();
    assert_has(&said, &["share is 1.5", "above 0 and at most 1"]);
}

/// A sequence of 100 steps of 3 channels: (100 − 5) / 2 + 1 = 48 positions, 24 after pooling.
#[test]
fn sequences_are_images_of_one_pixels_width() {
    let text = r#"[network]
layers = [
  { kind = "InputLayer", shape = [100, 1, 3] },
  { kind = "Conv1D", filters = 8, kernel = 5, strides = 2 },
  { kind = "MaxPooling1D", pool = 2 },
]
"#;
    let graph = parse(text, &[]).unwrap().graph;
    let [_, conv, pool] = graph.nodes() else {
        panic!("three layers")
    };
    assert_eq!(
        (conv.name(), conv.output_shape().dims()),
        ("conv1d", &[48, 1, 8][..])
    );
    assert_eq!(pool.output_shape().dims(), [24, 1, 8]);
    let kernel = |layer: &Layer| match layer {
        Layer::Conv2D(conv) => Conv2D::window(conv).kernel(),
        Layer::MaxPool2D(MaxPool2D { window }) => window.kernel(),
        _ => [0, 0],
    };
    assert_eq!(
        (kernel(conv.layer()), kernel(pool.layer())),
        ([5, 1], [2, 1])
    );
}

#[test]
fn the_templates_of_built_in_networks_have_their_structure() {
    for (template, network) in [
        ("digits-small", networks::digits_small()),
        ("mnist-best", networks::mnist_small()),
    ] {
        let text = Template::find(template)
            .unwrap()
            .project_file("net")
            .unwrap();
        assert_eq!(parse(&text, &[]).unwrap().graph.hash(), network.hash());
    }
}
