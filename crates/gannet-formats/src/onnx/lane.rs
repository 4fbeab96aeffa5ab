//! One axis of a value as the rows or the columns of an image, which layers crop and put a
//! border around.

use gannet_graph::NodeId;

use super::{
    call::{Call, Stop},
    network::Activation,
    view::{Axis, View},
};

/// A value as an image, one direction of which is an axis of ONNX's.
pub(super) struct Lane {
    /// Gives the image.
    pub node: NodeId,
    direction: usize,
    axis: usize,
    view: View,
    /// The factors of the axis, side by side in the memory.
    run: std::ops::Range<usize>,
}

impl Lane {
    /// The `axis` of a value: where the value comes as an image and the axis is one of its
    /// directions, as it is; else as the columns of an image whose rows are all that lies
    /// outside.
    pub fn of(call: &mut Call<'_>, value: &Activation, axis: usize) -> Result<Self, Stop> {
        let own = call.factors(&value.view, &[axis])?;
        let side_by_side = own.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let value = if side_by_side {
            value.clone()
        } else {
            let all = 0..value.view.factors().len();
            let outer = all.filter(|factor| !own.contains(factor));
            let order: Vec<usize> = outer.chain(own.iter().copied()).collect();
            let moved = call.network.ordered(value, &order);
            call.built(moved)?
        };
        let own = call.factors(&value.view, &[axis])?;
        // An axis of 1 lies anywhere.
        let start = own.first().copied().unwrap_or(0);
        let run = start..start + own.len();
        let factors = value.view.factors();
        let size = |part: &[usize]| part.iter().product::<usize>();
        let (outside, inside) = (size(&factors[..run.start]), size(&factors[run.end..]));
        let extent = value.view.size(&own);
        let (node, direction) = match *call.network.dims(value.node) {
            [rows, _, _] if outside == 1 && rows == extent => (value.node, 0),
            [rows, columns, _] if rows == outside && columns == extent => (value.node, 1),
            _ => {
                let image = call.network.shaped(value.node, &[outside, extent, inside]);
                (call.built(image)?, 1)
            }
        };
        Ok(Lane {
            node,
            direction,
            axis,
            view: value.view,
            run,
        })
    }

    /// What a layer that takes two numbers for the rows and two for the columns is to be
    /// given.
    pub fn pair(&self, numbers: [usize; 2]) -> [[usize; 2]; 2] {
        let mut both = [[0; 2]; 2];
        both[self.direction] = numbers;
        both
    }

    /// What `node` gives, an image whose axis has another extent.
    pub fn with_extent(&self, node: NodeId, extent: usize) -> Activation {
        let mut factors = self.view.factors().to_vec();
        let own = usize::from(extent != 1);
        factors.splice(self.run.clone(), std::iter::repeat_n(extent, own));
        let Lane { run, axis, .. } = self;
        let renamed = |(place, over): (usize, &Axis)| match over {
            Axis::Of(_) if place == *axis => Axis::Of((run.start..run.start + own).collect()),
            Axis::Of(factors) => {
                let moved = |&factor: &usize| {
                    if factor < run.end {
                        factor
                    } else {
                        factor + own - run.len()
                    }
                };
                Axis::Of(factors.iter().map(moved).collect())
            }
            Axis::Batch => Axis::Batch,
        };
        let axes = self.view.axes().iter().enumerate().map(renamed);
        Activation {
            node,
            view: View::over(factors, axes.collect(), self.view.batch()),
        }
    }
}
