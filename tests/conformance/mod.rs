//! Blocks that somebody else made, through the real binary.
