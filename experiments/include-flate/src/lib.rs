//! `flate!`, as `jieba-rs` calls it for its dictionary, without compression.
//!
//! The published crate compresses the file with zstd while building and unpacks it at run time, and so compiles a C
//! library twice, which takes a quarter of a release build. Here the program contains the text as it is, 5 MB, and nothing is
//! unpacked.

#![forbid(unsafe_code)]

/// Defines a static string with the contents of a file; the path begins at the calling crate's folder.
#[macro_export]
macro_rules! flate {
    (static $name:ident: str from $path:literal with zstd) => {
        static $name: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path));
    };
}
