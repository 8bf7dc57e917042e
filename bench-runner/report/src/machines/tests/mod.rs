mod decision;
pub(crate) mod fixture;
mod reproduced;
mod side_by_side;
