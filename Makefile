# What a newcomer needs is `make run` and `make test`. Every target sets up what the build needs by itself.

CARGO := scripts/setup cargo
# One profile for everything, so that RocksDB and the libraries are compiled once.
PROFILE := --release
# Arguments for the program: make run ARGS="wallet list"
ARGS ?= tui
# Arguments for the test runner: make test TESTS="--test integration terminal"
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format doc bench figures pictures clean \
	program crash power-cut failing-disk faults simulation same-roots mutants scale network soak

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what the build needs, where it is missing
	@scripts/setup true && echo "everything that the build needs is here"

run: ## build, and open the wallet on a devnet node of its own
	@$(CARGO) run $(PROFILE) --bin vibecoin -- $(ARGS)

test: ## every test: unit, property, vector, functional, terminal
	@scripts/test $(TESTS)

lint: ## formatting, clippy, documentation, and the dependency rules if cargo-deny is installed
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy $(PROFILE) --workspace --all-targets --locked -- -D warnings
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(PROFILE) --workspace --no-deps --locked
	@if cargo deny --version >/dev/null 2>&1; then cargo deny check bans licenses sources; \
	else echo "lint: cargo-deny is not installed, so deny.toml was not checked (cargo install cargo-deny)"; fi

format: ## rewrite every Rust file in the project's format
	@$(CARGO) fmt --all

doc: ## the documentation of the code, in target/doc
	@$(CARGO) doc $(PROFILE) --workspace --no-deps

bench: ## measure this machine
	@$(CARGO) run $(PROFILE) --bin vibecoin -- bench all

figures: bench ## measure this machine, and what the screens cost on it
	@VIBECOIN_FIGURES=1 $(CARGO) test $(PROFILE) --test integration terminal::figures -- --nocapture

pictures: ## draw the README's pictures again, from the real program
	@VIBECOIN_PICTURES="$(CURDIR)/assets/pictures" $(CARGO) test $(PROFILE) --test integration terminal::pictures -- --nocapture

# The long ones. `make test` has a short form of each but the power cuts, the broken disks and the mutants.
program:
	@$(CARGO) build $(PROFILE) --bin vibecoin

crash: program ## kill -9 at 200 random moments of imports and reorganisations
	@scripts/crash --kills 200

power-cut: program ## 50 power cuts under a working program (root, loop devices)
	@scripts/power-cut --cuts 50

failing-disk: program ## full, read-only and broken disks (root, loop devices)
	@scripts/failing-disk

faults: program ## 500 single faults in every kind of file
	@scripts/faults --faults 500

simulation: ## networks of miners under a virtual clock: all tables of docs/simulation.md
	@scripts/setup scripts/simulation

same-roots: ## debug and release, one thread and many: the same results
	@scripts/setup scripts/same-roots

mutants: ## small faults in the rules, and whether a test notices (cargo-mutants)
	@scripts/setup scripts/mutants

network: ## nodes that meet, fall apart in 20 ways, and catch up with 20,000 blocks (docs/network-tests.md)
	@scripts/network --meet && scripts/network --partitions && scripts/network --catch-up

soak: ## four nodes under load for an hour
	@scripts/network --soak 60

scale: program ## start and memory of a node at 10,000, 50,000 and 100,000 blocks
	@scripts/scale

clean: ## remove what was built (the next build starts from nothing)
	@cargo clean
