//! Generated C, compiled without a warning, against the interpreter: the same bits from each
//! compiler that is installed, as C99 and as C++, and on an emulated board.
//!
//! `-march=native` lets a processor's fused multiply-add be used, were it not for what the text
//! itself says.

use crate::compiler::Compiler;
use crate::host::{Host, images, interpreted, programs};
use gannet_compile::SourceFile;
use gannet_compile::c::{self, Api, Prefix};
use gannet_compile::ir::Program;

/// A network and its files.
type Source<'p> = (&'p Program, Vec<SourceFile>);

fn source(program: &Program) -> Source<'_> {
    (
        program,
        c::generate(program, &Prefix::of(program), Api::Native).unwrap(),
    )
}

/// Builds the networks into one program.
fn build(networks: &[Source<'_>], compiler: Compiler) -> Host {
    let mut all_files = Vec::new();
    let (mut includes, mut cases) = (String::new(), String::new());
    for (i, (program, files)) in networks.iter().enumerate() {
        all_files.extend(files.iter().cloned());
        let prefix = Prefix::of(program);
        let name = prefix.lower();
        includes += &format!("#include \"{name}.h\"\nstatic {name}_network net{i};\n");
        let fill = |input: &str| {
            let len = program.input().len();
            format!(
                "if (fread({name}_{input}(&net{i}), sizeof({name}_input_element), {len}, stdin) \
                 != {len}) return 1;\n"
            )
        };
        let run = match program.input_rows() {
            None => format!("{}output = {name}_run(&net{i});\n", fill("input")),
            Some(rows) => format!(
                "for (int row = 0; row < {rows}; row++) {{ {}\
                 if (output) return 1;\noutput = {name}_push_row(&net{i}); }}\n",
                fill("row")
            ),
        };
        cases += &format!(
            "case {i}: {{ const {name}_output_element *output = 0;\n{run}\
             fwrite(output, sizeof({name}_output_element), {}, stdout);\n\
             putchar({name}_self_test(&net{i})); break; }}\n",
            program.output().len(),
        );
    }
    let main = format!(
        "#include <stdio.h>\n{includes}int main(void) {{\n\
         unsigned char which[2];\n\
         while (fread(which, 1, 2, stdin) == 2) switch (which[0] + 256 * which[1]) {{\n\
         {cases} default: return 1; }}\nreturn 0; }}\n"
    );
    all_files.push(("main.c".to_owned(), main));
    compiler.build(&all_files)
}

/// What each of `programs` gives for its images, and its self-test's verdict, all built by
/// `compiler` into one program.
pub fn run_all(programs: &[&Program], images: &[Vec<Vec<u8>>], compiler: Compiler) -> Vec<Vec<u8>> {
    let networks: Vec<_> = programs.iter().map(|program| source(program)).collect();
    build(&networks, compiler).run_each(programs, images)
}

/// A compiler that is not installed is passed over.
fn agrees(compiler: Compiler) {
    if !compiler.is_here() {
        return;
    }
    let programs = programs();
    let host = build(&programs.iter().map(source).collect::<Vec<_>>(), compiler);
    for (which, program) in programs.iter().enumerate() {
        let images = images(program.image_len(), 20);
        let found = host.run(which, &images);
        assert!(
            found == interpreted(program, &images),
            "{}, built by {compiler:?}, differs from the interpreter",
            program.name()
        );
    }
}

#[test]
fn c_built_by_gcc_computes_the_interpreters_bits() {
    agrees(Compiler::GCC);
}

#[test]
fn c_built_by_clang_computes_the_interpreters_bits() {
    agrees(Compiler::CLANG);
}

#[test]
fn c_built_as_cpp_computes_the_interpreters_bits() {
    agrees(Compiler::CPP);
}

#[test]
fn c_on_an_emulated_cortex_m4f_computes_the_interpreters_bits() {
    agrees(Compiler::ARM);
}

/// The self-test is worth something only if it can fail.
#[test]
fn a_weight_of_the_wrong_sign_fails_the_self_test() {
    let programs = programs();
    let (program, mut files) = source(&programs[0]);
    let (_, weights) = files
        .iter_mut()
        .find(|(path, _)| path.ends_with("_weights.c"))
        .unwrap();
    let number = weights.find("    {\n").unwrap() + 6;
    let number = number + weights[number..].find(|c: char| c != ' ').unwrap();
    if weights[number..].starts_with('-') {
        weights.remove(number);
    } else {
        weights.insert(number, '-');
    }
    let host = build(&[(program, files)], Compiler::GCC);
    let found = host.run(0, &images(784, 1));
    assert_eq!(found.last(), Some(&0));
}
