//! The nearest thing to do about an obstacle, for those that have one.

use crate::Obstacle;

/// Which obstacles a piece of advice is for, by the beginning of their class and by their
/// attribute; an empty text is for all. The first that suits is given.
const ADVICE: &[(&str, &str, &str)] = &[
    ("LSTM", "class_name", RECURRENT),
    ("GRU", "class_name", RECURRENT),
    ("SimpleRNN", "class_name", RECURRENT),
    ("Bidirectional", "class_name", RECURRENT),
    ("LSTM", "op_type", RECURRENT),
    ("GRU", "op_type", RECURRENT),
    (
        "LayerNormalization",
        "",
        "BatchNormalization in its place costs nothing on the device: it is folded into the weights",
    ),
    (
        "Lambda",
        "class_name",
        "write the function as layers of the list, or compute it before the network",
    ),
    (
        "TimeDistributed",
        "class_name",
        "a Conv1D with a window of 1 does what a Dense layer does at each time",
    ),
    (
        "Embedding",
        "class_name",
        "look the vectors up before the network, and give it the vectors",
    ),
    (
        "",
        "class_name",
        "build the network without it, or end the network before it: keras.Model(model.input, model.get_layer(...).output)",
    ),
    (
        "",
        "output_layers",
        "save the part with one output: keras.Model(model.input, model.outputs[0])",
    ),
    (
        "",
        "input_layers",
        "concatenate the inputs before the network, and split them by Cropping in it",
    ),
    (
        "",
        "batch_shape",
        "begin the network with an Input whose extents are all numbers",
    ),
    (
        "",
        "batch_input_shape",
        "begin the network with an Input whose extents are all numbers",
    ),
    (
        "",
        "dtype",
        "build the network anew under the policy float32 and set its weights",
    ),
];

const RECURRENT: &str =
    "a Conv1D over the last samples does the work of most small recurrent layers";

/// What can be done about `obstacle`; `None` where what is supported says it.
pub(crate) fn on(obstacle: &Obstacle) -> Option<&'static str> {
    let advice = ADVICE.iter().find(|(class, attribute, _)| {
        obstacle.class.starts_with(class)
            && (attribute.is_empty() || obstacle.attribute == *attribute)
    });
    advice.map(|(_, _, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(class: &str, attribute: &str) -> String {
        let obstacle = Obstacle {
            layer: "a".to_owned(),
            class: class.to_owned(),
            attribute: attribute.to_owned(),
            value: "b".to_owned(),
            supported: "c".to_owned(),
        };
        obstacle.to_string()
    }

    #[test]
    fn the_closest_advice_is_given() {
        assert!(of("LSTM", "class_name").ends_with(RECURRENT));
        assert!(of("Attention", "class_name").contains("end the network before it"));
        assert_eq!(
            of("Conv2D", "padding"),
            "'a' (Conv2D): padding is b, supported: c"
        );
    }
}
