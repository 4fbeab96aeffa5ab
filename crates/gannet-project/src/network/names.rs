//! Names of layers that say nothing of theirs: Keras' own, counted as Keras counts.

use std::collections::HashSet;

/// The names that are taken so far.
#[derive(Debug, Default)]
pub struct Names(HashSet<String>);

impl Names {
    pub fn take(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// `conv2d`, `conv2d_1`, … for the kind `Conv2D`.
    pub fn free(&self, kind: &str) -> String {
        // Keras counts inputs from 1.
        if kind == "InputLayer" {
            return "input_1".to_owned();
        }
        gannet_graph::free_name(&snake_case(kind), |name| self.0.contains(name))
    }

    pub fn all(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

fn snake_case(kind: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for letter in kind.chars() {
        if before.is_ascii_lowercase() && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
        before = letter;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_keras_gives() {
        assert_eq!(snake_case("Conv2D"), "conv2d");
        assert_eq!(
            snake_case("GlobalAveragePooling2D"),
            "global_average_pooling2d"
        );
        assert_eq!(snake_case("DepthwiseConv2D"), "depthwise_conv2d");
        let mut names = Names::default();
        names.take("dense");
        assert_eq!(names.free("Dense"), "dense_1");
    }
}
