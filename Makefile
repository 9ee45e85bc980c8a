# Two commands do all the set-up: `make run` and `make test`. `make install` puts the runner on the PATH.

CARGO ?= cargo
RELEASE = target/release/runner
RUNNER = $(RELEASE)

.PHONY: run install place uninstall test quick oracles fuzz browser lint docs bench languages tools tools-lab tools-languages clean $(RELEASE)

# Builds everything, then the main job on the embedded database: compare-and-swap on 400 rows. Two
# workers compete for each, because with one nothing could go wrong and the verdict would be unknown.
run: tools $(RUNNER)
	$(RUNNER) build --all
	$(RUNNER) --strategy cas.wasm --rows 400 --workers-per-row 2

# Always runs: cargo itself skips what is up to date.
$(RELEASE):
	$(CARGO) build --release --locked --bin runner

# The prefix of `make install`: the program in bin/, strategies and workloads in share/contend/: for all
# users if root installs it. DESTDIR goes before it, for packagers.
PREFIX ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)
BIN = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share

# The folder is put together aside, so that nothing of an older version stays in it.
install: place tools $(RUNNER)
	@components=$$($(RUNNER) build --all) || exit 2; part="$(SHARE)/contend.part"; \
	rm -rf "$$part" && install -d "$$part/strategies" "$$part/workloads" && \
	echo "$$components" | while IFS= read -r component; do \
	  install -m 644 "$$component" "$$part/strategies/" || exit 2; done && \
	install -m 644 workloads/*.toml "$$part/workloads/" && \
	$(call install-pages,$$part) && \
	rm -rf "$(SHARE)/contend" && mv "$$part" "$(SHARE)/contend" && \
	strip=; if command -v strip >/dev/null; then strip=-s; fi; \
	install -m 755 $$strip "$(RUNNER)" "$(BIN)/runner" && \
	echo "installed $(BIN)/runner, and its strategies and workloads in $(SHARE)/contend"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "$(PREFIX)/bin is not on your PATH";; esac

# Manual pages and completions go where programs look for them. The list of them is kept, so that
# `make uninstall` removes these and no others. The symbols of the program stay in target/.
PAGES = $(SHARE)/man/man1
COMPLETIONS = bash:bash-completion/completions/runner zsh:zsh/site-functions/_runner \
  fish:fish/vendor_completions.d/runner.fish
install-pages = install -d "$(1)/man" && "$(RUNNER)" man --out "$(1)/man" && install -d "$(PAGES)" && \
  for page in "$(1)"/man/*.1; do install -m 644 "$$page" "$(PAGES)/" && \
    echo "man/man1/$${page\#\#*/}" >> "$(1)/installed" || exit 2; done && rm -r "$(1)/man" && \
  for one in $(COMPLETIONS); do file="$${one\#*:}"; install -d "$$(dirname "$(SHARE)/$$file")" && \
    "$(RUNNER)" completions "$${one%%:*}" > "$(SHARE)/$$file" && echo "$$file" >> "$(1)/installed" || exit 2; done

# Checked before the build. Another program may be called runner too, and must not be replaced.
place:
	@if [ -e "$(BIN)/runner" ] && [ ! -d "$(SHARE)/contend" ]; then \
	  echo "$(BIN)/runner is another program; choose another place with PREFIX=…"; exit 2; fi
	@install -d "$(BIN)" "$(SHARE)" && [ -w "$(BIN)" ] && [ -w "$(SHARE)" ] || { \
	  echo "$(DESTDIR)$(PREFIX) can't be written; choose another place with PREFIX=…"; exit 2; }

uninstall:
	@[ -d "$(SHARE)/contend" ] || { echo "$(DESTDIR)$(PREFIX) contains no installation of contend"; exit 2; }
	rm -f "$(BIN)/runner"
	@[ ! -f "$(SHARE)/contend/installed" ] || \
	  while IFS= read -r file; do rm -f "$(SHARE)/$$file"; done < "$(SHARE)/contend/installed"
	rm -rf "$(SHARE)/contend"

# The whole suite, quick to slow.
test: tools lint tools-lab tools-languages
	target/debug/runner build --all
	$(TESTED) $(CARGO) test --locked $(OURS)
	@$(MAKE) --no-print-directory browser

# Formatting, lints and the unit tests: everything that needs no server.
quick: tools lint
	$(TESTED) $(CARGO) test --locked $(OURS) --lib

# The packages with tests; the rest of the workspace are guests.
OURS = -p contend -p contend-author -p contend-backend -p contend-capability -p contend-check \
  -p contend-dst -p contend-lab -p contend-model -p contend-sim -p contend-sql -p contend-wasm -p contend-guest

# The page of `runner check --html` in a real browser. Installs one where that can be done.
BROWSER = target/browser
PLAYWRIGHT = playwright-core@1.65.1

browser:
	@find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }; \
	missing=""; \
	find_browser >/dev/null || missing="chromium fonts-dejavu-core"; \
	command -v npm >/dev/null || missing="$$missing nodejs npm"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends $$missing >/dev/null || exit 2; fi; \
	if ! program=$$(find_browser); then echo "browser: there is no Chromium: the page was not tested"; exit 0; fi; \
	if ! command -v npm >/dev/null; then echo "browser: there is no npm: the page was not tested"; exit 0; fi; \
	mkdir -p $(BROWSER) && rm -f $(BROWSER)/page.html && cp host/tests/browser/page.mjs $(BROWSER)/ && \
	npm install --silent --no-audit --no-fund --prefix $(BROWSER) $(PLAYWRIGHT) >/dev/null || exit 2; \
	target/debug/runner check unguarded --html $(BROWSER)/page.html --quiet; \
	node $(BROWSER)/page.mjs "$$program" $(BROWSER)/page.html

