//! The examples check their own results.

#[path = "../examples/scalar.rs"]
mod scalar;
#[path = "../examples/xor.rs"]
mod xor;

#[test]
fn scalars_and_tensors_train_alike() {
    scalar::main();
}

#[test]
fn a_network_learns_the_exclusive_or() {
    xor::main();
}
