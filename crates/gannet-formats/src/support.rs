//! What a format has for each layer kind, as the code that reads and writes it tells.

/// What a format has for one of its own classes of layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supported {
    /// The names under which it is read, the one that is written first.
    pub names: Vec<String>,
    /// The kinds of the graph that become of it, one behind the other; none if it does nothing at
    /// inference and is left out.
    pub kinds: Vec<&'static str>,
    /// The attributes that are looked at, each with the values that are taken.
    pub attributes: Vec<(String, String)>,
}
