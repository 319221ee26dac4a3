//! The real chain against what is asked of it, block by block.

mod forging;
