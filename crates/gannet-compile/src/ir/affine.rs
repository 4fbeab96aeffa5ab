//! Affine index expressions: a constant plus multiples of loop variables.
//!
//! Every index, loop bound and condition of a Program is affine, which is what makes the
//! index proof (see `proof`) and cheap addressing possible.

use std::ops::{Add, Mul, Sub};

/// A loop variable of one Program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variable(pub(super) u32);

impl Variable {
    /// Its place in the Program's list of variables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// `constant + Σ coefficient · variable`; no coefficient is zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Affine {
    constant: i64,
    terms: Vec<(Variable, i64)>,
}

impl Affine {
    /// The part without variables.
    pub fn constant(&self) -> i64 {
        self.constant
    }

    /// The variables and their coefficients, none zero, by variable.
    pub fn terms(&self) -> &[(Variable, i64)] {
        &self.terms
    }

    /// The value, if no variable is left.
    pub fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// The coefficient of `variable`, zero if it does not occur.
    pub fn coefficient(&self, variable: Variable) -> i64 {
        self.terms
            .iter()
            .find(|(v, _)| *v == variable)
            .map_or(0, |&(_, c)| c)
    }

    /// The same expression with `variable` replaced by `value`.
    pub fn substitute(&self, variable: Variable, value: &Affine) -> Affine {
        let coefficient = self.coefficient(variable);
        let rest = Affine {
            constant: self.constant,
            terms: self
                .terms
                .iter()
                .copied()
                .filter(|(v, _)| *v != variable)
                .collect(),
        };
        rest + value.clone() * coefficient
    }

    /// The value where each variable has the value that `values` tells.
    pub fn evaluate(&self, values: impl Fn(Variable) -> i64) -> i64 {
        self.constant + self.terms.iter().map(|&(v, c)| c * values(v)).sum::<i64>()
    }
}

impl From<i64> for Affine {
    fn from(constant: i64) -> Self {
        Affine {
            constant,
            terms: Vec::new(),
        }
    }
}

impl From<usize> for Affine {
    fn from(constant: usize) -> Self {
        Affine::from(i64::try_from(constant).expect("extents of a tensor in memory fit in i64"))
    }
}

impl From<Variable> for Affine {
    fn from(variable: Variable) -> Self {
        Affine {
            constant: 0,
            terms: vec![(variable, 1)],
        }
    }
}

impl Add for Affine {
    type Output = Affine;

    fn add(self, other: Affine) -> Affine {
        let mut terms = self.terms;
        for (variable, coefficient) in other.terms {
            match terms.binary_search_by_key(&variable, |&(v, _)| v) {
                Ok(place) => terms[place].1 += coefficient,
                Err(place) => terms.insert(place, (variable, coefficient)),
            }
        }
        terms.retain(|&(_, coefficient)| coefficient != 0);
        Affine {
            constant: self.constant + other.constant,
            terms,
        }
    }
}

impl Mul<i64> for Affine {
    type Output = Affine;

    fn mul(self, factor: i64) -> Affine {
        let terms = if factor == 0 {
            Vec::new()
        } else {
            self.terms
                .into_iter()
                .map(|(v, c)| (v, c * factor))
                .collect()
        };
        Affine {
            constant: self.constant * factor,
            terms,
        }
    }
}

impl Sub for Affine {
    type Output = Affine;

    fn sub(self, other: Affine) -> Affine {
        self + other * -1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_cancel_and_substitute() {
        let (x, y) = (Variable(0), Variable(1));
        let e = Affine::from(x) * 3 + Affine::from(y) + Affine::from(2_i64);
        assert_eq!((e.clone() - Affine::from(y)).terms(), [(x, 3)]);
        // 3x + y + 2 with y = 1 − 3x is 3.
        let y_value = Affine::from(1_i64) - Affine::from(x) * 3;
        assert_eq!(e.substitute(y, &y_value).as_constant(), Some(3));
    }
}
