# The only door: every task of a developer, of CI and of a new user is a target here.
SHELL := /bin/bash
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

PREFIX ?= /usr/local
DESTDIR ?=
BIN := artifacts/bin
PROGRAMS := $(BIN)/skiff $(BIN)/skiffd $(BIN)/skiff-runtime
BENCH := $(BIN)/skiff-bench
SOURCES := $(shell find src -name obj -prune -o -name bin -prune -o -type f -print) Directory.Build.props Directory.Build.targets Directory.Packages.props

.PHONY: help build publish test unit-test system-test fuzz bench fmt lint accept demo install uninstall clean deps sdk root

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: sdk ## compile everything, with all analyzers
	dotnet build Skiff.slnx -v q

publish: $(PROGRAMS) ## the three native programs, into artifacts/bin

$(BIN)/skiff: $(SOURCES) | deps
	build/publish src/Skiff.Cli skiff
$(BIN)/skiffd: $(SOURCES) | deps
	build/publish src/Skiff.Daemon skiffd
$(BIN)/skiff-runtime: $(SOURCES) | deps
	build/publish src/Skiff.Runtime skiff-runtime

test: root deps publish ## all tests: unit tests, then system tests on the native programs (needs root)
	build/test unit system

unit-test: sdk ## only what needs nothing
	build/test unit

system-test: root deps publish ## only what needs root (SKIFF_LAUNCHES=n for a longer launch test)
	build/test system

SECONDS_FUZZED ?= 20
fuzz: sdk ## mutated inputs for the parsers of what strangers send (SECONDS_FUZZED=n for longer)
	dotnet run --project test/Skiff.Fuzz -c Release -v q -- $(SECONDS_FUZZED)

bench: root deps publish $(BENCH) ## side by side with docker and podman, where they are installed
	bench/run

$(BENCH): $(shell find bench/Skiff.Bench -maxdepth 1 -type f)
	build/publish bench/Skiff.Bench skiff-bench

fmt: sdk ## format the code
	dotnet tool restore && dotnet csharpier format .

lint: sdk ## formatting and analyzers, as CI sees them
	dotnet tool restore && dotnet csharpier check . && dotnet build Skiff.slnx -v q

accept: sdk ## rewrite the golden files from what the code says now; review the difference
	SKIFF_ACCEPT=1 build/test unit

demo: root deps publish ## from nothing to a prompt in a container
	build/demo

install: publish ## programs, systemd units and completions, under $(PREFIX)
	PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) build/install

uninstall: ## what install put there
	PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) build/install --remove

clean: ## everything that was built
	rm -rf artifacts
	find src test -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +

deps: sdk
	@build/deps

sdk:
	@command -v dotnet >/dev/null || { echo "make: the .NET SDK 10 is missing: install dotnet-sdk-10.0 (https://dot.net) and run this again" >&2; exit 1; }

root:
	@[ "$$(id -u)" = 0 ] || { echo "make: this target needs root: run it again with sudo" >&2; exit 1; }
