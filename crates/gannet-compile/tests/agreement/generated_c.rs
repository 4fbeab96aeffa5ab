//! Generated C, compiled for the host without a warning, against the interpreter: the same bits
//! from each compiler that is installed, as C99 and as C++.
//!
//! `-march=native` lets a processor's fused multiply-add be used, were it not for what the text
//! itself says.

use std::process::Command;

use crate::host::{Host, images, interpreted, programs, write};
use gannet_compile::SourceFile;
use gannet_compile::c::{self, Api, Prefix};
use gannet_compile::ir::Program;

/// What generated code has to pass without a word.
pub const STRICT: [&str; 7] = [
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-pedantic",
    "-Werror",
    "-O2",
];

/// All that the host's processor has.
pub const FOR_THE_HOST: [&str; 2] = ["-march=native", "-mtune=generic"];

/// A network and its files.
type Source<'p> = (&'p Program, Vec<SourceFile>);

fn source(program: &Program) -> Source<'_> {
    (
        program,
        c::generate(program, &Prefix::of(program), Api::Native),
    )
}

/// Builds the networks into one program; `compiler` is a command and the language's options.
fn build(networks: &[Source<'_>], compiler: &[&str]) -> Host {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = vec!["main.c".to_owned()];
    let (mut includes, mut cases) = (String::new(), String::new());
    for (i, (program, files)) in networks.iter().enumerate() {
        let prefix = Prefix::of(program);
        for (path, text) in files {
            write(&folder.path().join(path), text);
            if path.ends_with(".c") {
                sources.push(path.clone());
            }
        }
        let name = prefix.lower();
        includes += &format!("#include \"{name}.h\"\nstatic {name}_network net{i};\n");
        cases += &format!(
            "case {i}: if (fread({name}_input(&net{i}), sizeof({name}_input_element), {len}, stdin) \
             != {len}) return 1;\n\
             fwrite({name}_run(&net{i}), sizeof({name}_output_element), {}, stdout);\n\
             putchar({name}_self_test(&net{i})); break;\n",
            program.output().len(),
            len = program.input().len(),
        );
    }
    write(
        &folder.path().join("main.c"),
        &format!(
            "#include <stdio.h>\n{includes}int main(void) {{\n\
             unsigned char which[2];\n\
             while (fread(which, 1, 2, stdin) == 2) switch (which[0] + 256 * which[1]) {{\n\
             {cases} default: return 1; }}\nreturn 0; }}\n"
        ),
    );
    let built = Command::new(compiler[0])
        .args(STRICT)
        .args(FOR_THE_HOST)
        .args(&compiler[1..])
        .args(&sources)
        .args(["-o", "host"])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(built.success(), "{compiler:?} objects to generated code");
    Host::new(folder, "host")
}

/// What each of `programs` gives for its images, and its self-test's verdict, all built by the
/// system's C compiler into one program.
pub fn run_all(programs: &[&Program], images: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
    let networks: Vec<_> = programs.iter().map(|program| source(program)).collect();
    let host = build(&networks, &["cc", "-std=gnu99"]);
    (images.iter().enumerate())
        .map(|(which, images)| host.run(which, images))
        .collect()
}

/// A compiler that is not installed says so and is passed over.
#[expect(clippy::print_stderr)]
fn agrees(compiler: &[&str]) {
    let installed = Command::new(compiler[0]).arg("--version").output();
    if !installed.is_ok_and(|output| output.status.success()) {
        eprintln!("{} is not installed here: not compared", compiler[0]);
        return;
    }
    let programs = programs();
    let host = build(&programs.iter().map(source).collect::<Vec<_>>(), compiler);
    for (which, program) in programs.iter().enumerate() {
        let images = images(program.input().len(), 20);
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
    agrees(&["gcc", "-std=gnu99"]);
}

#[test]
fn c_built_by_clang_computes_the_interpreters_bits() {
    agrees(&["clang", "-std=c99"]);
}

#[test]
fn c_built_as_cpp_computes_the_interpreters_bits() {
    agrees(&["g++", "-xc++", "-std=c++11"]);
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
    let host = build(&[(program, files)], &["gcc", "-std=gnu99"]);
    let found = host.run(0, &images(784, 1));
    assert_eq!(found.last(), Some(&0));
}
