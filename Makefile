# The front door. `make help` lists the verbs; CMake does the work (see CMakePresets.json).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON := /usr/bin/python3
PRESET := dev
JOBS := $(shell nproc)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
DESTDIR ?=
FUZZ_SECONDS ?= 60
# A labelled set: a folder with roll.csv, queries.csv, truth.csv and score.py; none: a small one of our own.
LABELLED ?=
PUPILS ?= 100000 1000000
BENCH ?=
YEAR_INCIDENTS ?= 100000
YEAR_SEED ?= 1
# In memory: a disk that syncs is no part of what it tries.
YEAR_FOLDER ?= $(if $(wildcard /dev/shm),/dev/shm,/tmp)

PACKAGES := $(shell sed -e 's/\#.*//' packages.txt)

.PHONY: help deps build demo test bench match-bench weights year storm faults lint format fuzz install package package-test clean

help: ## this list
	@echo "Operation Encompass notification gateway"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
	@echo
	@echo "Each verb installs the Debian packages it needs first (packages.txt), as root or by sudo."

deps: ## install what is missing of packages.txt
	@missing=$$({ dpkg-query -W -f '$${Package} $${db:Status-Status}\n' $(PACKAGES) 2>/dev/null || true; } \
	  | awk '$$2 == "installed" { print $$1 }' | sort -u \
	  | comm -13 - <(tr ' ' '\n' <<< "$(PACKAGES)" | sort -u)); \
	if [ -n "$$missing" ]; then \
	  echo "installing: $$(echo $$missing)"; \
	  $(SUDO) apt-get update -qq; \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
	    apt-get install -y -qq --no-install-recommends $$missing > /dev/null; \
	fi

# One preset, built quietly: Ninja speaks when something is wrong.
define built
	@cmake --preset $(1) > build-$(1).log 2>&1 || { cat build-$(1).log; rm -f build-$(1).log; exit 1; }
	@rm -f build-$(1).log
	@cmake --build --preset $(1) -j $(JOBS) > build-$(1).log 2>&1 || { grep -v '^\[[0-9/]*\]' build-$(1).log; rm -f build-$(1).log; exit 1; }
	@rm -f build-$(1).log
endef

build: deps ## the programs, optimised, in build/release/
	$(call built,release)

demo: build ## watch one night and its morning, on this machine alone
	@$(PYTHON) -B tests/demo/demo.py --build build/release

test: deps ## every test; the last line counts them
	$(call built,asan)
	$(call built,release)
	@$(PYTHON) -B tests/run --asan build/asan --release build/release

bench: build ## how fast, as ratios against raw limits taken in the same run (BENCH: bench.py's options)
	@tests/tools/bench_tools build/bench-tools
	@$(PYTHON) -B tests/bench/bench.py --build build/release --tools build/bench-tools $(BENCH)

match-bench: build ## how well and how fast the child is found (LABELLED, PUPILS)
	@$(PYTHON) -B tests/bench/match_accuracy.py --build build/release $(if $(LABELLED),--set $(LABELLED))
	@$(PYTHON) -B tests/bench/match_speed.py --build build/release --pupils $(PUPILS)

year: build ## a year in seconds: YEAR_INCIDENTS (100000) over three authorities, every promise checked
	@scratch=$$(mktemp -d -p $(YEAR_FOLDER) encompass-year-XXXXXX); trap 'rm -rf "$$scratch"' EXIT; \
	build/release/tests/year --incidents $(YEAR_INCIDENTS) --seed $(YEAR_SEED) --store "$$scratch"

weights: build ## config/match-weights.conf anew, from the labelled set in LABELLED
	@test -n "$(LABELLED)" || { echo "make weights LABELLED=FOLDER: whose labels?"; exit 1; }
	@$(PYTHON) -B tests/bench/match_accuracy.py --build build/release --set $(LABELLED) --learn config/match-weights.conf

storm: build ## 500 kills over intake and delivery, and what they cost
	@ENCOMPASS_RELEASE=build/release ENCOMPASS_KILLS=250 PYTHONPATH=tests \
	$(PYTHON) -B -m pytest -q -s -p no:cacheprovider tests/e2e/test_kills.py

faults: build ## every read, write, sync and allocation of a night failing in turn (half an hour)
	@for test in disk memory; do ENCOMPASS_FAULTS=all build/release/tests/test_$${test}_faults; done

lint: deps ## layout, clang-tidy, and the words that do not belong here
	$(call built,dev)
	@tests/tools/lint build/dev

format: deps # lay every C file out by .clang-format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

fuzz: deps ## every fuzz target for FUZZ_SECONDS (60) each
	$(call built,fuzz)
	@tests/tools/fuzz build/fuzz $(FUZZ_SECONDS)

install: build ## into /usr (or DESTDIR)
	@DESTDIR="$(DESTDIR)" cmake --install build/release

package: build ## a Debian package, in build/
	@rm -f build/encompass_*.deb
	@cd build/release && cpack -G DEB -B .. > ../package.log 2>&1 || { cat ../package.log; exit 1; }
	@rm -rf build/package.log build/_CPack_Packages
	@ls build/encompass_*.deb

package-test: package ## the package in a clean Debian: installed, run, upgraded, removed, purged (root, a mirror)
	@$(SUDO) tests/tools/package-chroot build/encompass_*.deb

clean: ## remove build/
	@rm -rf build
