# Two commands do all the set-up: `make run` and `make test`.

CARGO ?= cargo
RUNNER = target/release/runner

.PHONY: run test lint bench tools clean

# Builds everything, then the main job on the embedded database: compare-and-swap on 400 rows. Two
# workers compete for each, because with one nothing could go wrong and the verdict would be unknown.
run: tools
	$(CARGO) build --release --locked --bin runner
	$(RUNNER) build --all
	$(RUNNER) --strategy cas.wasm --rows 400 --workers-per-row 2

# The whole suite, quick to slow.
test: tools lint
	$(CARGO) build --locked --bin runner
	target/debug/runner build --all
	$(CARGO) test --locked -p contend -p contend-guest

lint:
	@if $(CARGO) fmt --version >/dev/null 2>&1; then $(CARGO) fmt --all --check; \
	 else echo "lint: rustfmt is not installed (rustup component add rustfmt): formatting not checked"; fi
	@if $(CARGO) clippy --version >/dev/null 2>&1; then $(CARGO) clippy --locked --workspace --all-targets -- -D warnings; \
	 else echo "lint: clippy is not installed (rustup component add clippy): lints not checked"; fi

# Figures as ratios within one run, written to results/bench.md.
bench: tools
	$(CARGO) build --release --locked --bin runner
	$(RUNNER) build --all
	$(CARGO) bench --locked --bench figures

# What building needs beside Rust. Installs it where that can be done, else says what is missing.
tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust, for example with rustup"; exit 2; }
	@command -v cc >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	  then apt-get update -qq && apt-get install -qq --no-install-recommends gcc libc6-dev; \
	  else echo "a C compiler is missing: sudo apt-get install gcc libc6-dev"; exit 2; fi; }

clean:
	$(CARGO) clean
