//! The plan of the arena against the bound that no plan falls below.

use crate::host;
use crate::plan::{Family, Plan};
use crate::random::Floats;
use crate::random_integers::Integers;
use gannet_compile::ir::Program;

/// Of every network of the suite and of integers the plan is the best that there is.
#[test]
fn the_suites_arenas_are_as_small_as_any_plan_makes_them() {
    for program in host::programs() {
        let (bytes, bound) = (program.arena_bytes(), program.arena_lower_bound());
        assert_eq!(bytes, bound, "{}", program.name());
    }
}

/// Of 300 random networks all but five.
#[test]
fn nearly_all_random_arenas_are_within_two_in_a_hundred_of_the_bound() {
    let plans = || (0..150).map(Plan::new);
    let floats = plans().map(|plan| Floats::compiled(&Floats::graph(&plan)));
    let integers = plans().map(|plan| Integers::compiled(&Integers::graph(&plan)));
    let programs: Vec<Program> = floats.chain(integers).map(Result::unwrap).collect();
    let is_far =
        |program: &&Program| 100 * program.arena_bytes() > 102 * program.arena_lower_bound();
    let far = programs.iter().filter(is_far).count();
    assert!(far <= 5, "{far} of {}", programs.len());
}
