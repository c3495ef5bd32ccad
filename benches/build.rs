//! Records the commit, the compiler and its flags for the program.

use std::env;
use std::process::Command;

fn main() {
    // Every source of the program, so that the commit, and whether files have changed since, are current.
    for path in [
        "src",
        "build.rs",
        "../kernels/src",
        "../engine/src",
        "../models/src",
        "../Cargo.lock",
        "../Cargo.toml",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    if let Some(log) = said("git", &["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    let changed = said("git", &["status", "--porcelain", "--untracked-files=no", ".."]).is_some();
    let commit = said("git", &["rev-parse", "HEAD"]).unwrap_or_else(|| "no repository".to_owned());
    println!("cargo::rustc-env=GRADUS_COMMIT={commit}{}", if changed { ", changed" } else { "" });
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let rustc = said(&variable("RUSTC"), &["--version"]).unwrap_or_default();
    println!("cargo::rustc-env=GRADUS_RUSTC={rustc}");
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").replace('\u{1f}', " ");
    let profile = format!("{}, opt-level {}", variable("PROFILE"), variable("OPT_LEVEL"));
    let flags = format!("{profile}, {}, flags: {flags}", variable("TARGET"));
    println!("cargo::rustc-env=GRADUS_FLAGS={}", flags.trim_end_matches(", flags: "));
}

/// The output of a program; `None` if it fails or prints nothing.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}
