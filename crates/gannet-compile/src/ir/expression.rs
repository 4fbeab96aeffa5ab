//! Typed scalar expressions: what is computed from what is loaded.
//!
//! Every printer emits these operations one for one, each rounded by itself, so all of them
//! compute the same bits.

use super::{Affine, BufferId};

/// A scalar of one Program: a register of the generated code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scalar(pub(super) u32);

impl Scalar {
    /// Its place in the Program's list of scalars.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a scalar holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// IEEE 754 single precision.
    F32,
    /// A 32-bit two's-complement integer that wraps.
    I32,
    /// A 64-bit one: a sum of products of 16 bits.
    I64,
}

/// An operation on one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `i32` to the nearest `f32`.
    ToF32,
    /// The bits of an `f32` as `i32`.
    Bits,
    /// The `f32` that has the bits of an `i32`.
    FromBits,
    /// `−x`, sign bit flipped.
    Neg,
    /// `i32`, less 1 where it is negative: halves that are then rounded up go away from zero.
    Nudge,
    /// How many zeros an `i32` has above its highest one bit; 32 for 0.
    LeadingZeros,
    /// `i32` to the `i64` of the same value.
    Widen,
    /// The low 32 bits of an `i64` as `i32`.
    Narrow,
}

/// An operation on two values of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    /// Sum; integers wrap.
    Add,
    /// Difference; integers wrap.
    Sub,
    /// Product; integers wrap.
    Mul,
    /// Quotient; of integers towards zero, and 0 where the divisor is 0.
    Div,
    /// `b > a ? b : a`: of equals and unordered values the first.
    Max,
    /// `b < a ? b : a`: of equals and unordered values the first.
    Min,
    /// The bits that two `i32` have in common.
    And,
    /// `i32` shifted left by the low five bits of another.
    ShiftLeft,
    /// The product of two `i32` divided by two to the power of so many bits, 1 to 62, rounded to
    /// the nearest, halves up. Of the quotient the low 32 bits are kept.
    RoundedProduct(u8),
    /// `i32` divided by two to the power of another's low five bits, rounded to the nearest,
    /// halves away from zero.
    RoundingShiftRight,
    /// `i32` divided by two to the power of another, rounded down. The other is a constant or an
    /// element of a constant, and from 0 to 31.
    ShiftRight,
    /// `i64` divided by two to the power of another's low six bits, rounded to the nearest, halves
    /// up. The other is not 0.
    RoundedShiftRight,
}

/// A value computed from scalars, constants and loads.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A constant.
    F32(f32),
    /// A constant.
    I32(i32),
    /// The scalar's present value.
    Scalar(Scalar),
    /// An element of a buffer, one index an extent. Integers narrower than 32 bits are widened.
    Load(BufferId, Vec<Affine>),
    /// The element of a table at a position that is computed: the low bits of an `i32`, as many as
    /// tell its elements apart, of which there are a power of two.
    Lookup(BufferId, Box<Expression>),
    /// An operation on one value.
    Unary(Unary, Box<Expression>),
    /// An operation on two values.
    Binary(Binary, Box<Expression>, Box<Expression>),
}

impl Expression {
    /// `operation` on this value.
    pub fn unary(self, operation: Unary) -> Self {
        Expression::Unary(operation, Box::new(self))
    }

    /// `operation` on this value and `other`.
    pub fn binary(self, operation: Binary, other: impl Into<Expression>) -> Self {
        Expression::Binary(operation, Box::new(self), Box::new(other.into()))
    }

    /// The larger of this value and `other`.
    pub fn max(self, other: impl Into<Expression>) -> Self {
        self.binary(Binary::Max, other)
    }

    /// The smaller of this value and `other`.
    pub fn min(self, other: impl Into<Expression>) -> Self {
        self.binary(Binary::Min, other)
    }
}

impl From<Scalar> for Expression {
    fn from(scalar: Scalar) -> Self {
        Expression::Scalar(scalar)
    }
}

impl From<f32> for Expression {
    fn from(value: f32) -> Self {
        Expression::F32(value)
    }
}

impl From<i32> for Expression {
    fn from(value: i32) -> Self {
        Expression::I32(value)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<E: Into<Expression>> std::ops::$trait<E> for Expression {
            type Output = Expression;

            fn $method(self, other: E) -> Expression {
                self.binary(Binary::$trait, other)
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);
