//! `Pad`: a border around a value, of one number or of what lies at its ends.

use gannet_graph::{NodeId, ZeroPadding2D};

use super::{Operator, Single, arithmetic, cutting, single};
use crate::onnx::{
    call::{Call, Given, Stop},
    lane::Lane,
    network::Activation,
    shape, walk,
};

pub(super) const PAD: Operator = Operator {
    name: "Pad",
    kinds: &["ZeroPadding2D", "Rescaling", "Cropping2D", "Concatenate"],
    attributes: &[
        ("mode", "constant, reflect, edge or wrap"),
        ("pads", "numbers from 0 to 65535"),
        ("value", "a number, as attribute or input"),
    ],
    import: pad,
};

/// What the border holds.
#[derive(Clone, Copy, PartialEq)]
enum Border {
    /// One number.
    Number(f32),
    /// What lies behind the end, mirrored in it.
    Reflect,
    /// The end again and again.
    Edge,
    /// What lies at the other end.
    Wrap,
}

impl Border {
    fn read(call: &mut Call<'_>) -> Result<Self, Stop> {
        Ok(match call.text("mode", "constant") {
            "constant" => {
                let number = call.scalar(2)?.unwrap_or_else(|| call.float("value", 0.0));
                Border::Number(number)
            }
            "reflect" => Border::Reflect,
            "edge" => Border::Edge,
            "wrap" => Border::Wrap,
            other => {
                return Err(call.refuse("mode", other, "constant, reflect, edge or wrap"));
            }
        })
    }

    /// The place in an axis of `extent` that the border repeats at `place`.
    fn source(self, place: i64, extent: i64) -> i64 {
        match self {
            Border::Reflect => {
                let turn = (2 * (extent - 1)).max(1);
                let place = place.rem_euclid(turn);
                place.min(turn - place)
            }
            Border::Wrap => place.rem_euclid(extent),
            Border::Edge | Border::Number(_) => place.clamp(0, extent - 1),
        }
    }
}

/// More numbers than any border that is not 0 should add to a network.
const MOST_NUMBERS: usize = 1 << 16;

/// One axis, and how far the border goes before and behind it.
#[derive(Clone, Copy)]
struct Width {
    axis: usize,
    both: [usize; 2],
}

fn pad(call: &mut Call<'_>) -> Given {
    let border = Border::read(call)?;
    let Some(pads) = call.whole("pads", 1)? else {
        return Err(call.refuse("pads", "absent", "whole numbers"));
    };
    let named = call.whole("axes", 3)?;
    let value = call.activation(0)?;
    let rank = value.view.rank();
    let axes = match named {
        Some(named) => {
            let axes = shape::axes(&named, rank);
            call.sound(axes)?
        }
        None => (0..rank).collect(),
    };
    let width = |number: i64| usize::try_from(number).ok().filter(|&n| n < 1 << 16);
    let numbers: Option<Vec<usize>> = pads.iter().map(|&number| width(number)).collect();
    let numbers = numbers.filter(|numbers| numbers.len() == 2 * axes.len());
    let Some(numbers) = numbers else {
        let found = format!("{pads:?}");
        let supported = "two numbers from 0 to 65535 for each axis";
        return Err(call.refuse("pads", found, supported));
    };
    let each = axes.iter().enumerate().map(|(place, &axis)| Width {
        axis,
        both: [numbers[place], numbers[axes.len() + place]],
    });
    let widths: Vec<Width> = each.filter(|width| width.both != [0, 0]).collect();
    single(match border {
        Border::Number(number) => with_number(call, value, &widths, number),
        _ => repeated(call, value, &widths, border),
    })
}

/// A border of what the value holds.
fn repeated(
    call: &mut Call<'_>,
    mut value: Activation,
    widths: &[Width],
    border: Border,
) -> Single {
    for &Width { axis, both } in widths {
        let [before, behind] = both.map(|width| width as i64);
        let extent = value.view.dims()[axis] as i64;
        let places = -before..extent + behind;
        let places: Vec<usize> = places
            .map(|place| border.source(place, extent) as usize)
            .collect();
        value = cutting::gathered(call, &value, axis, &places)?;
    }
    Ok(value)
}

/// A border of one number: of zeros first, to which the number is added.
fn with_number(call: &mut Call<'_>, value: Activation, widths: &[Width], number: f32) -> Single {
    let inner = value.view.dims();
    let padded = with_zeros(call, value, widths)?;
    if number == 0.0 {
        return Ok(padded);
    }
    let mut dims = vec![1; inner.len()];
    for width in widths {
        dims[width.axis] = padded.view.dims()[width.axis];
    }
    let numbers: usize = padded.view.factors().iter().product();
    if numbers > MOST_NUMBERS {
        let supported = format!("0, where the result has more than {MOST_NUMBERS} numbers");
        return Err(call.refuse("value", number, supported));
    }
    let strides = walk::strides(&dims);
    let is_inside = |place: usize| {
        widths.iter().all(|&Width { axis, both }| {
            let index = place / strides[axis] as usize % dims[axis];
            (both[0]..both[0] + inner[axis]).contains(&index)
        })
    };
    arithmetic::affine(call, &padded, &dims, |place| {
        (1.0, if is_inside(place) { 0.0 } else { number })
    })
}

fn with_zeros(call: &mut Call<'_>, mut value: Activation, widths: &[Width]) -> Single {
    let mut pending: Option<(NodeId, [[usize; 2]; 2])> = None;
    for (place, &Width { axis, both }) in widths.iter().enumerate() {
        let lane = Lane::of(call, &value, axis)?;
        let extent = value.view.dims()[axis] + both[0] + both[1];
        let border = lane.pair(both);
        // Rows and columns of one image get their borders together.
        let (input, border) = match pending {
            Some((input, [rows, columns]))
                if lane.node == value.node && border[0] == [0; 2] && columns == [0; 2] =>
            {
                (input, [rows, border[1]])
            }
            _ => (lane.node, border),
        };
        let [vertical, horizontal] = border;
        let layer = ZeroPadding2D::new(vertical, horizontal);
        let node = if place + 1 == widths.len() {
            call.layer(layer, &[input])?
        } else {
            call.beside("border", layer, &[input])?
        };
        pending = Some((input, border));
        value = lane.with_extent(node, extent);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.pad` of `[0, 1, 2]` by four before and behind.
    #[test]
    fn borders_are_numpys() {
        let of =
            |border: Border| -> Vec<i64> { (-4..7).map(|place| border.source(place, 3)).collect() };
        assert_eq!(of(Border::Reflect), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
        assert_eq!(of(Border::Edge), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
        assert_eq!(of(Border::Wrap), [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(Border::Reflect.source(-2, 1), 0);
    }
}
