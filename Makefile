# Everything that people and CI do with this repository. What is longer than a line is in scripts/.

CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help run test bench fmt lint build-packages test-packages

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

run: build-packages ## builds the server and starts it without any configuration
	$(CARGO) build --release --locked
	exec ./target/release/hockeypuck

test: build-packages test-packages ## runs every check and every test, as CI does
	scripts/test.sh

lint: ## formatting, clippy and documentation only
	scripts/test.sh fmt clippy doc

bench: build-packages test-packages ## runs the benchmarks
	$(CARGO) bench --locked

fmt: ## formats the code
	$(CARGO) fmt

build-packages: ## installs what the build lacks, through apt
	scripts/packages.sh build

test-packages: ## installs what the tests lack, through apt
	scripts/packages.sh test
