//! The matmul on the CPU: a register tile ([`micro`]), packed panels ([`pack`]), the blocks over both ([`blocked`]), and
//! operands of less precision ([`round`]).

pub(super) mod blocked;
mod micro;
pub(super) mod pack;
pub(super) mod round;
