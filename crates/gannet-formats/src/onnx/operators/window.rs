//! The window of convolution and pooling, which ONNX describes by paddings at every side.
//! Sequences `[batch, channels, length]` are images one row high.

use gannet_graph::{GraphError, NodeId, Padding, Window};

use crate::onnx::{
    call::{Call, Stop},
    network::Activation,
    view::{Axis, View},
};

/// An image that comes into a node, and what the axes of ONNX's tensor are.
pub(super) struct Image {
    /// Gives `[height, width, channels]`.
    pub node: NodeId,
    /// Height and width.
    pub extents: [usize; 2],
    /// How many channels it has.
    pub channels: usize,
    view: View,
}

impl Image {
    /// The first input as an image.
    pub fn of(call: &mut Call<'_>) -> Result<Self, Stop> {
        let input = call.activation(0)?;
        Image::over(call, input)
    }

    /// A value as an image.
    pub fn over(call: &mut Call<'_>, input: Activation) -> Result<Self, Stop> {
        let rank = input.view.rank();
        if rank != 3 && rank != 4 {
            let found = format!("{:?}", input.view.dims());
            let supported = "[batch, channels, height, width] or [batch, channels, length]";
            return Err(call.refuse("inputs", found, supported));
        }
        call.check_batch(&input.view)?;
        let mut groups = Vec::new();
        for axis in (2..rank).chain([1]) {
            groups.push(call.factors(&input.view, &[axis])?);
        }
        if rank == 3 {
            groups.insert(0, Vec::new());
        }
        let node = call.network.arranged(&input, &groups);
        let node = call.built(node)?;
        let extents = [&groups[0], &groups[1]].map(|group| input.view.size(group));
        Ok(Image {
            node,
            extents,
            channels: input.view.size(&groups[2]),
            view: input.view,
        })
    }

    /// Whether it is a sequence.
    pub fn is_sequence(&self) -> bool {
        self.view.rank() == 3
    }

    /// The view of an image of these extents and channels that has the axes of this one.
    pub fn view_of(&self, [height, width]: [usize; 2], channels: usize) -> View {
        let batch_axis = self.view.batch_axis();
        let batch = self.view.batch();
        if self.is_sequence() {
            View::new(&[batch, channels, width], batch_axis, &[2, 1])
        } else {
            View::new(&[batch, channels, height, width], batch_axis, &[2, 3, 1])
        }
    }

    /// The view of what `node` gives.
    pub fn view_behind(&self, call: &Call<'_>, node: NodeId) -> View {
        match call.network.dims(node) {
            &[height, width, channels] => self.view_of([height, width], channels),
            // A layer over images gives images.
            dims => View::over(dims.to_vec(), vec![Axis::Of(Vec::new())], 1),
        }
    }
}

/// A window as a node describes it; pairs are `[vertical, horizontal]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sliding {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Before and behind, for each direction.
    pub pads: [[usize; 2]; 2],
    /// How many rows and columns behind the paddings a last window still reaches.
    pub beyond: [usize; 2],
}

