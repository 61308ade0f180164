//! Builds the connectors of a directory: `cargo run -p wharf-build --example build -- my-connector out [PACKAGE..]`;
//! the package `wasi` stands for the option of that name.

use std::env;
use std::path::Path;

use wharf_build::{Options, build};

fn main() -> Result<(), wharf_build::BuildError> {
    let mut arguments = env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| ".".to_owned());
    let out = arguments.next().unwrap_or_else(|| "components".to_owned());
    let options = arguments.fold(Options::new(out), |options, argument| match argument.as_str() {
        "wasi" => options.wasi(),
        package => options.package(package),
    });
    let components = build(Path::new(&directory), &options, &mut |step| eprintln!("{step}"))?;
    for component in components {
        println!("{} ({} bytes)", component.path.display(), component.bytes);
        println!("  imports {:?}", component.imports);
        println!("  exports {:?}", component.exports);
    }
    Ok(())
}
