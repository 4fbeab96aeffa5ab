//! How a tensor of ONNX lies in a tensor of the graph: the two hold the same numbers, but
//! ONNX has a batch, channels in front of rows and columns, and axes that come and go.
//!
//! A graph's tensor is taken apart into *factors*, extents whose product is its size, in the
//! order of its memory. Each axis of ONNX's tensor is the batch or runs over some of the
//! factors. So `Transpose`, `Reshape`, `Flatten`, `Squeeze` and `Unsqueeze` move no number:
//! they only name the same factors by other axes, and whoever multiplies with weights puts
//! the weights into the order of the memory.
//!
//! An image that ONNX has as `[batch, 3, 28, 28]` and the graph as `[28, 28, 3]` has the
//! factors 28, 28, 3 and the axes batch, {2}, {0}, {1}; flattened, batch and {2, 0, 1}.

use std::collections::VecDeque;

use super::walk;

/// What an axis of ONNX's tensor runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Axis {
    /// The batch, which a graph's tensor does not have.
    Batch,
    /// These factors, outermost first; none if its extent is 1.
    Of(Vec<usize>),
}

/// ONNX's axes over the factors of a graph's tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// In the order of the memory; none is 1.
    factors: Vec<usize>,
    axes: Vec<Axis>,
    /// The batch's extent.
    batch: usize,
}

impl View {
    /// A tensor of extents `dims`. Its batch is axis `batch_axis`, if it has one; in the
    /// memory its other axes are in the order in which `memory` names them.
    pub fn new(dims: &[usize], batch_axis: Option<usize>, memory: &[usize]) -> Self {
        let mut axes: Vec<Axis> = vec![Axis::Of(Vec::new()); dims.len()];
        let mut factors = Vec::new();
        for &axis in memory {
            if dims[axis] != 1 {
                axes[axis] = Axis::Of(vec![factors.len()]);
                factors.push(dims[axis]);
            }
        }
        if let Some(axis) = batch_axis {
            axes[axis] = Axis::Batch;
        }
        View {
            factors,
            axes,
            batch: batch_axis.map_or(1, |axis| dims[axis]),
        }
    }

    /// A tensor of these factors, none of which is 1, under these axes.
    pub fn over(factors: Vec<usize>, axes: Vec<Axis>, batch: usize) -> Self {
        View {
            factors,
            axes,
            batch,
        }
    }

    /// The same factors under other axes.
    pub fn with_axes(&self, axes: Vec<Axis>) -> Self {
        View {
            axes,
            ..self.clone()
        }
    }

