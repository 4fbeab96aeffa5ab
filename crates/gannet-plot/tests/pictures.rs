//! What pictures hold: the elements of their SVG, the pixels of their PNG, and the same bytes
//! each time.

use gannet_data::{Image, ImageShape};
use gannet_graph::{Conv2D, Graph, Padding, Tensor, Window};
use gannet_plot::{ConfusionPlot, Curves, EpochPoint, Filters, Gallery, Ink, Picture, WorstImage};

/// Colours of training and validation, right and wrong.
const BLUE: &str = "#0072B2";
const VERMILION: &str = "#D55E00";

/// How often an element occurs with an attribute's value.
fn elements(svg: &str, tag: &str, attribute: &str, value: &str) -> usize {
    let document = roxmltree::Document::parse(svg).unwrap();
    let found = document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", tag)));
    found
        .filter(|node| node.attribute(attribute) == Some(value))
        .count()
}

/// All texts in order.
fn texts(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document
        .descendants()
        .filter(|node| node.tag_name().name() == "text");
    texts
        .map(|node| node.text().unwrap_or_default().trim().to_owned())
        .collect()
}

/// How many points each line of a colour has.
fn line_lengths(svg: &str, color: &str) -> Vec<usize> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let lines = document
        .descendants()
        .filter(|node| node.attribute("stroke") == Some(color));
    // The legend's sample is a line of two points, too: it stands first.
    lines
        .filter(|node| node.tag_name().name() == "polyline")
        .map(|node| node.attribute("points").unwrap().split_whitespace().count())
        .skip(1)
        .collect()
}

/// Width, height, and how many different colours there are.
fn decoded(png: &[u8]) -> (u32, u32, usize) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    let colors: std::collections::HashSet<&[u8]> = rgb.chunks_exact(3).collect();
    (info.width, info.height, colors.len())
}

