//! The way of the gradients back through a plan: which values need one, in what order they
//! add up, and which buffer holds them meanwhile.
//!
//! A value's gradient lives from its last reader to its writer, so that a few buffers serve
//! all of them.

use super::join::Arrival;
use super::plan::{Action, Step};

/// The way of the gradients.
#[derive(Debug)]
pub struct Route {
    /// For each step, what becomes of the gradient of each of its inputs; nothing if the
    /// input does not need one.
    pub arrivals: Vec<Vec<Option<Arrival>>>,
    /// The buffer of each slot's gradient; nothing if the slot does not need one.
    pub buffers: Vec<Option<usize>>,
    /// Elements of each buffer.
    pub sizes: Vec<usize>,
    /// Elements of the largest gradient that an operator computes beside its place.
    pub beside: usize,
}

impl Route {
    /// The way back through `steps` from the slot `output`.
    pub fn new(steps: &[Step], slots: &[usize], output: usize) -> Self {
        let learns = learning(steps, slots.len());
        let mut route = Route {
            arrivals: vec![Vec::new(); steps.len()],
            buffers: vec![None; slots.len()],
            sizes: Vec::new(),
            beside: 0,
        };
        let mut free = Vec::new();
        route.take_buffer(output, slots, &mut free);
        for (i, step) in steps.iter().enumerate().rev() {
            if step.is_in_place() {
                continue;
            }
            for &input in &step.inputs {
                let arrival = learns[input].then(|| {
                    if route.buffers[input].is_some() {
                        if !matches!(step.action, Action::Join(_) | Action::Activate { .. }) {
                            route.beside = route.beside.max(slots[input]);
                        }
                        return Arrival::Further;
                    }
                    route.take_buffer(input, slots, &mut free);
                    Arrival::First
                });
                route.arrivals[i].push(arrival);
            }
            free.extend(route.buffers[step.output]);
        }
        route
    }

    /// Gives `slot` the free buffer that is nearest to its size, or a new one.
    fn take_buffer(&mut self, slot: usize, slots: &[usize], free: &mut Vec<usize>) {
        let distance = |&place: &usize| self.sizes[free[place]].abs_diff(slots[slot]);
        let buffer = match (0..free.len()).min_by_key(distance) {
            Some(place) => free.remove(place),
            None => {
                self.sizes.push(0);
                self.sizes.len() - 1
            }
        };
        self.sizes[buffer] = self.sizes[buffer].max(slots[slot]);
        self.buffers[slot] = Some(buffer);
    }
}

/// Which slots depend on weights.
fn learning(steps: &[Step], slots: usize) -> Vec<bool> {
    let mut learns = vec![false; slots];
    for step in steps {
        let before = step.inputs.iter().any(|&input| learns[input]);
        learns[step.output] |= before || !step.weights.is_empty();
    }
    learns
}
