//! The two orders of a network's layers: that in which a file is read, each layer behind its
//! inputs, and that in which Keras lists them, which the weights of a file follow.
//!
//! Layers are places in a list here, and their wiring the places that each is wired to.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

/// The layers that `ends` need, themselves included, each behind its inputs and otherwise in the
/// order of the list.
///
/// # Errors
/// A layer that is wired to itself in a circle.
pub(super) fn behind_inputs(ends: &[usize], inputs: &[Vec<usize>]) -> Result<Vec<usize>, usize> {
    let mut left: BTreeSet<usize> = preorder(ends, inputs).into_iter().collect();
    let mut readers = vec![Vec::new(); inputs.len()];
    let mut waits_for = vec![0; inputs.len()];
    for &layer in &left {
        waits_for[layer] = inputs[layer].len();
        for &input in &inputs[layer] {
            readers[input].push(layer);
        }
    }
    let ready = left.iter().filter(|&&layer| waits_for[layer] == 0);
    let mut ready: BinaryHeap<_> = ready.copied().map(Reverse).collect();
    let mut order = Vec::with_capacity(left.len());
    while let Some(Reverse(layer)) = ready.pop() {
        left.remove(&layer);
        order.push(layer);
        for &reader in &readers[layer] {
            waits_for[reader] -= 1;
            if waits_for[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    let Some(&stuck) = left.first() else {
        return Ok(order);
    };
    // Whoever waits for one that waits comes into the circle after as many steps.
    let wait = |layer: usize| {
        inputs[layer]
            .iter()
            .copied()
            .find(|input| left.contains(input))
    };
    let walk = std::iter::successors(Some(stuck), |&layer| wait(layer));
    Err(walk.take(left.len() + 1).last().unwrap_or(stuck))
}

/// The layers that `end` needs in the order of `model.layers`: the longer the way to the end
/// the earlier, and those of one length as a walk from the end meets them first.
/// Keras goes through the weights of a file in this order, whatever their names are.
///
/// `inputs` has each layer behind its inputs.
pub(super) fn of_keras(end: usize, inputs: &[Vec<usize>]) -> Vec<usize> {
    let mut order = preorder(&[end], inputs);
    let mut depth = vec![0; inputs.len()];
    let mut needed = order.clone();
    needed.sort_unstable_by_key(|&layer| Reverse(layer));
    for layer in needed {
        for &input in &inputs[layer] {
            depth[input] = depth[input].max(depth[layer] + 1);
        }
    }
    // Stable, so the walk decides between those of one depth.
    order.sort_by_key(|&layer| Reverse(depth[layer]));
    order
}

/// What a walk from `ends` meets that goes on from each layer to its first input first.
fn preorder(ends: &[usize], inputs: &[Vec<usize>]) -> Vec<usize> {
    let mut met = vec![false; inputs.len()];
    let mut order = Vec::new();
    let mut open: Vec<usize> = ends.iter().rev().copied().collect();
    while let Some(layer) = open.pop() {
        if !std::mem::replace(&mut met[layer], true) {
            order.push(layer);
            // The last in is the first out.
            open.extend(inputs[layer].iter().rev());
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 is the input, 1 and 2 are branches, 4 joins them; nothing needs 3.
    #[test]
    fn a_list_in_order_stays_as_it_is() {
        let inputs = [vec![], vec![0], vec![0], vec![0], vec![2, 1, 1]];
        assert_eq!(behind_inputs(&[4], &inputs), Ok(vec![0, 1, 2, 4]));
    }

    #[test]
    fn a_list_out_of_order_is_put_in_order() {
        let inputs = [vec![2, 1], vec![2], vec![3], vec![]];
        assert_eq!(behind_inputs(&[0], &inputs), Ok(vec![3, 2, 1, 0]));
    }

    /// 0 is behind the circle of 1 and 2, not in it.
    #[test]
    fn a_layer_in_the_circle_is_named() {
        let circle = behind_inputs(&[0], &[vec![1], vec![2], vec![1, 3], vec![]]);
        assert!(matches!(circle, Err(1 | 2)), "{circle:?}");
    }

    /// A long branch 1, 2 and a short one 3 that was made first in the file and second in
    /// the sum: the depths are 3, 2, 1, 1, 0, and of the two at depth 1 the sum names 3 first.
    #[test]
    fn keras_goes_by_depth_and_then_by_the_walk_from_the_end() {
        let inputs = [vec![], vec![0], vec![1], vec![0], vec![3, 2]];
        assert_eq!(of_keras(4, &inputs), [0, 1, 3, 2, 4]);
    }
}
