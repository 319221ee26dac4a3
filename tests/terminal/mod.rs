//! The real screens: the program in a pseudo-terminal, its output read as a terminal would show it.

mod emulator;
mod picture;
