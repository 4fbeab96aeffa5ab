//! Setting a machine up: what is missing is installed, once, and each command is shown.

#![cfg(unix)]

mod alone;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use alone::alone;
use gannet_board::Host;
use gannet_board::doctor::set_up;

const TARGET: &str = "thumbv7em-none-eabihf";

/// A package manager that installs the programs lying in `packages/`, and notes what it did.
const APT_GET: &str = r#"#!/bin/sh
echo "$@" >> DIR/log
for package in "$@"; do
case "$package" in
    rustc-web) /bin/cp DIR/packages/rustc DIR/packages/cargo DIR/bin ;;
    rust-web-src) /bin/mkdir -p DIR/lib/rustlib/src/rust/library/core ;;
    lld) /bin/cp DIR/packages/ld.lld DIR/bin ;;
    qemu-system-arm) /bin/cp DIR/packages/qemu-system-arm DIR/bin ;;
esac
done
"#;

const RUSTC: &str = "#!/bin/sh
case $1 in
-vV) echo 'release: 1.96.0'; echo 'host: x86_64-unknown-linux-gnu' ;;
*) echo DIR ;;
esac
";

/// A bare Debian in `folder`: a package manager, root, and packages to be had.
fn bare_debian(folder: &Path) -> Host {
    let program = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.replace("DIR", folder.to_str().unwrap())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("bin/apt-get", APT_GET);
    program("bin/id", "#!/bin/sh\necho 0\n");
    program("packages/rustc", RUSTC);
    program("packages/cargo", "#!/bin/sh\n");
    program("packages/ld.lld", "#!/bin/sh\necho LLD\n");
    program("packages/qemu-system-arm", "#!/bin/sh\necho QEMU\n");
    Host::default().with_path(vec![folder.join("bin")])
}

#[test]
fn a_bare_machine_is_set_up_once() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = bare_debian(folder.path());
    let mut said = Vec::new();
    set_up(&host, TARGET, |line| said.push(line.to_owned())).unwrap();

    // Rust's packages bring the linker, which is not asked for again.
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(
        log,
        "update\ninstall -y --no-install-recommends qemu-system-arm\n\
         update\ninstall -y --no-install-recommends rustc-web cargo-web rust-web-src lld\n"
    );
    let shown = said.iter().filter(|line| line.starts_with("  ")).count();
    assert_eq!(
        shown,
        log.lines().count(),
        "each command is shown: {said:?}"
    );

    set_up(&host, TARGET, |line| panic!("the second run said {line:?}")).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("log")).unwrap(), log);
}

#[test]
fn only_what_is_missing_is_installed() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = bare_debian(folder.path());
    set_up(&host, TARGET, |_| {}).unwrap();
    fs::remove_file(folder.path().join("log")).unwrap();
    fs::remove_file(folder.path().join("bin/qemu-system-arm")).unwrap();

    set_up(&host, TARGET, |_| {}).unwrap();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(
        log,
        "update\ninstall -y --no-install-recommends qemu-system-arm\n"
    );
}

/// A rustup with toolchains of these names and versions, the first being its default; it adds
/// targets to any of them.
fn with_rustup(folder: &Path, toolchains: &[(&str, &str)]) {
    let program = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let mut list = String::new();
    for (index, (name, version)) in toolchains.iter().enumerate() {
        let home = folder.join(name);
        let note = if index == 0 { " (active, default)" } else { "" };
        list += &format!("{name}{note} {}\n", home.display());
        let rustc = RUSTC
            .replace("1.96.0", version)
            .replace("DIR", home.to_str().unwrap());
        program(home.join("bin/rustc"), &rustc);
        program(home.join("bin/cargo"), "#!/bin/sh\n");
    }
    fs::write(folder.join("list"), list).unwrap();
    let rustup = r#"#!/bin/sh
if [ "$1" = toolchain ]; then exec /bin/cat DIR/list; fi
echo "rustup $@" >> DIR/log
/bin/mkdir -p DIR/$4/lib/rustlib/$5/lib
echo > DIR/$4/lib/rustlib/$5/lib/libcore-0123.rlib
"#;
    let rustup = rustup.replace("DIR", folder.to_str().unwrap());
    program(folder.join("bin/rustup"), &rustup);
}

#[test]
fn rustup_adds_the_target_to_a_toolchain_that_is_recent_enough() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = bare_debian(folder.path());
    with_rustup(
        folder.path(),
        &[("stable-host", "1.70.0"), ("newer-host", "1.95.0")],
    );
    set_up(&host, TARGET, |_| {}).unwrap();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let rustup: Vec<_> = log
        .lines()
        .filter(|line| line.starts_with("rustup"))
        .collect();
    assert_eq!(
        rustup,
        ["rustup target add --toolchain newer-host thumbv7em-none-eabihf"]
    );
    assert!(!log.contains("rustc-web"), "{log}");
}

#[test]
fn a_rustup_with_nothing_recent_leaves_rust_to_the_package_manager() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = bare_debian(folder.path());
    with_rustup(folder.path(), &[("stable-host", "1.70.0")]);
    set_up(&host, TARGET, |_| {}).unwrap();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(
        log.contains("rustc-web") && !log.contains("rustup"),
        "{log}"
    );
}

#[test]
fn a_remedy_that_succeeds_and_brings_nothing_is_followed_by_the_next() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = bare_debian(folder.path());
    with_rustup(folder.path(), &[("stable-host", "1.95.0")]);
    let rustup = folder.path().join("bin/rustup");
    let text = fs::read_to_string(&rustup).unwrap();
    let idle: String = text
        .lines()
        .filter(|line| !line.contains("libcore"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&rustup, idle).unwrap();
    set_up(&host, TARGET, |_| {}).unwrap();
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let rustup = log.find("rustup target add").unwrap();
    assert!(
        log.find("rustc-web").is_some_and(|apt| rustup < apt),
        "{log}"
    );
}

#[test]
fn an_installation_that_brings_nothing_ends_with_a_sentence() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = bare_debian(folder.path());
    fs::write(folder.path().join("bin/apt-get"), "#!/bin/sh\n").unwrap();
    let sentence = set_up(&host, TARGET, |_| {}).unwrap_err().to_string();
    assert!(
        sentence.contains("was installed and is still missing"),
        "{sentence}"
    );
}
