//! What must be on every page, whatever a run was like.

use super::*;