    /// The extents as ONNX has them.
    pub fn dims(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| self.extent(axis)).collect()
    }

    fn extent(&self, axis: &Axis) -> usize {
        match axis {
            Axis::Batch => self.batch,
            Axis::Of(factors) => self.size(factors),
        }
    }

    /// The axes.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.axes.len()
    }

    /// The batch's extent; 1 if there is none.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Which axis the batch is.
    pub fn batch_axis(&self) -> Option<usize> {
        self.axes.iter().position(|axis| *axis == Axis::Batch)
    }

    /// The factors' extents, in the order of the memory.
    pub fn factors(&self) -> &[usize] {
        &self.factors
    }

    /// The product of these factors.
    pub fn size(&self, factors: &[usize]) -> usize {
        factors.iter().map(|&factor| self.factors[factor]).product()
    }

    /// The factors of `axes`, one axis behind the other; `None` if the batch is among them.
    pub fn factors_of(&self, axes: &[usize]) -> Option<Vec<usize>> {
        let mut all = Vec::new();
        for &axis in axes {
            match &self.axes[axis] {
                Axis::Of(factors) => all.extend(factors),
                Axis::Batch => return None,
            }
        }
        Some(all)
    }

    /// All factors in ONNX's order.
    pub fn order(&self) -> Vec<usize> {
        let factors = self.axes.iter().filter_map(|axis| match axis {
            Axis::Of(factors) => Some(factors.as_slice()),
            Axis::Batch => None,
        });
        factors.flatten().copied().collect()
    }

    /// Whether the memory has the axes in ONNX's order, but for the channels, which are the
    /// first of an image or a sequence there and the last here.
    pub fn is_channels_last(&self) -> bool {
        let mut axes: Vec<usize> = (0..self.rank()).collect();
        match self.batch_axis() {
            Some(0) => axes.remove(0),
            Some(_) => return false,
            None if self.rank() < 3 => return false,
            None => 0,
        };
        if !axes.is_empty() {
            axes.rotate_left(1);
        }
        self.factors_of(&axes)
            .is_some_and(|order| order.is_sorted())
    }

    /// The axes but the batch in an order in which they lie in the memory: channels last if
    /// that is one, else by what they begin with.
    pub fn axes_in_memory(&self) -> Vec<usize> {
        let batch = self.batch_axis();
        let mut axes: Vec<usize> = (0..self.rank()).filter(|&a| Some(a) != batch).collect();
        if self.is_channels_last() {
            axes.rotate_left(1);
        } else {
            let first = |axis: usize| self.factors_of(&[axis])?.first().copied();
            axes.sort_by_key(|&axis| first(axis));
        }
        axes
    }

    /// The same tensor with axes of 1 in front until there are `rank`.
    pub fn of_rank(&self, rank: usize) -> Self {
        let new = rank.saturating_sub(self.rank());
        let ones = std::iter::repeat_n(Axis::Of(Vec::new()), new);
        self.with_axes(ones.chain(self.axes.iter().cloned()).collect())
    }

    /// For each value of a tensor over `factors` in the order of the memory, its place in
    /// the order in which `factors` names them.
    ///
    /// Weights of an axis come in ONNX's order; this puts them into the memory's.
    pub fn places(&self, factors: &[usize]) -> Vec<usize> {
        let mut sorted = factors.to_vec();
        sorted.sort_unstable();
        let extents = |factors: &[usize]| -> Vec<usize> {
            factors.iter().map(|&factor| self.factors[factor]).collect()
        };
        let named = walk::strides(&extents(factors));
        let strides: Vec<isize> = sorted
            .iter()
            .map(|factor| {
                let name = factors.iter().position(|other| other == factor);
                named[name.expect("the same factors")]
            })
            .collect();
        walk::places(&extents(&sorted), &strides, 0)
    }

    /// For each value of the innermost part of the memory, from factor `first` on, its place
    /// in a tensor of extents `dims` that is spread over this one by ONNX's rule: axes that
    /// it lacks in front or that are 1 are repeated.
    pub fn spread(&self, dims: &[usize], first: usize) -> Vec<usize> {
        let lacking = self.rank() - dims.len();
        let tensor = walk::strides(dims);
        let mut strides = vec![0; self.factors.len()];
        for (axis, &extent) in dims.iter().enumerate() {
            let Axis::Of(factors) = &self.axes[lacking + axis] else {
                continue;
            };
            let mut stride = if extent == 1 { 0 } else { tensor[axis] };
            for &factor in factors.iter().rev() {
                strides[factor] = stride;
                stride *= self.factors[factor] as isize;
            }
        }
        walk::places(&self.factors[first..], &strides[first..], 0)
    }

    /// Axis `i` of the result is axis `axes[i]` of this one.
    pub fn transposed(&self, axes: &[usize]) -> Self {
        self.with_axes(axes.iter().map(|&axis| self.axes[axis].clone()).collect())
    }

    /// The same numbers, the memory being put into the order that `order` names the factors
    /// in.
    pub fn moved(&self, order: &[usize]) -> Self {
        let mut places = vec![0; order.len()];
        for (place, &factor) in order.iter().enumerate() {
            places[factor] = place;
        }
        let renamed = |axis: &Axis| match axis {
            Axis::Batch => Axis::Batch,
            Axis::Of(factors) => Axis::Of(factors.iter().map(|&f| places[f]).collect()),
        };
        View {
            factors: order.iter().map(|&factor| self.factors[factor]).collect(),
            axes: self.axes.iter().map(renamed).collect(),
            batch: self.batch,
        }
    }

    /// The same numbers in the same order under other extents.
    ///
    /// # Errors
    /// [`Unshaped`] says why that cannot be.
    pub fn reshaped(&self, dims: &[usize]) -> Result<Self, Unshaped> {
        let elements = dims.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim));
        let size = self.factors.iter().product::<usize>();
        if elements != size.checked_mul(self.batch) {
            return Err(Unshaped::Elements);
        }
        let mut parts = self.parts();
        let mut axes: Vec<Vec<Part>> = Vec::with_capacity(dims.len());
        let mut batch_axis = None;
        for (axis, &dim) in dims.iter().enumerate() {
            let mut taken = Vec::new();
            let mut left = dim;
            if let Some(&Part { origin: None, .. }) = parts.front() {
                // A batch of one that gets no axis of its own is none.
                let fits = dim == self.batch;
                if fits || self.batch == 1 {
                    parts.pop_front();
                }
                if fits {
                    batch_axis = Some(axis);
                    left = 1;
                }
            }
            while left != 1 {
                let part = parts.pop_front().ok_or(Unshaped::Elements)?;
                match part.origin {
                    None if self.batch == 1 => {}
                    None => return Err(Unshaped::Batch),
                    Some(origin) if left % part.extent == 0 => {
                        left /= part.extent;
                        taken.push(Part {
                            origin: Some(origin),
                            ..part
                        });
                    }
                    Some([factor, piece]) if part.extent % left == 0 => {
                        parts.push_front(Part {
                            extent: part.extent / left,
                            origin: Some([factor, piece + 1]),
                        });
                        taken.push(Part {
                            extent: left,
                            ..part
                        });
                        left = 1;
                    }
                    Some(_) => return Err(Unshaped::Order),
                }
            }
            axes.push(taken);
        }
        Ok(self.numbered(axes, batch_axis))
    }

    /// Batch and factors in ONNX's order; factors that follow each other in the memory as
    /// well are one part.
    fn parts(&self) -> VecDeque<Part> {
        let mut parts: VecDeque<Part> = VecDeque::new();
        let mut last = None;
        for axis in &self.axes {
            let Axis::Of(factors) = axis else {
                parts.push_back(Part {
                    extent: self.batch,
                    origin: None,
                });
                last = None;
                continue;
            };
            for &factor in factors {
                match parts.back_mut() {
                    Some(part) if last.is_some_and(|last: usize| last + 1 == factor) => {
                        part.extent *= self.factors[factor];
                    }
                    _ => parts.push_back(Part {
                        extent: self.factors[factor],
                        origin: Some([factor, 0]),
                    }),
                }
                last = Some(factor);
            }
        }
        parts
    }

    /// The view of these axes, factors numbered in the order of the memory.
    fn numbered(&self, axes: Vec<Vec<Part>>, batch_axis: Option<usize>) -> Self {
        let mut memory: Vec<Part> = axes.iter().flatten().copied().collect();
        memory.sort_unstable_by_key(|part| part.origin);
        let place = |part: &Part| {
            memory
                .iter()
                .position(|other| other.origin == part.origin)
                .expect("every part is in the memory")
        };
        let named = |(axis, parts): (usize, &Vec<Part>)| match batch_axis {
            Some(batch) if batch == axis => Axis::Batch,
            _ => Axis::Of(parts.iter().map(place).collect()),
        };
        View {
            axes: axes.iter().enumerate().map(named).collect(),
            factors: memory.iter().map(|part| part.extent).collect(),
            batch: self.batch,
        }
    }
}

