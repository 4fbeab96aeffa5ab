//! Random networks, computed in every way that there is. A network on which two ways differ is
//! made smaller while they still do, and printed.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::compiler::Compiler;
use crate::generated_c;
use crate::generated_rust;
use crate::host::{images, interpreted};
use crate::suite::Random;
use gannet_compile::CompileError;
use gannet_compile::ir::Program;

/// A network as a list of choices: each is made into a layer with whatever shape lies before it,
/// so that any of them can be left out.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub image: [usize; 3],
    pub choices: Vec<u64>,
}

impl Plan {
    pub fn new(seed: u64) -> Plan {
        let mut random = Random::new(seed);
        let mut below = |n: u64| 1 + (random.bits() % n) as usize;
        let image = [below(11), below(11), below(4)];
        let length = below(6);
        let choices = (0..length).map(|_| random.bits()).collect();
        Plan {
            seed,
            image,
            choices,
        }
    }

    /// Plans that are a little smaller than this one.
    fn smaller(&self) -> Vec<Plan> {
        let without = (0..self.choices.len()).map(|i| {
            let mut plan = self.clone();
            plan.choices.remove(i);
            plan
        });
        let narrower = (0..3).filter(|&i| self.image[i] > 1).map(|i| {
            let mut plan = self.clone();
            plan.image[i] -= 1;
            plan
        });
        without.chain(narrower).collect()
    }
}

/// A kind of networks that plans are made into.
pub trait Family {
    type Graph;

    fn graph(plan: &Plan) -> Self::Graph;

    fn compiled(graph: &Self::Graph) -> Result<Program, CompileError>;

    /// Whether the interpreter computes what the reference does.
    fn agrees(graph: &Self::Graph) -> bool;

    /// The network as a person reads it.
    fn text(graph: &Self::Graph) -> String;
}

/// What is wrong with `plan` alone; to find that out takes a build of each language.
fn fault<F: Family>(plan: &Plan) -> Option<String> {
    let graph = F::graph(plan);
    let program = match F::compiled(&graph) {
        Ok(program) => program,
        Err(error) => return Some(error.to_string()),
    };
    if !F::agrees(&graph) {
        return Some("the interpreter leaves the reference".to_owned());
    }
    let images = images(program.image_len(), 3);
    let expected = interpreted(&program, &images);
    if generated_c::run_all(&[&program], std::slice::from_ref(&images), Compiler::GCC)
        != [expected.clone()]
    {
        return Some("C leaves the interpreter".to_owned());
    }
    (generated_rust::run_all(&[&program], &[images]) != [expected])
        .then(|| "Rust leaves the interpreter".to_owned())
}

/// The network, as small as leaving layers out and narrowing the image make it while something
/// is wrong with it, and what is.
fn shrunk<F: Family>(mut plan: Plan) -> String {
    while let Some(smaller) = plan
        .smaller()
        .into_iter()
        .find(|plan| fault::<F>(plan).is_some())
    {
        plan = smaller;
    }
    format!(
        "{}:\n{}",
        fault::<F>(&plan).unwrap_or_else(|| "nothing, alone".to_owned()),
        F::text(&F::graph(&plan))
    )
}

/// Networks 0 to below `networks` give what their references do, as the interpreter runs them.
pub fn compare_with_reference<F: Family>(networks: u64) {
    let next = AtomicU64::new(0);
    let run = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= networks {
            return;
        }
        let plan = Plan::new(seed);
        let graph = F::graph(&plan);
        let is_right = F::compiled(&graph).is_ok() && F::agrees(&graph);
        assert!(is_right, "{}", shrunk::<F>(plan));
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(run)));
    });
}

/// Networks 0 to below `networks` give the same in every way; the first `emulated` of them on the
/// emulated board too.
pub fn compare<F: Family>(networks: u64, emulated: usize) {
    let plans: Vec<Plan> = (0..networks).map(Plan::new).collect();
    let graphs: Vec<F::Graph> = plans.iter().map(F::graph).collect();
    let programs: Vec<Program> = (graphs.iter().zip(&plans))
        .map(|(graph, plan)| {
            F::compiled(graph).unwrap_or_else(|_| panic!("{}", shrunk::<F>(plan.clone())))
        })
        .collect();
    let programs: Vec<&Program> = programs.iter().collect();
    let images: Vec<_> = (programs.iter())
        .map(|program| images(program.image_len(), 3))
        .collect();
    for (graph, plan) in graphs.iter().zip(&plans) {
        assert!(F::agrees(graph), "{}", shrunk::<F>(plan.clone()));
    }
    let in_c = generated_c::run_all(&programs, &images, Compiler::GCC);
    let in_rust = generated_rust::run_all(&programs, &images);
    for (i, plan) in plans.iter().enumerate() {
        let expected = interpreted(programs[i], &images[i]);
        let alike = in_c[i] == expected && in_rust[i] == expected;
        assert!(alike, "{}", shrunk::<F>(plan.clone()));
    }
    if emulated > 0 {
        let (few, few_images) = (&programs[..emulated], &images[..emulated]);
        let on_board = generated_c::run_all(few, few_images, Compiler::ARM);
        assert!(on_board == in_c[..emulated], "the board gives other bits");
    }
}
