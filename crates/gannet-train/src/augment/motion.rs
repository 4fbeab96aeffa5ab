//! One drawing of changes, and what it makes of an image.

use crate::augment::Augmentation;
use crate::elementary::{cos, sin};
use crate::random::Stream;

/// Cells of the elastic grid, down and across.
const CELLS: usize = 4;
const POINTS: usize = CELLS + 1;

/// From where each pixel of the changed image is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Motion {
    /// Row and column of the source, for a step of one row and of one column.
    matrix: [[f32; 2]; 2],
    /// How far the image is moved, down and right.
    shift: [f32; 2],
    /// How far the source of each grid point lies off, down and right.
    grid: Option<[[[f32; 2]; POINTS]; POINTS]>,
}

impl Motion {
    /// Draws shift, turn, growth, slant and bend.
    pub fn draw(recipe: &Augmentation, stream: &mut Stream) -> Self {
        let mut either_way = |most: f32| stream.range(-most, most);
        let shift = [either_way(recipe.shift), either_way(recipe.shift)];
        let turn = f64::from(either_way(recipe.rotate)).to_radians();
        let growth = 1.0 + either_way(recipe.scale);
        let slant = either_way(recipe.shear);
        let grid = (recipe.elastic > 0.0).then(|| {
            let mut grid = [[[0.0; 2]; POINTS]; POINTS];
            grid.iter_mut()
                .flatten()
                .flatten()
                .for_each(|off| *off = either_way(recipe.elastic));
            grid
        });
        Motion {
            matrix: back(turn, growth, slant),
            shift,
            grid,
        }
    }

    /// The changed image of `pixels`, `[height, width, channels]`, `x / 255`.
    pub fn apply(&self, pixels: &[u8], [height, width, channels]: [usize; 3], to: &mut [f32]) {
        let middle = [height, width].map(|side| (side as f32 - 1.0) / 2.0);
        let columns = Axis::of(width);
        let rows = Axis::of(height);
        for y in 0..height {
            let down = y as f32 - middle[0] - self.shift[0];
            for x in 0..width {
                let right = x as f32 - middle[1] - self.shift[1];
                let mut source = [0, 1].map(|axis| {
                    middle[axis] + self.matrix[axis][0] * down + self.matrix[axis][1] * right
                });
                if let Some(grid) = &self.grid {
                    let off = bend(grid, rows.at(y), columns.at(x));
                    source = [source[0] + off[0], source[1] + off[1]];
                }
                let to = &mut to[(y * width + x) * channels..][..channels];
                sample(pixels, [height, width], source, to);
            }
        }
    }
}

/// The way back through a slant, then a growth, then a turn to the right.
fn back(turn: f64, growth: f32, slant: f32) -> [[f32; 2]; 2] {
    let (sine, cosine) = (sin(turn) as f32 / growth, cos(turn) as f32 / growth);
    // Turned back: rows from [cosine, −sine], columns from [sine, cosine]; then each row moves
    // back against its slant.
    let rows = [cosine, -sine];
    [rows, [sine - slant * rows[0], cosine - slant * rows[1]]]
}

/// Where a row or column lies in the grid.
struct Axis {
    scale: f32,
}

impl Axis {
    fn of(side: usize) -> Self {
        Axis {
            scale: CELLS as f32 / side as f32,
        }
    }

    /// The cell, and how much of its further point counts: a cubic that is level at both ends.
    fn at(&self, place: usize) -> (usize, f32) {
        let along = (place as f32 + 0.5) * self.scale;
        let cell = (along as usize).min(CELLS - 1);
        let part = along - cell as f32;
        (cell, part * part * (3.0 - 2.0 * part))
    }
}

fn bend(
    grid: &[[[f32; 2]; POINTS]; POINTS],
    (row, down): (usize, f32),
    (column, right): (usize, f32),
) -> [f32; 2] {
    [0, 1].map(|axis| {
        let between = |row: usize| {
            let (left, next) = (grid[row][column][axis], grid[row][column + 1][axis]);
            left + (next - left) * right
        };
        let (above, below) = (between(row), between(row + 1));
        above + (below - above) * down
    })
}

