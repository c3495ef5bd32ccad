//! The product on the CPU: a register tile ([`micro`]), packed panels ([`pack`]), and the blocks over both ([`blocked`]).

pub(super) mod blocked;
mod micro;
pub(super) mod pack;
