//! Weights that share few values: the same bits as where each lies by itself, in fewer bytes.

use crate::compiler::Compiler;
use crate::host::{hold_to_interpreter, images, interpreted};
use crate::suite::{self, Random};
use gannet_compile::ir::{Constant, Program, Storage};
use gannet_compile::{InputFormat, Options, Sharing, compile};
use gannet_graph::Graph;

/// The networks of the suite whose kernels share so many values.
fn networks(values: usize) -> Vec<Graph> {
    // A name for each, as C has one for all its files.
    let mut networks: Vec<Graph> = (suite::networks().into_iter())
        .map(|network| {
            let name = format!("{} of {values}", network.name());
            network.renamed(name)
        })
        .collect();
    let mut random = Random::new(values as u64);
    for network in &mut networks {
        for id in network.ids() {
            let weights = network.node(id).layer().weights();
            let are_kernels: Vec<bool> = weights.iter().map(|w| w.name == "kernel").collect();
            for (weights, is_kernel) in network.node_weights_mut(id).into_iter().zip(are_kernels) {
                if is_kernel && weights.len() > values {
                    let shared = weights[..values].to_vec();
                    weights.fill_with(|| shared[random.below(values)]);
                }
            }
        }
    }
    networks
}

/// The networks of each kind of place, and how their weights are stored.
fn programs(sharing: Sharing) -> Vec<Program> {
    let options = Options {
        sharing,
        ..Options::new(InputFormat::PIXELS)
    };
    let networks = [13, 200].into_iter().flat_map(networks);
    networks
        .map(|network| compile(&network, &options).unwrap())
        .collect()
}

fn is_shared(program: &Program) -> bool {
    let is_table = |storage: &Storage| matches!(storage, Storage::Constant(Constant::U8(_)));
    (program.buffers().iter()).any(|buffer| is_table(&buffer.storage))
}

#[test]
fn shared_weights_give_the_bits_of_single_ones() {
    let mut shared_programs = 0;
    for (single, shared) in programs(Sharing::Never)
        .iter()
        .zip(programs(Sharing::WhereFew))
    {
        assert!(!is_shared(single));
        if is_shared(&shared) {
            shared_programs += 1;
            assert!(shared.constant_bytes() < single.constant_bytes());
        }
        let images = images(shared.image_len(), 5);
        let found = interpreted(&shared, &images);
        assert!(found == interpreted(single, &images), "{}", single.name());
    }
    assert!(shared_programs > 20, "{shared_programs}");
}

#[test]
fn generated_code_computes_the_interpreters_bits_of_shared_weights() {
    let programs = programs(Sharing::WhereFew);
    let programs: Vec<&Program> = programs.iter().filter(|each| is_shared(each)).collect();
    hold_to_interpreter(&programs, &[Compiler::GCC, Compiler::CLANG, Compiler::ARM]);
}

/// Dense layers of 9,216 weights and of 64 times 10 and convolutions of 800 and 200, of 13 values
/// each: two weights a byte, but five in three where ten units are two blocks; 52 bytes for each
/// table; and 74 biases.
#[test]
fn thirteen_values_take_half_a_byte_a_weight() {
    let program = &programs(Sharing::WhereFew)[0];
    assert_eq!(
        program.constant_bytes(),
        (9_216 + 800 + 200) / 2 + 64 * 6 + 4 * 13 * 4 + 74 * 4
    );
}
