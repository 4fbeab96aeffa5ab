//! The numbers that tensors are made of, and how they lie on the wire: little-endian.
//!
//! Devices and hosts here are little-endian themselves, so a slice of elements is the wire's
//! bytes without a copy.

#[cfg(target_endian = "big")]
compile_error!("the wire is little-endian and elements are sent as they lie in memory");

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ElementType {
    /// Unsigned bytes, as pixels are.
    U8 = 1,
    /// Signed bytes, as quantized values are.
    I8 = 2,
    /// IEEE 754 single precision.
    F32 = 3,
}

impl ElementType {
    /// The type that has this number on the wire.
    pub const fn from_wire(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::U8),
            2 => Some(Self::I8),
            3 => Some(Self::F32),
            _ => None,
        }
    }

    /// The type's number on the wire.
    pub const fn to_wire(self) -> u8 {
        self as u8
    }

    /// The bytes of one element.
    pub const fn len_bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::F32 => 4,
        }
    }
}

mod sealed {
    /// # Safety
    /// The type has no padding, and every pattern of bits is one of its values.
    pub unsafe trait Plain: Copy {}
}

/// A type that a tensor can have as its elements: `u8`, `i8` or `f32`.
pub trait Element: sealed::Plain {
    /// The same type as a value.
    const TYPE: ElementType;
}

// SAFETY: a byte.
unsafe impl sealed::Plain for u8 {}
impl Element for u8 {
    const TYPE: ElementType = ElementType::U8;
}

// SAFETY: a byte.
unsafe impl sealed::Plain for i8 {}
impl Element for i8 {
    const TYPE: ElementType = ElementType::I8;
}

// SAFETY: four bytes, and every 32-bit pattern is a number, an infinity or a NaN.
unsafe impl sealed::Plain for f32 {}
impl Element for f32 {
    const TYPE: ElementType = ElementType::F32;
}

/// Elements as the bytes that travel.
pub const fn as_bytes<T: Element>(elements: &[T]) -> &[u8] {
    // SAFETY: the same memory, borrowed as long and of the same size in bytes. `Plain` has no
    // padding, so each byte is initialised; a byte needs no alignment.
    unsafe { core::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) }
}

/// Elements as bytes that may be overwritten by those that arrive.
pub const fn as_bytes_mut<T: Element>(elements: &mut [T]) -> &mut [u8] {
    // SAFETY: as in `as_bytes`; the borrow is exclusive, and any bytes that are written are
    // values of the `Plain` element type.
    unsafe { core::slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), size_of_val(elements)) }
}
