//! The memory plan: which stretch of the arena each buffer gets.
//!
//! In come sizes and lifetimes, out go offsets such that no two buffers that are needed at
//! the same time overlap. Buffers are placed one after another, each at the lowest offset
//! that is free while it lives; of several orders the one that needs least wins. The largest
//! sum of sizes alive at one moment bounds every plan from below.

use crate::ir::Slot;

/// Offsets and sizes are multiples of this, so that every element type is aligned.
const ALIGNMENT: usize = 4;

/// Gives each of `slots` an offset; what they hold on entry is overwritten.
pub(crate) fn place(slots: &mut [Slot]) {
    for slot in slots.iter_mut() {
        slot.bytes = slot.bytes.next_multiple_of(ALIGNMENT);
    }
    let orders: [fn(&Slot) -> [usize; 2]; 3] = [
        |slot| [slot.bytes, slot.last - slot.first],
        |slot| [slot.last - slot.first, slot.bytes],
        |slot| [slot.bytes * (slot.last - slot.first + 1), slot.bytes],
    ];
    let best = orders
        .into_iter()
        .map(|key| place_in_order(slots, key))
        .min_by_key(|offsets| end_of(slots, offsets))
        .expect("there is an order");
    for (slot, offset) in slots.iter_mut().zip(best) {
        slot.offset = offset;
    }
}

/// How large the arena is that `slots` lie in.
pub(crate) fn end(slots: &[Slot]) -> usize {
    slots
        .iter()
        .map(|slot| slot.offset + slot.bytes)
        .max()
        .unwrap_or(0)
}

/// The largest sum of sizes that are needed at one moment: no plan needs less.
pub(crate) fn lower_bound(slots: &[Slot]) -> usize {
    let alive_at = |stage| move |slot: &&Slot| slot.first <= stage && stage <= slot.last;
    slots
        .iter()
        .map(|slot| {
            slots
                .iter()
                .filter(alive_at(slot.first))
                .map(|slot| slot.bytes)
                .sum()
        })
        .max()
        .unwrap_or(0)
}

/// Places the largest by `key` first.
fn place_in_order(slots: &[Slot], key: fn(&Slot) -> [usize; 2]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..slots.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(key(&slots[i])));
    let mut offsets = vec![None; slots.len()];
    for i in order {
        let mut taken: Vec<(usize, usize)> = (0..slots.len())
            .filter(|&j| slots[j].first <= slots[i].last && slots[i].first <= slots[j].last)
            .filter_map(|j| offsets[j].map(|offset| (offset, offset + slots[j].bytes)))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (begin, end) in taken {
            if begin >= offset + slots[i].bytes {
                break;
            }
            offset = offset.max(end);
        }
        offsets[i] = Some(offset);
    }
    offsets.into_iter().flatten().collect()
}

fn end_of(slots: &[Slot], offsets: &[usize]) -> usize {
    slots
        .iter()
        .zip(offsets)
        .map(|(slot, offset)| offset + slot.bytes)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(lives: &[(usize, usize, usize)]) -> Vec<Slot> {
        lives
            .iter()
            .map(|&(bytes, first, last)| Slot {
                offset: usize::MAX,
                bytes,
                first,
                last,
            })
            .collect()
    }

    #[test]
    fn a_chain_needs_its_two_largest_neighbours() {
        let mut slots = slots(&[
            (784, 0, 0),
            (5408, 0, 1),
            (576, 1, 2),
            (256, 2, 3),
            (40, 3, 3),
        ]);
        place(&mut slots);
        assert_eq!(end(&slots), 784 + 5408);
        assert_eq!(lower_bound(&slots), 784 + 5408);
    }

    /// Lifetimes and sizes from a small generator: no two that live together overlap, and
    /// the plan stays near its bound.
    #[test]
    fn buffers_that_live_together_never_overlap() {
        let mut state = 1_u64;
        let mut next = |limit: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % limit) as usize
        };
        for _ in 0..200 {
            let lives: Vec<_> = (0..12)
                .map(|_| {
                    let first = next(10);
                    (1 + next(1000), first, first + next(4))
                })
                .collect();
            let mut slots = slots(&lives);
            place(&mut slots);
            for (i, a) in slots.iter().enumerate() {
                assert_eq!(a.offset % ALIGNMENT, 0);
                for b in &slots[i + 1..] {
                    let together = a.first <= b.last && b.first <= a.last;
                    let apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
                    assert!(!together || apart, "{a:?} and {b:?}");
                }
            }
            assert!(end(&slots) >= lower_bound(&slots));
            assert!(
                end(&slots) * 2 <= lower_bound(&slots) * 3,
                "far from the bound"
            );
        }
    }
}