# The strategies with a known verdict, in the simulator: all seeds.
oracles: tools $(RUNNER)
	$(RUNNER) build --all
	CONTEND_ORACLES=$(CURDIR)/$(RUNNER) $(CARGO) test --locked $(OURS) --test it -- oracles calibration

# Random components for the loader, then random SQL for its policy: each for so many minutes. It ends at
# the first case that breaks something, and prints the command that repeats it.
FUZZ_MINUTES ?= 10

fuzz: tools $(RUNNER)
	$(RUNNER) build --all
	FUZZ_MINUTES=$(FUZZ_MINUTES) $(CARGO) test --locked --profile fuzz -p contend --test fuzz -- --nocapture --test-threads 1

# Where there is clippy, it compiles our crates for the tests, as the compiler that it is, so that nothing
# is compiled once for lints and once more for tests. These are the two variables by which `cargo clippy`
# calls it.
CLIPPY = $(shell clippy-driver --version >/dev/null 2>&1 && echo clippy-driver)
DENY = -D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
TESTED = $(if $(CLIPPY),RUSTC_WORKSPACE_WRAPPER=$(CLIPPY) CLIPPY_ARGS=$(DENY))

lint:
	@if $(CARGO) fmt --version >/dev/null 2>&1; then $(CARGO) fmt --all --check; \
	 else echo "lint: rustfmt is not installed (rustup component add rustfmt): formatting not checked"; fi
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --locked --offline check licenses bans sources; \
	 else echo "lint: cargo-deny is not installed (cargo install cargo-deny): licences and versions not checked"; fi
	$(TESTED) $(CARGO) test --locked $(OURS) --lib --bins --tests --benches --examples --no-run
	@if [ "$(CLIPPY)" ]; then $(CARGO) clippy --locked --workspace $(subst -p ,--exclude ,$(OURS)) --all-targets -- -D warnings; \
	 else echo "lint: clippy is not installed (rustup component add clippy): lints not checked"; fi
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps $(LIBRARIES)

# The crates that are documented by `make lint`: those with few dependencies, since cargo compiles these once
# more for rustdoc. `make docs` documents all of ours, in minutes.
LIBRARIES = -p contend-dst -p contend-model -p contend-check

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items $(OURS)

# Figures as ratios within one run, written to results/bench.md.
bench: tools $(RUNNER)
	$(RUNNER) build --all
	$(CARGO) bench --locked --bench figures

# The same strategy in four languages, written to results/languages.
languages: tools tools-languages $(RUNNER)
	PATH="$(CURDIR)/$(LANGUAGES)/venv/bin:$(CURDIR)/$(LANGUAGES)/node_modules/.bin:$$PATH" \
	  $(RUNNER) build strategies/examples/cas-*
	$(CARGO) bench --locked --bench figures -- languages

# Programs that the build needs besides Rust. Installs them if possible, else prints the missing ones.
tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust, for example with rustup"; exit 2; }
	@command -v cc >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	  then apt-get update -qq && apt-get install -qq --no-install-recommends gcc libc6-dev; \
	  else echo "a C compiler is missing: sudo apt-get install gcc libc6-dev"; exit 2; fi; }

