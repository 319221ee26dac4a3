//! The real binary from a shell: several processes, exit codes, signals, and what it says when something is wrong.
