# Two commands do all their own set-up: make demo, make test.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Terraform's and cdktf's own checks for newer versions.
export CHECKPOINT_DISABLE := 1

tests := go -C __tests__

.PHONY: help
help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: tools
tools:
	@command -v go >/dev/null || { echo "go is missing: install Go 1.26 or newer from https://go.dev/dl"; exit 1; }
	@$(tests) run ./cmd/localaws check

# The cdktf CLI, exactly as package-lock.json has it.
cdktf := node_modules/.package-lock.json
$(cdktf): package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer from https://nodejs.org"; exit 1; }
	@echo 'npm ci --no-audit --no-fund --loglevel=error' && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: setup
setup: ## the tools checked, the cdktf CLI installed
	@$(MAKE) -s --no-print-directory -j2 tools $(cdktf)

# What the demo is going to run, the app first of all. What Go downloads for it is no
# news.
.PHONY: compiled
compiled:
	@command -v go >/dev/null || { echo "go is missing: install Go 1.26 or newer from https://go.dev/dl"; exit 1; }
	@{ go build . ./cmd/... && $(tests) build -o ../build/bin/ ./cmd/demo; } 2> >(grep -v '^go: downloading ' >&2)

.PHONY: demo
demo: ## everything deployed onto a local AWS, its page, a rollout; ARGS=--keep: it stays up
	@echo 'Deploys everything onto a local AWS, in about three minutes.'
	@echo 'The first time, it installs and compiles for three and a half minutes before that.'
# The demo checks the tools itself.
	@started=$$(date +%s) && $(MAKE) -s --no-print-directory -j2 compiled $(cdktf) && build/bin/demo --started $$started $(ARGS)

.PHONY: rollout-demo
rollout-demo: setup ## a good and a bad image rolled out under load, live, with pictures
	$(tests) run ./cmd/rollout-demo

.PHONY: local
local: setup ## a local AWS that stays, to deploy onto by hand
# AWS's time runs ten times as fast: two minutes of warm-up take 12 s.
	$(tests) run ./cmd/localaws serve --time-factor 10 --env-file $(CURDIR)/build/local.env $(ARGS)

.PHONY: check
check: ## what a minute can tell: format, vet, props, golden files, rollout in simulated time
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted"; exit 1; }
	@$(MAKE) --no-print-directory -j2 vet short

.PHONY: vet
vet:
	go vet ./... && $(tests) vet ./...

.PHONY: short
short:
# Without the few checks of vet that go test makes: vet makes all of them.
	$(tests) test -short -vet=off ./validation ./synth ./refresh ./rollout ./localaws/scaling/world
	$(tests) test -count=1 ./pages # its files are no Go code, of which the cache would know

under_load := ./zerodowntime ./guestbook ./felt ./cmd/rollout-check-aws

# -count=1: Go's test cache does not know that tests deploy files of the app.
# -vet=off: make check has all of vet.
go_test := TEST_FIGURES=$(CURDIR)/build/figures $(tests) test -count=1 -vet=off

.PHONY: test
test: setup ## the tests of every run, in twenty minutes
	@TESTS=usual $(MAKE) --no-print-directory tests

.PHONY: test-all
test-all: setup tests ## all tests but the series below, in thirty-five minutes: what has to pass before a change lands

.PHONY: tests
tests:
	@rm -f build/figures && mkdir -p build
# First those in which each request and each second counts: they want the processor for
# themselves. Then the rest, those that take longest first.
	@echo 'Rollouts and other changes under load. The first result comes after six minutes.'
	$(go_test) -timeout 30m -p 3 $(under_load)
	@echo 'All other tests. The first results come after ten minutes or more.'
	$(go_test) -timeout 40m -p 4 ./deploy ./state ./lifetime \
		$$($(tests) list ./... | grep -v $(patsubst ./%,-e /tests/%$$,$(under_load)))
	@cat build/figures

.PHONY: test-browser
test-browser: setup ## the page and the pictures, seen in Chromium, which it needs
	$(tests) test -tags browser -count=1 -v ./browser

