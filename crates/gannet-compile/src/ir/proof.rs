//! The proof that a Program is sound before anything is printed from it.
//!
//! An index is bounded by eliminating its variables from the innermost loop outwards: where
//! the expression grows with a variable, the variable's lower bounds give the expression's
//! lower bounds, and so on for the other three cases. Each loop bound and each condition is
//! one such bound, so the border of a padded convolution, `max(0, pad − y) ≤ ky`, is enough to
//! prove `y + ky − pad ≥ 0`. A ring's row is `value mod n`, which is below `n` whatever the value
//! is. What cannot be proven is refused; nothing is checked at run time.

use gannet_graph::IndexBits;

use super::{
    Accumulate, Affine, Binary, BufferId, Constant, Dot, Element, Expression, Merge, Others,
    Program, Resume, Run, Scalar, ScalarType, Shared, Statement, Step, Storage, Stored, Unary,
    Variable, behind,
};
use crate::CompileError;

/// Proves every stage of `program`, and that the schedule runs each within its parameters.
pub(super) fn prove(program: &Program) -> Result<(), CompileError> {
    for stage in &program.stages {
        let mut scope = Scope {
            program,
            stage: &stage.name,
            ranges: (stage.parameters.iter())
                .map(|parameter| Range::below(parameter.variable, vec![parameter.below.into()]))
                .collect(),
            declared: Vec::new(),
            amounts: Vec::new(),
        };
        scope.body(&stage.body)?;
    }
    let mut scope = Scope {
        program,
        stage: "the schedule",
        ranges: Vec::new(),
        declared: Vec::new(),
        amounts: Vec::new(),
    };
    scope.steps(&program.schedule)
}

/// What is known of one loop variable: `lower ≤ variable ≤ upper`, all of them.
struct Range {
    variable: Variable,
    lower: Vec<Affine>,
    upper: Vec<Affine>,
}