/// Size in the SVG, and the checks that every picture passes: twice the same bytes, a PNG of
/// twice the size that is not blank, text that keeps within its columns.
fn checked(picture: &impl Picture) -> String {
    let (svg, png) = (picture.to_svg().unwrap(), picture.to_png().unwrap());
    assert!(svg == picture.to_svg().unwrap() && png == picture.to_png().unwrap());
    let document = roxmltree::Document::parse(&svg).unwrap();
    let side = |name| {
        document
            .root_element()
            .attribute(name)
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    let (width, height, colors) = decoded(&png);
    assert_eq!((width, height), (2 * side("width"), 2 * side("height")));
    assert!(colors > 2, "{colors} colours");
    for columns in [0, 72, 80, 200] {
        let text = picture.to_text(columns, Ink::Ascii);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(
            widest <= Some(columns.max(72)),
            "{widest:?} of {columns}:\n{text}"
        );
        assert!(text.is_empty() || text.ends_with('\n'));
        assert!(!text.contains('\x1b'));
    }
    svg
}

fn epoch([loss, accuracy, val_loss, val_accuracy]: [f64; 4]) -> EpochPoint {
    EpochPoint {
        loss,
        accuracy,
        val_loss,
        val_accuracy,
    }
}

#[test]
fn curves_have_a_line_a_series_and_a_dot_a_value() {
    let history: Vec<EpochPoint> = (1..=12)
        .map(|n| epoch([1.0 / f64::from(n), 0.5, 2.0 / f64::from(n), 0.4]))
        .collect();
    let svg = checked(&Curves::new(&history));
    assert_eq!(line_lengths(&svg, BLUE), [12, 12]);
    assert_eq!(line_lengths(&svg, VERMILION), [12, 12]);
    // Two panels of twelve, the legend's sample, and for validation the two marks.
    assert_eq!(elements(&svg, "circle", "fill", BLUE), 2 * 12 + 1);
    assert_eq!(elements(&svg, "circle", "fill", VERMILION), 2 * 12 + 1 + 2);
    let texts = texts(&svg);
    for text in [
        "Training",
        "12 epochs",
        "Loss",
        "Accuracy",
        "training",
        "validation",
        "epoch",
    ] {
        assert!(
            texts.iter().any(|found| found == text),
            "{text} in {texts:?}"
        );
    }
    assert!(texts.contains(&"lowest 0.1667 in epoch 12".to_owned()));
    assert!(texts.contains(&"highest 40.00 % in epoch 1".to_owned()));
}

#[test]
fn what_is_no_number_is_a_gap() {
    let (nan, infinite) = (f64::NAN, f64::INFINITY);
    let history = [
        epoch([0.5, 0.5, nan, nan]),
        epoch([0.4, 0.6, nan, nan]),
        epoch([infinite, nan, nan, nan]),
        epoch([0.3, 0.7, nan, nan]),
    ];
    let svg = checked(&Curves::new(&history));
    assert_eq!(line_lengths(&svg, BLUE), [2, 2]);
    assert!(!texts(&svg).contains(&"validation".to_owned()));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn histories_of_none_one_and_many_epochs_are_drawn() {
    assert_eq!(texts(&checked(&Curves::new(&[])))[1], "0 epochs");
    let one = checked(&Curves::new(&[epoch([0.5, 0.5, 0.5, 0.5])]));
    assert_eq!(texts(&one)[1], "1 epoch");
    assert!(line_lengths(&one, BLUE).is_empty());
    let many: Vec<EpochPoint> = (0..500)
        .map(|n| epoch([f64::from(n % 7), 0.5, 1e300, 1.0]))
        .collect();
    // No dots on long lines: the legend's alone.
    assert_eq!(
        elements(&checked(&Curves::new(&many)), "circle", "fill", BLUE),
        1
    );
    checked(&Curves::new(&[epoch([f64::MAX, -5.0, f64::MIN, 7.0]); 2]));
}

#[test]
fn curves_as_text() {
    let history: Vec<EpochPoint> = (0..5)
        .map(|n| epoch([f64::from(4 - n), 0.2 * f64::from(n), f64::NAN, f64::NAN]))
        .collect();
    let text = Curves::new(&history).to_text(72, Ink::Ascii);
    assert_eq!(text, include_str!("curves.txt"));
    let colored = Curves::new(&history).to_text(72, Ink::TrueColor);
    assert!(colored.contains("\x1b[38;5;32m"));
}

#[test]
fn a_confusion_matrix_has_a_cell_for_each_count() {
    let names: Vec<String> = ["a", "<b>", "c\u{1b}"].map(String::from).to_vec();
    let matrix = [vec![5, 0, 1], vec![0, 7, 0], vec![2, 0, 0]];
    let svg = checked(&ConfusionPlot::new(&matrix, &names));
    let texts = texts(&svg);
    for text in [
        "5",
        "7",
        "1",
        "2",
        "12 of 15 images right (80.00 %)",
        "83.33 %",
        "0.00 %",
    ] {
        assert_eq!(
            texts.iter().filter(|found| *found == text).count(),
            1,
            "{text}"
        );
    }
    for name in ["a", "<b>", "c?"] {
        assert_eq!(
            texts.iter().filter(|found| *found == name).count(),
            2,
            "{name}"
        );
    }
    // Paper, four counts and two samples of the legend.
    assert_eq!(elements(&svg, "rect", "stroke", "none"), 1 + 4 + 2);
}

#[test]
fn matrices_of_no_one_and_many_classes_are_drawn() {
    checked(&ConfusionPlot::new(&[], &[]));
    checked(&ConfusionPlot::new(&[vec![0]], &["x".repeat(100)]));
    for classes in [100, 300] {
        let mut matrix = vec![vec![0; classes]; classes];
        for class in 0..classes {
            matrix[class][class] = 90;
            matrix[class][(class + 1) % classes] = 10;
        }
        let svg = checked(&ConfusionPlot::new(&matrix, &[]));
        // A right and a wrong cell a class; of 300, the last one drawn has its wrong one outside.
        let cells = if classes == 100 { 200 } else { 2 * 256 - 1 };
        assert_eq!(elements(&svg, "rect", "stroke", "none"), 1 + cells + 2);
    }
}

fn worst(image: Image<'_>, index: usize) -> WorstImage<'_> {
    WorstImage {
        image,
        index,
        truth: "9".into(),
        decision: "4".into(),
        abs_error: 1.9375,
    }
}

#[test]
fn a_gallery_shows_each_image_and_its_captions() {
    // One row of four pixels: a run of two, and two single ones.
    let shape = ImageShape::new(1, 4, 1).unwrap();
    let image = Image::new(shape, &[9, 9, 200, 30]).unwrap();
    let mut images: Vec<WorstImage<'_>> = (0..5).map(|index| worst(image, index)).collect();
    images[4].decision = "9".into();
    let gallery = Gallery::new(images);
    let svg = checked(&gallery);
    assert_eq!(elements(&svg, "rect", "fill", "#090909"), 5);
    assert_eq!(elements(&svg, "rect", "fill", "#C8C8C8"), 5);
    let texts = texts(&svg);
    assert_eq!(texts[0], "The 5 largest errors");
    assert_eq!(
        texts.iter().filter(|text| *text == "9 taken for 4").count(),
        4
    );
    assert!(texts.contains(&"9, not sure".to_owned()));
    assert!(texts.contains(&"image 3, error 1.938".to_owned()));
    assert!(gallery.to_text(80, Ink::Ascii).contains("4: 9, not sure"));
}

#[test]
fn galleries_of_no_large_and_many_images_are_drawn() {
    checked(&Gallery::new(vec![]));
    let pixels: Vec<u8> = (0..500 * 300 * 3).map(|i| (i % 251) as u8).collect();
    let large = Image::new(ImageShape::new(500, 300, 3).unwrap(), &pixels).unwrap();
    let gallery = Gallery::new(vec![worst(large, 0)]);
    assert!(gallery.to_svg().unwrap().len() < 3_000_000);
    let dot = Image::new(ImageShape::new(1, 1, 1).unwrap(), &[7]).unwrap();
    let many = Gallery::new((0..1000).map(|index| worst(dot, index)).collect());
    assert_eq!(elements(&checked(&many), "rect", "fill", "#070707"), 100);
}

fn graph(
    size: [usize; 2],
    channels: usize,
    filters: usize,
    weight: impl Fn(usize) -> f32,
) -> Graph {
    let mut graph = Graph::new("net", [40, 40, channels]).unwrap();
    let kernel = Tensor::from_fn([size[0], size[1], channels, filters], weight);
    let window = Window::new(size, [1, 1], Padding::Valid).unwrap();
    graph
        .push("conv", Conv2D::new(window, kernel, None).unwrap())
        .unwrap();
    graph
}

#[test]
fn filters_have_a_cell_for_each_weight() {
    // Weights 0 to 11 of `[2, 3, 1, 2]`: the largest is full blue, in the second filter.
    let filters = Filters::of_first_convolution(&graph([2, 3], 1, 2, |i| i as f32)).unwrap();
    let svg = checked(&filters);
    // Paper, the weights and the parts of the scale.
    assert_eq!(elements(&svg, "rect", "stroke", "none"), 1 + 12 + 44);
    assert_eq!(elements(&svg, "rect", "fill", BLUE), 1);
    let texts = texts(&svg);
    assert_eq!(
        texts[..2],
        ["Filters of conv", "2 filters of 2×3 weights over 1 channel"]
    );
    assert!(texts.contains(&"+11.000".to_owned()) && texts.contains(&"−11.000".to_owned()));
}

#[test]
fn filters_of_any_shape_and_weight_are_drawn() {
    let odd = |i| [f32::NAN, f32::INFINITY, 0.0, -1.0][i % 4];
    for (size, channels, count) in [([1, 1], 1, 3), ([3, 3], 3, 8), ([1, 40], 300, 100)] {
        let filters = Filters::of_first_convolution(&graph(size, channels, count, odd)).unwrap();
        let svg = checked(&filters);
        let tiles = channels.min(16) * count.min(64);
        let weights = size[0] * size[1].min(32);
        assert_eq!(
            elements(&svg, "rect", "stroke", "none"),
            1 + tiles * weights + 44
        );
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
    let zeros = Filters::of_first_convolution(&graph([3, 3], 1, 1, |_| 0.0)).unwrap();
    checked(&zeros);
    assert_eq!(
        Filters::of_first_convolution(&Graph::new("net", [4]).unwrap()),
        None
    );
}
