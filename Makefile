# Two commands do all the set-up: `make run` and `make test`.

CARGO ?= cargo
RUNNER = target/release/runner

.PHONY: run test lint bench strategies clean

# Builds everything, then the main job on the embedded database: compare-and-swap on 400 rows. Two
# workers compete for each, because with one nothing could go wrong and the verdict would be unknown.
run:
	$(CARGO) build --release --locked --bin runner
	$(RUNNER) build --all
	$(RUNNER) --strategy cas.wasm --rows 400 --workers-per-row 2

# The whole suite, quick to slow.
test: lint
	$(CARGO) build --locked --bin runner
	target/debug/runner build --all
	$(CARGO) test --locked --workspace

lint:
	@if $(CARGO) fmt --version >/dev/null 2>&1; then $(CARGO) fmt --all --check; \
	 else echo "lint: rustfmt is not installed (rustup component add rustfmt): formatting not checked"; fi
	@if $(CARGO) clippy --version >/dev/null 2>&1; then $(CARGO) clippy --locked --workspace --all-targets -- -D warnings; \
	 else echo "lint: clippy is not installed (rustup component add clippy): lints not checked"; fi

# Figures as ratios within one run, written to results/bench.md.
bench:
	$(CARGO) build --release --locked --bin runner
	$(RUNNER) build --all
	$(CARGO) bench --locked --bench figures

clean:
	$(CARGO) clean