/// The value between four pixels, weighted by nearness; 0 beyond the border.
fn sample(pixels: &[u8], [height, width]: [usize; 2], [y, x]: [f32; 2], to: &mut [f32]) {
    let (top, left) = (floor(y), floor(x));
    let (down, right) = (y - top as f32, x - left as f32);
    let channels = to.len();
    for (channel, to) in to.iter_mut().enumerate() {
        let pixel = |y: i32, x: i32| {
            if (0..height as i32).contains(&y) && (0..width as i32).contains(&x) {
                f32::from(pixels[(y as usize * width + x as usize) * channels + channel])
            } else {
                0.0
            }
        };
        let above = pixel(top, left) * (1.0 - right) + pixel(top, left + 1) * right;
        let below = pixel(top + 1, left) * (1.0 - right) + pixel(top + 1, left + 1) * right;
        *to = (above * (1.0 - down) + below * down) / 255.0;
    }
}

/// The next whole number below, without a call to a library where the processor has no
/// instruction for it.
fn floor(x: f32) -> i32 {
    let towards_zero = x as i32;
    towards_zero - i32::from(towards_zero as f32 > x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: Motion = Motion {
        matrix: [[1.0, 0.0], [0.0, 1.0]],
        shift: [0.0; 2],
        grid: None,
    };

    /// The image in 255ths, rounded.
    fn moved(motion: &Motion, image: &[u8], side: usize) -> Vec<u8> {
        let mut to = vec![0.0; image.len()];
        motion.apply(image, [side, side, image.len() / side / side], &mut to);
        to.into_iter().map(|x| (x * 255.0).round() as u8).collect()
    }

    #[rustfmt::skip]
    const IMAGE: [u8; 9] = [
        1, 2, 3,
        4, 5, 6,
        7, 8, 9,
    ];

    #[test]
    fn motions_by_hand() {
        assert_eq!(moved(&STILL, &IMAGE, 3), IMAGE);
        // One down, one to the left.
        let shift = Motion {
            shift: [1.0, -1.0],
            ..STILL
        };
        assert_eq!(moved(&shift, &IMAGE, 3), [0, 0, 0, 2, 3, 0, 5, 6, 0]);
        // A quarter turn to the right brings the left column to the top.
        let quarter = Motion {
            matrix: back(90_f64.to_radians(), 1.0, 0.0),
            ..STILL
        };
        assert_eq!(moved(&quarter, &IMAGE, 3), [7, 4, 1, 8, 5, 2, 9, 6, 3]);
        // The row below the middle goes one to the right, the one above to the left.
        let slant = Motion {
            matrix: back(0.0, 1.0, 1.0),
            ..STILL
        };
        assert_eq!(moved(&slant, &IMAGE, 3), [2, 3, 0, 4, 5, 6, 0, 7, 8]);
        // Twice as large: corners lie half-way between the middle and the old corners.
        let twice = Motion {
            matrix: back(0.0, 2.0, 0.0),
            ..STILL
        };
        assert_eq!(moved(&twice, &[0, 8, 0, 8, 40, 8, 0, 8, 0], 3)[0], 14);
    }

    #[test]
    fn a_grid_that_moves_as_one_is_a_shift() {
        let grid = Some([[[0.0, 1.0]; POINTS]; POINTS]);
        assert_eq!(
            moved(&Motion { grid, ..STILL }, &IMAGE, 3),
            moved(
                &Motion {
                    shift: [0.0, -1.0],
                    ..STILL
                },
                &IMAGE,
                3
            )
        );
        // A single point moves what is near it alone.
        let mut grid = [[[0.0; 2]; POINTS]; POINTS];
        grid[0][0] = [1.0, 0.0];
        let image: Vec<u8> = (0..64).map(|i| (i / 8 * 10) as u8).collect();
        let bent = moved(
            &Motion {
                grid: Some(grid),
                ..STILL
            },
            &image,
            8,
        );
        assert!(bent[0] > image[0] && bent[2..][..6] == image[2..8] && bent[16..] == image[16..]);
    }
}