impl Range {
    /// `0 ≤ variable`, and below each of `limits`.
    fn below(variable: Variable, limits: Vec<Affine>) -> Range {
        let last = |limit: Affine| limit - Affine::from(1_i64);
        Range {
            variable,
            lower: vec![0_i64.into()],
            upper: limits.into_iter().map(last).collect(),
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Least,
    Greatest,
}

struct Scope<'p> {
    program: &'p Program,
    stage: &'p str,
    /// The enclosing loops, outermost first.
    ranges: Vec<Range>,
    declared: Vec<Scalar>,
    /// Those that any value of 32 bits can be shifted by.
    amounts: Vec<Scalar>,
}

impl Scope<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), CompileError> {
        for step in steps {
            match step {
                Step::Run(run) => self.run(run)?,
                Step::Resume(Resume {
                    variable, to, body, ..
                }) => {
                    to.iter().try_for_each(|bound| self.known(bound))?;
                    self.enter(Range::below(*variable, to.clone()))?;
                    self.is_resumable(body)?;
                    self.steps(body)?;
                    self.ranges.pop();
                }
                Step::Take if self.program.input_rows.is_some() => {}
                Step::Take => {
                    let why = "a row is taken of an input that is given whole";
                    return Err(self.fault(why.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Nothing is done twice when a loop's body that stopped is begun again.
    fn is_resumable(&self, body: &[Step]) -> Result<(), CompileError> {
        let mut begun = (body.iter()).skip_while(|step| !matches!(step, Step::Run(_)));
        if begun.any(Step::waits) {
            return Err(self.fault("a stage that is run before its loop may stop".to_owned()));
        }
        Ok(())
    }

    /// Every argument lies in its parameter's range.
    fn run(&self, run: &Run) -> Result<(), CompileError> {
        let stage = self.program.stage(run.stage);
        if run.arguments.len() != stage.parameters.len() {
            return Err(self.fault(format!(
                "{} arguments for '{}', which has {} parameters",
                run.arguments.len(),
                stage.name,
                stage.parameters.len()
            )));
        }
        for (argument, parameter) in run.arguments.iter().zip(&stage.parameters) {
            self.known(argument)?;
            let (least, greatest) = (
                self.bound(argument, Side::Least),
                self.bound(argument, Side::Greatest),
            );
            if least < 0 || greatest >= i64::try_from(parameter.below).unwrap_or(i64::MAX) {
                return Err(self.fault(format!(
                    "'{}' run with {} from {least} to {greatest}, but its values are below {}",
                    stage.name,
                    self.program.variable_name(parameter.variable),
                    parameter.below
                )));
            }
        }
        Ok(())
    }

    /// Takes up what is known of one more variable.
    fn enter(&mut self, range: Range) -> Result<(), CompileError> {
        if self
            .ranges
            .iter()
            .any(|outer| outer.variable == range.variable)
        {
            return Err(self.fault(format!(
                "loop variable {} runs in two nested loops",
                self.program.variable_name(range.variable)
            )));
        }
        self.ranges.push(range);
        Ok(())
    }

    fn body(&mut self, body: &[Statement]) -> Result<(), CompileError> {
        let declared = self.declared.len();
        for statement in body {
            self.statement(statement)?;
        }
        self.declared.truncate(declared);
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), CompileError> {
        match statement {
            Statement::For(each) => {
                each.from
                    .iter()
                    .chain(&each.to)
                    .try_for_each(|bound| self.known(bound))?;
                let last = |to: &Affine| to.clone() - Affine::from(1_i64);
                self.enter(Range {
                    variable: each.variable,
                    lower: each.from.clone(),
                    upper: each.to.iter().map(last).collect(),
                })?;
                self.body(&each.body)?;
                self.ranges.pop();
                Ok(())
            }
            Statement::Derive(derive) => {
                self.known(&derive.value)?;
                let least = self.bound(&derive.value, Side::Least);
                if least < 0 {
                    return Err(self.fault(format!("a row that may be {least}")));
                }
                let below = vec![derive.by.below().into()];
                self.enter(Range::below(derive.variable, below))?;
                self.body(&derive.body)?;
                self.ranges.pop();
                Ok(())
            }
            Statement::If(conditions, body) => {
                conditions
                    .iter()
                    .try_for_each(|condition| self.known(condition))?;
                let learned: Vec<(usize, Side)> = conditions
                    .iter()
                    .filter_map(|condition| self.learn(condition))
                    .collect();
                self.body(body)?;
                for (place, side) in learned.into_iter().rev() {
                    match side {
                        Side::Least => self.ranges[place].lower.pop(),
                        Side::Greatest => self.ranges[place].upper.pop(),
                    };
                }
                Ok(())
            }
            Statement::Let(scalar, value) => {
                self.assignable(*scalar, value)?;
                self.declared.push(*scalar);
                if matches!(value, Expression::Load(..)) && self.amounts(value).is_ok() {
                    self.amounts.push(*scalar);
                }
                Ok(())
            }
            Statement::Set(scalar, value) => {
                self.assignable(*scalar, value)?;
                if self.amounts.contains(scalar) {
                    return Err(self.fault("another value for what is shifted by".to_owned()));
                }
                self.is_declared(*scalar)
            }
            Statement::Accumulate(accumulate) => self.accumulate(accumulate),
            Statement::Dot(dot) => self.dot(dot),
            Statement::Merge(merge) => self.merge(merge),
            Statement::Store(buffer, index, value) => {
                let target = self.program.buffer(*buffer);
                if matches!(target.storage, Storage::Constant(_)) {
                    return Err(self.fault(format!("a store into the constant {}", target.name)));
                }
                let (found, wanted) = (self.expression(value)?, target.element.scalar_type());
                self.same_type(wanted, found)?;
                self.inside(*buffer, index)
            }
        }
    }

    /// Notes what `condition ≥ 0` says of its innermost variable, if that is a plain bound.
    fn learn(&mut self, condition: &Affine) -> Option<(usize, Side)> {
        let place = self.innermost(condition)?;
        let variable = self.ranges[place].variable;
        let rest = condition.substitute(variable, &Affine::from(0_i64));
        let factor = condition.coefficient(variable);
        // Of factor·v + rest ≥ 0 follows v ≥ ⌈−rest / factor⌉, or v ≤ ⌊rest / −factor⌋.
        let bound = match (factor, rest.as_constant()) {
            (1, _) => rest * -1,
            (-1, _) => rest,
            (_, Some(rest)) if factor > 0 => Affine::from(-rest.div_euclid(factor)),
            (_, Some(rest)) => Affine::from(rest.div_euclid(-factor)),
            _ => return None,
        };
        if factor > 0 {
            self.ranges[place].lower.push(bound);
            Some((place, Side::Least))
        } else {
            self.ranges[place].upper.push(bound);
            Some((place, Side::Greatest))
        }
    }

    fn assignable(&self, scalar: Scalar, value: &Expression) -> Result<(), CompileError> {
        let (_, wanted) = self.program.scalar(scalar);
        let found = self.expression(value)?;
        self.same_type(wanted, found)
    }

    fn is_declared(&self, scalar: Scalar) -> Result<(), CompileError> {
        if self.declared.contains(&scalar) {
            Ok(())
        } else {
            let (name, _) = self.program.scalar(scalar);
            Err(self.fault(format!("scalar {name} is used where it is not declared")))
        }
    }

    fn expression(&self, expression: &Expression) -> Result<ScalarType, CompileError> {
        match expression {
            Expression::F32(_) | Expression::I32(_) => {}
            Expression::Scalar(scalar) => self.is_declared(*scalar)?,
            Expression::Load(buffer, index) => self.inside(*buffer, index)?,
            Expression::Lookup(buffer, place) => {
                let found = self.expression(place)?;
                self.same_type(ScalarType::I32, found)?;
                self.table(*buffer)?;
            }
            Expression::Unary(operation, value) => {
                let found = self.expression(value)?;
                match operation {
                    Unary::ToF32
                    | Unary::FromBits
                    | Unary::LeadingZeros
                    | Unary::Nudge
                    | Unary::Widen => {
                        self.same_type(ScalarType::I32, found)?;
                    }
                    Unary::Narrow => self.same_type(ScalarType::I64, found)?,
                    Unary::Bits => self.same_type(ScalarType::F32, found)?,
                    Unary::Neg => {}
                }
            }
            Expression::Binary(operation, first, second) => {
                let (left, right) = (self.expression(first)?, self.expression(second)?);
                self.same_type(left, right)?;
                match operation {
                    Binary::RoundedProduct(0 | 63..) => {
                        return Err(self.fault("a product divided by no power of two".to_owned()));
                    }
                    Binary::And
                    | Binary::ShiftLeft
                    | Binary::RoundedProduct(_)
                    | Binary::RoundingShiftRight => {
                        self.same_type(ScalarType::I32, left)?;
                    }
                    Binary::ShiftRight => {
                        self.same_type(ScalarType::I32, left)?;
                        self.amounts(second)?;
                    }
                    Binary::RoundedShiftRight => self.same_type(ScalarType::I64, left)?,
                    Binary::Add | Binary::Mul => {}
                    // Of 64 bits there are sums and products alone.
                    Binary::Sub | Binary::Div | Binary::Max | Binary::Min
                        if left == ScalarType::I64 =>
                    {
                        return Err(self.fault("an operation that 64 bits have not".to_owned()));
                    }
                    Binary::Sub | Binary::Div | Binary::Max | Binary::Min => {}
                }
            }
        }
        Ok(self.program.type_of(expression))
    }

    /// Whatever `amount` is, a value of 32 bits can be shifted by it.
    fn amounts(&self, amount: &Expression) -> Result<(), CompileError> {
        let are_right = match amount {
            Expression::I32(value) => (0..32).contains(value),
            Expression::Scalar(scalar) => self.amounts.contains(scalar),
            Expression::Load(table, _) => match &self.program.buffer(*table).storage {
                Storage::Constant(Constant::I8(values)) => {
                    values.iter().all(|value| (0..32).contains(value))
                }
                _ => false,
            },
            _ => false,
        };
        if are_right {
            Ok(())
        } else {
            Err(self.fault("a shift by what may be below 0 or above 31".to_owned()))
        }
    }

    /// All bytes lie inside, side by side, of a buffer of integers with a sign.
    fn merge(&self, merge: &Merge) -> Result<(), CompileError> {
        let target = self.program.buffer(merge.target);
        let is_written = matches!(target.storage, Storage::Arena(_));
        if target.element != Element::I8 || !is_written || merge.count() == 0 {
            return Err(self.fault(format!("maxima of no bytes of {}", target.name)));
        }
        let mut firsts = vec![&merge.first];
        match &merge.others {
            Others::Scalars(scalars) => {
                for &scalar in scalars {
                    self.is_declared(scalar)?;
                    self.same_type(ScalarType::I32, self.program.scalar(scalar).1)?;
                }
            }
            Others::Elements(first, _) => firsts.push(first),
        }
        for first in firsts {
            self.inside(merge.target, first)?;
            self.inside(merge.target, &behind(first, merge.count() - 1))?;
        }
        Ok(())
    }

    /// Sums and inputs are of the weights' type, and all weights lie inside.
    fn accumulate(&self, accumulate: &Accumulate) -> Result<(), CompileError> {
        let (sums, inputs) = (accumulate.sums.len(), accumulate.inputs.len());
        if !sums.is_multiple_of(inputs) {
            return Err(self.fault("sums that are not as many for each weight".to_owned()));
        }
        let numbers = self.program.buffer(accumulate.weights.numbers());
        let wanted = numbers.element.scalar_type();
        for &scalar in accumulate.sums.iter().chain(&accumulate.inputs) {
            self.is_declared(scalar)?;
            self.same_type(wanted, self.program.scalar(scalar).1)?;
        }
        if let Stored::Shared(shared) = accumulate.weights {
            self.shared(&shared)?;
        }
        let elements = accumulate.weights.elements();
        self.inside(elements, &accumulate.first)?;
        let (last, _) = accumulate.place(accumulate.weight_count() - 1);
        self.inside(elements, &last)
    }

    /// The table of floats has a value for every place.
    fn shared(&self, shared: &Shared) -> Result<(), CompileError> {
        let [places, values] = [shared.places, shared.values].map(|id| self.program.buffer(id));
        let are_inside = match &places.storage {
            Storage::Constant(Constant::U8(bytes)) => {
                let mut halves = bytes.iter().flat_map(|&byte| match shared.bits {
                    IndexBits::Four => [byte & 0xF, byte >> 4],
                    IndexBits::Eight => [byte; 2],
                });
                halves.all(|place| usize::from(place) < values.len())
            }
            _ => false,
        };
        if are_inside && values.element == Element::F32 {
            return Ok(());
        }
        Err(self.fault(format!(
            "weights by their places {} in {}, which has {} values",
            places.name,
            values.name,
            values.len()
        )))
    }

    /// Both runs lie inside, of bytes and of integers, and every sum has a position.
    fn dot(&self, dot: &Dot) -> Result<(), CompileError> {
        let [inputs, weights] = [dot.inputs, dot.weights].map(|id| self.program.buffer(id));
        let are_integers = match inputs.element {
            Element::U8 | Element::I8 => matches!(weights.element, Element::I8 | Element::I16),
            Element::I16 => weights.element == Element::I16,
            Element::F32 | Element::I32 => false,
        };
        if !are_integers {
            return Err(self.fault(format!(
                "dot products of {} and {}, which are not bytes and narrow integers",
                inputs.name, weights.name
            )));
        }
        let is_full = dot.positions > 0 && dot.sums.len().is_multiple_of(dot.positions);
        if !is_full || dot.sums.is_empty() || dot.run == 0 {
            return Err(self.fault("dot products of no input or position".to_owned()));
        }
        for &sum in &dot.sums {
            self.is_declared(sum)?;
            self.same_type(ScalarType::I32, self.program.scalar(sum).1)?;
        }
        self.inside(dot.inputs, std::slice::from_ref(&dot.first))?;
        self.inside(dot.inputs, &[dot.last()])?;
        self.inside(dot.weights, &dot.place)?;
        self.inside(dot.weights, &dot.last_place())
    }

    /// A table has an element for whatever its positions' bits are.
    fn table(&self, buffer: BufferId) -> Result<(), CompileError> {
        let buffer = self.program.buffer(buffer);
        match buffer.extents[..] {
            [elements] if elements.is_power_of_two() => Ok(()),
            _ => Err(self.fault(format!(
                "{} looked up like a table, whose elements are a power of two",
                buffer.name
            ))),
        }
    }

    fn same_type(&self, wanted: ScalarType, found: ScalarType) -> Result<(), CompileError> {
        if wanted == found {
            Ok(())
        } else {
            Err(self.fault(format!(
                "a value of type {found:?} where {wanted:?} is needed"
            )))
        }
    }

    /// Every index of `buffer` lies in its extent.
    fn inside(&self, buffer: BufferId, index: &[Affine]) -> Result<(), CompileError> {
        let buffer = self.program.buffer(buffer);
        if index.len() != buffer.extents.len() {
            return Err(self.fault(format!(
                "{} indices into {}, which has {} extents",
                index.len(),
                buffer.name,
                buffer.extents.len()
            )));
        }
        for (place, (index, &extent)) in index.iter().zip(&buffer.extents).enumerate() {
            self.known(index)?;
            let (least, greatest) = (
                self.bound(index, Side::Least),
                self.bound(index, Side::Greatest),
            );
            let limit = i64::try_from(extent).unwrap_or(i64::MAX);
            if least < 0 || greatest >= limit {
                return Err(CompileError::IndexRange {
                    stage: self.stage.to_owned(),
                    buffer: buffer.name.clone(),
                    place,
                    least,
                    greatest,
                    extent,
                });
            }
        }
        Ok(())
    }

    /// Every variable of `expression` belongs to an enclosing loop.
    fn known(&self, expression: &Affine) -> Result<(), CompileError> {
        let loose = expression
            .terms()
            .iter()
            .find(|(variable, _)| !self.ranges.iter().any(|range| range.variable == *variable));
        match loose {
            None => Ok(()),
            Some((variable, _)) => Err(self.fault(format!(
                "loop variable {} is used outside its loop",
                self.program.variable_name(*variable)
            ))),
        }
    }

    fn innermost(&self, expression: &Affine) -> Option<usize> {
        self.ranges
            .iter()
            .rposition(|range| expression.coefficient(range.variable) != 0)
    }

    /// The least or greatest value that `expression` is proven to keep.
    fn bound(&self, expression: &Affine, side: Side) -> i64 {
        let Some(place) = self.innermost(expression) else {
            return expression.constant();
        };
        let range = &self.ranges[place];
        let grows = expression.coefficient(range.variable) > 0;
        let limits = match (side, grows) {
            (Side::Least, true) | (Side::Greatest, false) => &range.lower,
            (Side::Least, false) | (Side::Greatest, true) => &range.upper,
        };
        let bounds = limits
            .iter()
            .map(|limit| self.bound(&expression.substitute(range.variable, limit), side));
        match side {
            Side::Least => bounds.max().unwrap_or(i64::MIN),
            Side::Greatest => bounds.min().unwrap_or(i64::MAX),
        }
    }

    fn fault(&self, what: String) -> CompileError {
        CompileError::Unsound {
            stage: self.stage.to_owned(),
            what,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::CompileError;
    use crate::ir::{
        Affine, Constant, Dot, Element, Expression, Loop, Program, ProgramBuilder, Reads,
        ScalarType, Statement,
    };

    /// Sums a window of three over eight values with one value of padding; `border` says
    /// whether the loop over the window stays inside.
    fn window_sum(border: bool) -> Result<Program, CompileError> {
        let mut builder = ProgramBuilder::new("window", [0; 8], Element::F32, &[8]);
        let output = builder.buffer("output", Element::F32, &[8]);
        let (x, k) = (builder.variable("x"), builder.variable("k"));
        let sum = builder.scalar("sum", ScalarType::F32);
        let place = Affine::from(x) + Affine::from(k) - Affine::from(1_i64);
        let mut from = vec![Affine::from(0_i64)];
        let mut to = vec![Affine::from(3_i64)];
        if border {
            from.push(Affine::from(1_i64) - Affine::from(x));
            to.push(Affine::from(9_i64) - Affine::from(x));
        }
        let load = Expression::Load(builder.input(), vec![place]);
        let add = Statement::Set(sum, Expression::from(sum) + load);
        let body = vec![
            Statement::Let(sum, 0.0.into()),
            Statement::For(Loop {
                variable: k,
                from,
                to,
                body: vec![add],
            }),
            Statement::Store(output, vec![x.into()], sum.into()),
        ];
        builder.stage(&["window"], vec![Statement::repeat(x, 0_i64, 8_i64, body)]);
        builder.finish(output)
    }

    #[test]
    fn a_bound_that_keeps_inside_is_taken_and_a_wrong_one_refused() {
        assert!(window_sum(true).is_ok());
        let error = window_sum(false).unwrap_err();
        assert!(
            matches!(
                error,
                CompileError::IndexRange {
                    least: -1,
                    greatest: 8,
                    extent: 8,
                    ..
                }
            ),
            "{error}"
        );
    }

    /// x runs from 0 to 7, the array has four elements, and the condition lets x ≤ limit in.
    #[test]
    fn a_condition_is_a_fact_inside_its_body() {
        let guarded = |limit: i64| {
            let mut builder = ProgramBuilder::new("guard", [0; 8], Element::F32, &[8]);
            let output = builder.buffer("output", Element::F32, &[4]);
            let x = builder.variable("x");
            let store = Statement::Store(output, vec![x.into()], 1.0.into());
            let condition = Affine::from(limit) - Affine::from(x);
            let body = vec![Statement::If(vec![condition], vec![store])];
            builder.stage(&["guard"], vec![Statement::repeat(x, 0_i64, 8_i64, body)]);
            builder.finish(output)
        };
        assert!(guarded(3).is_ok());
        assert!(matches!(
            guarded(4),
            Err(CompileError::IndexRange { greatest: 4, .. })
        ));
    }

    /// Two positions, two bytes apart, of runs of five: the last begins at 2 and ends at 6.
    #[test]
    fn dot_products_read_inside_their_inputs_and_weights() {
        let dot = |inputs: usize, weights: usize| {
            let mut builder = ProgramBuilder::new("dot", [0; 8], Element::U8, &[inputs]);
            let output = builder.buffer("output", Element::I32, &[1]);
            let constant = Constant::I16(vec![1; weights]);
            let weights = builder.constant("weights", &[weights], constant);
            let sums = [0, 1].map(|_| builder.scalar("sum", ScalarType::I32));
            let mut body: Vec<Statement> = sums.map(|sum| Statement::Let(sum, 0.into())).into();
            body.push(Statement::Dot(Dot {
                sums: sums.to_vec(),
                positions: 2,
                inputs: builder.input(),
                first: 0_i64.into(),
                step: 2,
                run: 5,
                reads: Reads::Shared,
                weights,
                place: vec![0_i64.into()],
                zeros: crate::Zeros::Multiplied,
            }));
            body.push(Statement::Store(output, vec![0_i64.into()], sums[1].into()));
            builder.stage(&["dot"], body);
            builder.finish(output)
        };
        assert!(dot(7, 5).is_ok());
        for (inputs, weights, last) in [(6, 5, 6), (7, 4, 4)] {
            let error = dot(inputs, weights).unwrap_err();
            assert!(
                matches!(error, CompileError::IndexRange { greatest, .. } if greatest == last),
                "{error}"
            );
        }
    }

    #[test]
    fn types_and_declarations_are_checked() {
        let mut builder = ProgramBuilder::new("types", [0; 8], Element::U8, &[1]);
        let output = builder.buffer("output", Element::F32, &[1]);
        let load = Expression::Load(builder.input(), vec![0_i64.into()]);
        let store = Statement::Store(output, vec![0_i64.into()], load);
        builder.stage(&["types"], vec![store]);
        let error = builder.finish(output).unwrap_err();
        assert!(error.to_string().contains("type I32 where F32"), "{error}");

        let mut builder = ProgramBuilder::new("scope", [0; 8], Element::F32, &[1]);
        let output = builder.buffer("output", Element::F32, &[1]);
        let loose = builder.scalar("loose", ScalarType::F32);
        builder.stage(
            &["s"],
            vec![Statement::Store(output, vec![0_i64.into()], loose.into())],
        );
        assert!(
            builder
                .finish(output)
                .unwrap_err()
                .to_string()
                .contains("loose")
        );
    }
}
