//! How Keras makes the name of a group in a file out of the name of a class.

/// `conv2d` for `Conv2D`, `batch_normalization` for `BatchNormalization`, `p_re_lu` for `PReLU`:
/// an underscore comes before a capital that small letters follow, unless it is the first, and
/// then between a small letter and a capital.
pub(super) fn snake_case(class: &str) -> String {
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    let letters: Vec<char> = class.chars().filter(word).collect();
    let mut words = Vec::with_capacity(letters.len() + 4);
    let mut i = 0;
    while i < letters.len() {
        words.push(letters[i]);
        i += 1;
        let is_word = |at: &[char]| matches!(at, [first, second, ..] if first.is_ascii_uppercase() && second.is_ascii_lowercase());
        if is_word(&letters[i..]) {
            words.extend(['_', letters[i]]);
            i += 1;
            while letters.get(i).is_some_and(char::is_ascii_lowercase) {
                words.push(letters[i]);
                i += 1;
            }
        }
    }
    let mut name = String::with_capacity(words.len() + 4);
    for (i, &letter) in words.iter().enumerate() {
        let after_small = i > 0 && words[i - 1].is_ascii_lowercase();
        if after_small && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `keras.src.utils.naming.to_snake_case` gives them.
    #[test]
    fn classes_have_the_names_that_keras_gives() {
        for (class, name) in [
            ("Conv2D", "conv2d"),
            ("InputLayer", "input_layer"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("BatchNormalization", "batch_normalization"),
            ("LeakyReLU", "leaky_re_lu"),
            ("PReLU", "p_re_lu"),
            ("ReLU", "re_lu"),
            ("ELU", "elu"),
            ("LSTM", "lstm"),
            ("ZeroPadding2D", "zero_padding2d"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }
}
