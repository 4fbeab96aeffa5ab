//! One suite of networks, computed in every way that there is: all must agree.

mod generated_rust;
mod reference;
mod suite;