impl Sliding {
    /// The window over `image`; `kernel` are its extents if no attribute gives them.
    pub fn read(
        call: &mut Call<'_>,
        image: &Image,
        kernel: Option<&[usize]>,
    ) -> Result<Self, Stop> {
        let kernel = match (call.ints("kernel_shape"), kernel) {
            (Some(_), _) => pair(call, image, "kernel_shape")?,
            (None, Some([length])) => [1, *length],
            (None, Some(&[height, width])) => [height, width],
            _ => return Err(call.refuse("kernel_shape", "absent", "the window's extents")),
        };
        let stride = pair(call, image, "strides")?;
        let dilation = pair(call, image, "dilations")?;
        let mut sliding = Sliding {
            kernel,
            stride,
            dilation,
            pads: [[0; 2]; 2],
            beyond: [0; 2],
        };
        match call.text("auto_pad", "NOTSET") {
            "NOTSET" => sliding.pads = pads(call, image)?,
            "VALID" => {}
            rule @ ("SAME_UPPER" | "SAME_LOWER") => {
                sliding.pads = sliding.same(image.extents);
                if rule == "SAME_LOWER" {
                    sliding.pads = sliding.pads.map(|[before, behind]| [behind, before]);
                }
            }
            other => {
                return Err(call.refuse(
                    "auto_pad",
                    other,
                    "NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                ));
            }
        }
        if call.flag("ceil_mode", false) {
            sliding.beyond = [0, 1].map(|axis| sliding.ceiling(axis, image.extents[axis]));
        }
        Ok(sliding)
    }

    /// How far a window reaches from its first row or column.
    pub fn reach(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }

    /// The paddings with which there are `ceil(extent / stride)` positions; the odd one lies
    /// behind.
    pub fn same(&self, extents: [usize; 2]) -> [[usize; 2]; 2] {
        [0, 1].map(|axis| {
            let positions = extents[axis].div_ceil(self.stride[axis]);
            let covered = (positions - 1) * self.stride[axis] + self.reach(axis);
            let missing = covered.saturating_sub(extents[axis]);
            [missing / 2, missing - missing / 2]
        })
    }

    /// How far beyond the paddings the last window reaches if none may be left out that
    /// begins before the padding behind.
    fn ceiling(&self, axis: usize, extent: usize) -> usize {
        let [before, behind] = self.pads[axis];
        let (stride, reach) = (self.stride[axis], self.reach(axis));
        let padded = extent + before + behind;
        let Some(room) = padded.checked_sub(reach) else {
            return 0;
        };
        let mut positions = room.div_ceil(stride) + 1;
        if (positions - 1) * stride >= extent + before {
            positions -= 1;
        }
        ((positions - 1) * stride + reach).saturating_sub(padded)
    }

    /// The paddings, with what windows reach beyond them.
    pub fn all_pads(&self) -> [[usize; 2]; 2] {
        [0, 1].map(|axis| {
            let [before, behind] = self.pads[axis];
            [before, behind + self.beyond[axis]]
        })
    }

    /// The window of the graph over an image of `extents`.
    pub fn window(&self, extents: [usize; 2]) -> Result<Window, GraphError> {
        let pads = self.all_pads();
        let [vertical, horizontal] = pads;
        let padding = if pads != [[0; 2]; 2] && pads == self.same(extents) {
            Padding::Same
        } else {
            Padding::explicit(vertical, horizontal)
        };
        Window::new(self.kernel, self.stride, padding)?.with_dilation(self.dilation)
    }
}

/// Two extents from 1 on, of a sequence one; 1 if they are absent.
fn pair(call: &mut Call<'_>, image: &Image, name: &str) -> Result<[usize; 2], Stop> {
    let Some(numbers) = call.ints(name) else {
        return Ok([1, 1]);
    };
    let extents: Option<Vec<usize>> = numbers
        .iter()
        .map(|&number| {
            usize::try_from(number)
                .ok()
                .filter(|n| (1..1 << 16).contains(n))
        })
        .collect();
    match (extents.as_deref(), image.is_sequence()) {
        (Some(&[length]), true) => Ok([1, length]),
        (Some(&[height, width]), false) => Ok([height, width]),
        _ => Err(call.refuse(
            name,
            format!("{numbers:?}"),
            "a number from 1 to 65535 for each axis behind the channels",
        )),
    }
}

/// The paddings, before every axis and then behind.
fn pads(call: &mut Call<'_>, image: &Image) -> Result<[[usize; 2]; 2], Stop> {
    let Some(numbers) = call.ints("pads") else {
        return Ok([[0; 2]; 2]);
    };
    let pads: Option<Vec<usize>> = numbers
        .iter()
        .map(|&number| usize::try_from(number).ok().filter(|&n| n < 1 << 16))
        .collect();
    match (pads.as_deref(), image.is_sequence()) {
        (Some(&[before, behind]), true) => Ok([[0, 0], [before, behind]]),
        (Some(&[top, left, bottom, right]), false) => Ok([[top, bottom], [left, right]]),
        _ => Err(call.refuse(
            "pads",
            format!("{numbers:?}"),
            "two numbers from 0 to 65535 for each axis behind the channels",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sliding(kernel: usize, stride: usize, pads: [usize; 2]) -> Sliding {
        Sliding {
            kernel: [kernel; 2],
            stride: [stride; 2],
            dilation: [1; 2],
            pads: [pads; 2],
            beyond: [0; 2],
        }
    }

    /// `ceil((4 − 3) / 2) + 1 = 2` positions, the second one column short; of a window of 1
    /// the last would begin behind the image and is left out; and padded by one, a window
    /// of 3 in steps of 3 over 2 would begin in the padding.
    #[test]
    fn the_last_window_begins_in_the_image() {
        assert_eq!(sliding(3, 2, [0, 0]).ceiling(0, 4), 1);
        assert_eq!(sliding(1, 2, [0, 0]).ceiling(0, 2), 0);
        assert_eq!(sliding(3, 3, [1, 1]).ceiling(0, 2), 0);
    }
}
