//! Setting a machine up: what is missing is installed, once, and each command is shown.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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

#[test]
fn an_installation_that_brings_nothing_ends_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let host = bare_debian(folder.path());
    fs::write(folder.path().join("bin/apt-get"), "#!/bin/sh\n").unwrap();
    let sentence = set_up(&host, TARGET, |_| {}).unwrap_err().to_string();
    assert!(
        sentence.contains("was installed and is still missing"),
        "{sentence}"
    );
}
