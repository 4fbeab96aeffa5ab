//! One suite of networks, computed in every way that there is: all must agree.

mod arena;
mod compiler;
mod generated_c;
mod generated_rust;
mod host;
mod integers;
mod panics;
mod plan;
mod random;
mod random_integers;
mod reference;
mod rows;
mod shared;
mod suite;
mod vendor_c;