/// A run of the memory, or the batch.
#[derive(Debug, Clone, Copy)]
struct Part {
    extent: usize,
    /// The factor that it begins with, and which piece of it; `None` for the batch.
    origin: Option<[usize; 2]>,
}

/// Why extents cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unshaped {
    /// They are of another number of elements.
    Elements,
    /// They join or split the batch.
    Batch,
    /// They cut through factors, so the memory has to be put into ONNX's order first.
    Order,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[batch, 3, 4, 5]` that is `[4, 5, 3]` in the memory.
    fn image() -> View {
        View::new(&[7, 3, 4, 5], Some(0), &[2, 3, 1])
    }

    #[test]
    fn channels_first_lie_last() {
        let view = image();
        assert_eq!(view.factors(), [4, 5, 3]);
        assert_eq!(view.dims(), [7, 3, 4, 5]);
        assert_eq!(view.order(), [2, 0, 1]);
        let last = view.transposed(&[0, 2, 3, 1]);
        assert_eq!(last.dims(), [7, 4, 5, 3]);
        assert_eq!(last.order(), [0, 1, 2]);
    }

    /// A flattened image knows where its features lie: of two channels of 1×2 pixels, the
    /// memory has channel 0 and 1 of the first pixel, which are features 0 and 2.
    #[test]
    fn a_flattened_image_knows_its_order() {
        let flat = image().reshaped(&[7, 60]).unwrap();
        assert_eq!(flat.dims(), [7, 60]);
        // Rows and columns follow each other in both, so they are one factor now.
        assert_eq!(flat.factors(), [20, 3]);
        assert_eq!(flat.axes()[1], Axis::Of(vec![1, 0]));
        let small = View::new(&[1, 2, 1, 2], Some(0), &[2, 3, 1]);
        let flat = small.reshaped(&[1, 4]).unwrap();
        assert_eq!(flat.places(&flat.factors_of(&[1]).unwrap()), [0, 2, 1, 3]);
    }

    /// What shuffling channels does: groups apart, exchanged, together.
    #[test]
    fn channels_are_split_and_joined() {
        let split = View::new(&[1, 6, 4, 5], Some(0), &[2, 3, 1])
            .reshaped(&[1, 2, 3, 4, 5])
            .unwrap();
        assert_eq!(split.factors(), [4, 5, 2, 3]);
        let back = split.transposed(&[0, 2, 1, 3, 4]).reshaped(&[1, 6, 4, 5]);
        assert_eq!(back.unwrap().order(), [3, 2, 0, 1]);
    }

    /// A bias of three channels, `[3, 1, 1]`, over the memory `[4, 5, 3]`; and one of five
    /// columns, which is repeated for each channel.
    #[test]
    fn a_constant_is_spread_over_the_memory() {
        let view = image();
        assert_eq!(view.spread(&[3, 1, 1], 2), [0, 1, 2]);
        let columns = view.spread(&[5], 1);
        assert_eq!(columns, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
    }

    #[test]
    fn runs_of_the_memory_are_cut_anywhere() {
        let view = View::new(&[1, 2, 3], Some(0), &[1, 2]);
        assert_eq!(view.reshaped(&[1, 3, 2]).unwrap().factors(), [3, 2]);
        assert_eq!(image().reshaped(&[7, 4, 3, 5]), Err(Unshaped::Order));
    }

    #[test]
    fn the_batch_stays_apart() {
        assert_eq!(image().reshaped(&[420]), Err(Unshaped::Batch));
        assert_eq!(image().reshaped(&[7, 61]), Err(Unshaped::Elements));
        let one = View::new(&[1, 6], Some(0), &[1]);
        assert_eq!(one.reshaped(&[6]).unwrap().axes(), [Axis::Of(vec![0])]);
        assert_eq!(one.reshaped(&[1, 6]).unwrap().axes()[0], Axis::Batch);
        assert_eq!(one.reshaped(&[2, 1, 3]).unwrap().dims(), [2, 1, 3]);
    }

    #[test]
    fn the_memory_can_be_moved() {
        let view = image();
        let moved = view.moved(&view.order());
        assert_eq!(moved.dims(), view.dims());
        assert_eq!(moved.factors(), [3, 4, 5]);
        assert_eq!(moved.order(), [0, 1, 2]);
    }
}
