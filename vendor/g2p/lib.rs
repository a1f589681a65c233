//! The finite fields of QR codes, in place of the crate `g2p` that rqrr names (`[patch.crates-io]` in the workspace).
//!
//! That crate multiplies by tables of every product: 71 KiB that no compression makes smaller, in a module that every
//! till downloads. Powers and logarithms are half a KiB, and a power of the generator, of which rqrr computes thousands
//! for each code, is one look-up. Only what rqrr uses is here.

use std::ops::{Add, AddAssign, Div, Mul, MulAssign};

/// A field with its arithmetic.
pub trait GaloisField:
    Add<Output = Self> + AddAssign + Mul<Output = Self> + MulAssign + Div<Output = Self> + Copy + Eq
{
    /// Nothing.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// An element whose powers are all others but zero.
    const GENERATOR: Self;

    /// The product of `exponent` times the element.
    #[must_use]
    fn pow(self, exponent: usize) -> Self;
}

/// Powers of the element 2, twice over so that a sum of two logarithms needs no remainder, and their logarithms.
#[derive(Debug)]
pub struct Tables {
    /// 2 to the power of the index.
    pub powers: [u8; 512],
    /// The power of 2 that the index is; meaningless at 0.
    pub logarithms: [u8; 256],
}

impl Tables {
    /// The tables of the field of `order` + 1 elements, made by `modulus`.
    #[must_use]
    pub const fn new(order: usize, modulus: usize) -> Self {
        let mut tables = Self {
            powers: [0; 512],
            logarithms: [0; 256],
        };
        let (mut at, mut value) = (0, 1);
        while at < order {
            tables.powers[at] = value as u8;
            tables.powers[at + order] = value as u8;
            tables.logarithms[value] = at as u8;
            value <<= 1;
            if value > order {
                value ^= modulus;
            }
            at += 1;
        }
        tables
    }
}

/// Makes a field of 2 to the power of `$bits` elements, 256 at most: `g2p!(GF16, 4, modulus: 0b1_0011)`.
#[macro_export]
macro_rules! g2p {
    ($name:ident, $bits:expr, modulus: $modulus:expr) => {
        /// An element of the field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub u8);

        impl $name {
            const ORDER: usize = (1 << $bits) - 1;
            const TABLES: &'static $crate::Tables = {
                static TABLES: $crate::Tables = $crate::Tables::new((1 << $bits) - 1, $modulus);
                &TABLES
            };

            fn logarithm(self) -> usize {
                usize::from(Self::TABLES.logarithms[usize::from(self.0)])
            }
        }

        impl $crate::GaloisField for $name {
            const ZERO: Self = Self(0);
            const ONE: Self = Self(1);
            const GENERATOR: Self = Self(2);

            fn pow(self, exponent: usize) -> Self {
                if self.0 == 0 {
                    return if exponent == 0 { Self(1) } else { self };
                }
                let exponent = exponent % Self::ORDER;
                Self(Self::TABLES.powers[self.logarithm() * exponent % Self::ORDER])
            }
        }

        // A sum is an exclusive or: that is the field, not a slip.
        impl std::ops::Add for $name {
            type Output = Self;
            #[allow(clippy::suspicious_arithmetic_impl)]
            fn add(self, other: Self) -> Self {
                Self(self.0 ^ other.0)
            }
        }

        impl std::ops::AddAssign for $name {
            #[allow(clippy::suspicious_op_assign_impl)]
            fn add_assign(&mut self, other: Self) {
                self.0 ^= other.0;
            }
        }

        impl std::ops::Mul for $name {
            type Output = Self;
            fn mul(self, other: Self) -> Self {
                if self.0 == 0 || other.0 == 0 {
                    return Self(0);
                }
                Self(Self::TABLES.powers[self.logarithm() + other.logarithm()])
            }
        }

        impl std::ops::MulAssign for $name {
            fn mul_assign(&mut self, other: Self) {
                *self = *self * other;
            }
        }

        /// By zero: a panic, as in whole numbers.
        impl std::ops::Div for $name {
            type Output = Self;
            fn div(self, other: Self) -> Self {
                assert_ne!(other.0, 0, "division by zero");
                if self.0 == 0 {
                    return self;
                }
                Self(Self::TABLES.powers[self.logarithm() + Self::ORDER - other.logarithm()])
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub)] // as rqrr uses the macro
    use super::GaloisField;

    g2p!(GF16, 4, modulus: 0b1_0011);
    g2p!(GF256, 8, modulus: 0b1_0001_1101);

    /// By shifts, as in school.
    fn product(a: u8, b: u8, bits: u32, modulus: u32) -> u8 {
        let mut sum = (0..bits)
            .filter(|bit| b >> bit & 1 == 1)
            .fold(0, |sum, bit| sum ^ u32::from(a) << bit);
        for bit in (bits..2 * bits).rev() {
            if sum >> bit & 1 == 1 {
                sum ^= modulus << (bit - bits);
            }
        }
        sum as u8
    }

    #[test]
    fn products_quotients_and_powers_are_those_of_the_field() {
        for a in 0..=255 {
            for b in 0..=255 {
                let expected = GF256(product(a, b, 8, 0b1_0001_1101));
                assert_eq!(GF256(a) * GF256(b), expected);
                if b != 0 {
                    assert_eq!(expected / GF256(b), GF256(a));
                }
            }
        }
        for a in 0..16 {
            for b in 0..16 {
                assert_eq!(GF16(a) * GF16(b), GF16(product(a, b, 4, 0b1_0011)));
            }
        }
        let mut power = GF256::ONE;
        for exponent in 0..1000 {
            assert_eq!(GF256::GENERATOR.pow(exponent), power);
            power *= GF256::GENERATOR;
        }
        assert_eq!(
            GF16(3).pow(5),
            GF16(3) * GF16(3) * GF16(3) * GF16(3) * GF16(3)
        );
        assert_eq!(
            (GF16::ZERO.pow(0), GF16::ZERO.pow(3)),
            (GF16::ONE, GF16::ZERO)
        );
    }

    #[test]
    fn sums_are_differences() {
        let mut sum = GF16(5) + GF16(7);
        sum += GF16(7);
        assert_eq!(sum, GF16(5));
    }
}
