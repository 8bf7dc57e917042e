mod decision;
pub(crate) mod fixture;
mod reproduction;
mod side_by_side;
