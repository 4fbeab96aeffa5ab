//! Names that nothing else has, as Keras counts.

/// `base`, or the first of `base_1`, `base_2`, … that is not taken.
pub fn free_name(base: &str, taken: impl Fn(&str) -> bool) -> String {
    std::iter::once(base.to_owned())
        .chain((1..).map(|i| format!("{base}_{i}")))
        .find(|name| !taken(name))
        .expect("there are more names than can be taken")
}