.PHONY: test-rollout
test-rollout: setup ## every scenario of a rollout under load, in three climates; an hour and a half
	$(tests) test -count=1 -v -timeout 3h ./zerodowntime ./guestbook -args -full

.PHONY: test-changes
test-changes: setup ## every kind of change deployed under load, against what a review says of it
	$(tests) test -count=1 -v -timeout 2h ./felt ./review -args -full

HISTORIES ?= 10000

.PHONY: test-histories
test-histories: ## HISTORIES=10000: what may happen to a group in some hours, made up, in simulated time; 15 minutes
	$(tests) test -count=1 -v -timeout 90m ./rollout -run TestHistories -args -histories $(HISTORIES)

.PHONY: rollout-check-aws
rollout-check-aws: ## RUN=yes: asks a real AWS account what its pages leave open; a few cents (without RUN: says what it would do)
	$(tests) run ./cmd/rollout-check-aws $(if $(filter yes,$(RUN)),--run) $(ARGS)

.PHONY: test-state
test-state: setup ## every way to hurt a state, with more processes and more kills; 15 minutes
	$(tests) test -count=1 -v -timeout 90m ./state -args -long

FUZZTIME ?= 10m

.PHONY: fuzz
fuzz: setup ## FUZZTIME=10m for each of two: looks for a stack that Validate accepts and Terraform does not take
# The first time, Go compiles the bindings anew, with a count of what runs, for
# minutes. What it counts differs by chance from run to run, and to minimize what
# seems to be new would take the most of the time.
	for target in FuzzEnvironment FuzzOwnStack; do \
		$(tests) test ./fuzz -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; \
	done

.PHONY: golden
golden: setup ## the golden files rewritten: review what git diff shows
	$(tests) test ./synth -run 'TestGolden|TestStageAndProdDiffer' -update
	$(tests) test ./review -run TestReports -update

.PHONY: providers
providers: ## PLATFORMS='linux/arm64 ...': the AWS provider's lock file made anew, with the newest 5.x: review what it shows
	go run ./cmd/providers $(PLATFORMS)
	@git --no-pager diff -- stacks/terraform.lock.hcl

.PHONY: compat
compat: setup ## TOOLS='/path/to/tofu ...': what works with which Terraform, OpenTofu, cdktn, Node.js; 4 minutes each
	$(tests) run ./cmd/compat $(ARGS) $(abspath $(TOOLS))

.PHONY: scan
scan: setup ## tfsec and tflint over all stacks (the first time, it builds them for minutes)
	$(tests) run ./scan

.PHONY: bench
bench: setup ## how long synth takes and how much memory
	$(tests) run ./bench

RUNS ?= 1

.PHONY: bench-demo
bench-demo: ## RUNS=1: how long each phase of make demo takes, with cold and warm caches; 10 minutes a run
	$(tests) run ./bench -demo -runs $(RUNS)

.PHONY: review
review: ## ARGS='stage --fail-on interruption': what users will feel of the working tree's changes, before a deploy
	@go build -o build/bin/ ./cmd/review && build/bin/review $(ARGS)

.PHONY: bootstrap
bootstrap: $(cdktf) ## the state store made in an empty AWS account; YES=1: without a question
	go run ./cmd/state bootstrap $(if $(YES),--yes)

.PHONY: unlock
unlock: $(cdktf) ## ENV=stage: releases the lock that a dead deploy left
	@[ -n "$(ENV)" ] || { echo "ENV is missing: make unlock ENV=stage"; exit 2; }
	go run ./cmd/state unlock $(ENV)

ARCH ?= amd64
EDITION ?= first

.PHONY: guestbook
guestbook: ## ARCH=amd64 EDITION=first: builds the guest book, for an environment's Application
# The same source makes the same bytes, in whatever folder and commit.
	CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) go build -trimpath -buildvcs=false -ldflags '-s -w -X main.edition=$(EDITION)' -o build/guestbook/guestbook ./examples/guestbook

.PHONY: clean
clean: ## what builds, deploys and tests left behind
	@! ls cdktf.out/stacks/*/errored.tfstate 2>/dev/null || { echo "is what a deploy could not write: make unlock ENV=... first, or move it away"; exit 1; }
	rm -rf build cdktf.out node_modules