# The programs of the lab, and the registry of the tests. Debian's packages start their servers as
# services when they are installed, and again when the machine is, and we want neither: a policy forbids
# the first, unless the machine has one already, and what was installed just now is disabled. What was
# there before is not touched.
LAB_PACKAGES = mariadb-server galera-4 rsync haproxy redis-server postgresql pgbouncer docker-registry \
  etcd-server default-jre-headless libzookeeper-java memcached
POLICY = /usr/sbin/policy-rc.d

tools-lab:
	@missing=; \
	for package in $(LAB_PACKAGES); do \
	  case $$package in \
	    mariadb-server) file=mariadbd;; galera-4) file=libgalera_smm.so;; postgresql) file=initdb;; \
	    etcd-server) file=etcd;; default-jre-headless) file=java;; libzookeeper-java) file=zookeeper.jar;; \
	    *) file=$$package;; esac; \
	  found=; for folder in /usr/lib/galera /usr/lib64/galera-4 /usr/lib/galera-4 /usr/lib /usr/lib/postgresql/*/bin /usr/share/java \
	      $$(echo "$$PATH" | tr : ' ') /usr/local/sbin /usr/sbin /sbin; do \
	    [ -f "$$folder/$$file" ] && found=1; done; \
	  [ "$$found" ] || missing="$$missing $$package"; \
	done; \
	[ "$$missing" ] || exit 0; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "the lab and the tests lack packages: sudo apt-get install --no-install-recommends$$missing"; \
	  echo "They need no system service, so stop those that the packages start."; exit 2; fi; \
	ours=; if [ ! -e $(POLICY) ]; then \
	  ours=1; trap 'rm -f $(POLICY)' EXIT; trap 'exit 2' INT TERM HUP; \
	  printf '#!/bin/sh\nexit 101\n' > $(POLICY) && chmod 755 $(POLICY); fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -qq --no-install-recommends $$missing || exit 2; \
	for package in $$missing; do case $$package in \
	  mariadb-server) service=mariadb;; etcd-server) service=etcd;; \
	  haproxy|redis-server|rsync|postgresql|pgbouncer|docker-registry|memcached) service=$$package;; *) continue;; esac; \
	  if command -v systemctl >/dev/null; then systemctl -q disable $$service 2>/dev/null || :; fi; done

# The tools for strategies in C, JavaScript and Python (strategies/examples), in a private folder, which the
# tests look into. What can't be installed is reported, and listed for the tests in the file `skipped`;
# a C compiler of one's own does as well as Zig's. As root, Python and Node.js are installed if they are
# missing.
LANGUAGES = target/languages
PYTHON_TOOLS = ziglang==0.17.1 componentize-py==0.25.1
JS_TOOLS = @bytecodealliance/componentize-js@0.23.0 @bytecodealliance/preview2-shim@0.25.0

tools-languages:
	@[ "$$(cat $(LANGUAGES)/installed 2>/dev/null)" = "$(PYTHON_TOOLS) $(JS_TOOLS)" ] && exit 0; \
	mkdir -p $(LANGUAGES) && rm -f $(LANGUAGES)/skipped; \
	missing=; python3 -c 'import ensurepip, venv' 2>/dev/null || missing="python3 python3-venv"; \
	command -v npm >/dev/null || missing="$$missing nodejs npm"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends $$missing >/dev/null; fi; \
	skip() { echo "languages: $$1 is not tested: $$2"; echo "$$1: $$2" >> $(LANGUAGES)/skipped; }; \
	python3 -m venv $(LANGUAGES)/venv && $(LANGUAGES)/venv/bin/pip install -q --disable-pip-version-check \
	  $(PYTHON_TOOLS) || skip python "$(PYTHON_TOOLS) can't be installed; is there python3 with venv, and a network?"; \
	npm install --silent --no-audit --no-fund --prefix $(LANGUAGES) $(JS_TOOLS) >/dev/null && \
	  $(LANGUAGES)/node_modules/.bin/componentize-js --version >/dev/null || \
	  skip js "$(JS_TOOLS) can't be installed; is there Node.js 20 with npm, and a network?"; \
	[ -e $(LANGUAGES)/skipped ] || echo "$(PYTHON_TOOLS) $(JS_TOOLS)" > $(LANGUAGES)/installed

clean:
	$(CARGO) clean
