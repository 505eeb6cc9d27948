# The two commands a newcomer needs are `make demo` and `make test`. Both work on
# a fresh Debian 12 or Ubuntu with git, make, Go and the right to install
# packages: what is missing is installed with apt, and nothing is done where
# nothing is missing.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
FUZZTIME ?= 10m
SOAKTIME ?= 1h
LIVE_SOAK ?= 168h
LIVE_FOR ?= 10m
ARGS     ?=

BINARY := bin/smoothplay

# What it takes to build: a C compiler, FFmpeg's libraries (go-astiav links all
# of them) and SDL.
BUILD_PACKAGES := gcc libc6-dev pkg-config libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev \
	libavutil-dev libswresample-dev libswscale-dev libsdl2-dev
# What the tests use beside: a display that nobody sees, tools to look at it, an
# encoder, another player, and a browser.
TEST_PACKAGES := chromium ffmpeg imagemagick x11-apps x11-utils xdotool xvfb gstreamer1.0-libav gstreamer1.0-plugins-bad \
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-tools

# Packages without cgo and without the clock, which also run as 32-bit programs.
PURE := ./drm/... ./heuristics/... ./player/buffer/... ./player/event/... ./player/fragment/... \
	./player/manifest/... ./player/schedule/... ./player/timeline/...

.PHONY: help
help: ## Say what there is to make
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.PHONY: demo
demo: build ## Play the built-in demo in a window; headless where there is no display
	$(BINARY) play $(ARGS)

.PHONY: build
build: go-version build-packages ## Build bin/smoothplay
	$(GO) build -o $(BINARY) ./cmd/smoothplay

.PHONY: test
test: go-version build-packages test-packages ## Run all tests
	@echo '== gofmt'
	@unformatted=$$(gofmt -l .); \
	if [[ -n $$unformatted ]]; then echo "not formatted, run gofmt -w on:" $$unformatted; exit 1; fi
	@echo '== vet'
	CGO_ENABLED=0 $(GO) vet ./...
	$(GO) vet ./...
	@echo '== without cgo, with a simulated day of live'
	CGO_ENABLED=0 LIVE_SOAK=24h $(GO) test -timeout 30m ./...
	@if [[ $$($(GO) env GOARCH) == amd64 ]]; then \
		echo '== as a 32-bit program'; \
		set -x; CGO_ENABLED=0 GOARCH=386 $(GO) test $(PURE); \
	fi
	@echo '== with decoders, window and sound'
	$(GO) test -timeout 20m $$($(cgo-packages))

# The packages of which some file, tests included, is built on FFmpeg or SDL.
cgo-packages = $(GO) list -test -f '{{.ImportPath}}|{{join .Deps " "}}' ./... | \
	grep -E 'smoothplay/render/(ffmpeg|sdl)' | sed -E 's/\|.*//; s/ .*//; s/(_test|\.test)$$//' | sort -u

.PHONY: race
race: go-version build-packages test-packages ## Run the tests under the race detector
	$(GO) test -race ./...

.PHONY: bench
bench: go-version build-packages ## Run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem $(ARGS) ./...

.PHONY: fuzz
fuzz: go-version ## Fuzz every target for FUZZTIME (10m)
	@CGO_ENABLED=0 $(GO) test -list '^Fuzz' ./... | \
	awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' | \
	while read -r package target; do \
		echo "== $$package $$target"; \
		CGO_ENABLED=0 $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $(ARGS) "$$package" </dev/null; \
	done

.PHONY: soak
soak: build ## Follow a live event for LIVE_SOAK (a simulated week), then play the demo in a loop for SOAKTIME (1h)
	CGO_ENABLED=0 LIVE_SOAK=$(LIVE_SOAK) $(GO) test -run '^TestLiveGoesOnForLong$$' -count 1 -timeout 2h -v ./player
	$(BINARY) measure --for $(SOAKTIME) --loop --shape '3M:20s,600k:10s,1.2M:15s' $(ARGS)

.PHONY: live
live: go-version build-packages test-packages ## Follow a live event in a window for LIVE_FOR (10m) while faults are switched on and off
	LIVE_FOR=$(LIVE_FOR) $(GO) test -run '^TestLive$$' -count 1 -timeout 1h -v ./cmd/smoothplay

.PHONY: starved
starved: go-version build-packages test-packages ## Play with real decoding and too little processor time, on an otherwise idle machine (needs control groups; 90 s)
	STARVED=1 $(GO) test -run '^TestRealStarvedDevice$$' -count 1 -v ./cmd/smoothplay

.PHONY: peers
peers: go-version build-packages test-packages ## Compare the cost of playing with VLC, GStreamer and ffmpeg; let GStreamer and dash.js follow the live demo
	$(GO) test -tags peers -run '^TestPeers$$' -count 1 -timeout 1h -v ./cmd/smoothplay
	LIVE_FOR=2m CGO_ENABLED=0 $(GO) test -tags peers -run '^Test(GStreamer|DashJS)FollowsTheLiveDemo$$' -count 1 -v ./player/origin

.PHONY: netns
netns: go-version ## Play over links that the kernel shapes, and compare with the simulator (needs root, ip and tc; 6 min)
	CGO_ENABLED=0 $(GO) test -tags netns -run '^TestKernelLink$$' -count 1 -timeout 20m -v ./cmd/smoothplay

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin

.PHONY: go-version
go-version:
	@wanted=$$(sed -n 's/^go //p' go.mod); \
	if ! command -v $(GO) >/dev/null; then \
		echo "Go $$wanted or later is needed and '$(GO)' was not found: install it from https://go.dev/dl/" >&2; exit 1; \
	fi; \
	found=$$($(GO) env GOVERSION 2>/dev/null) || found="an older Go"; found=$${found#go}; \
	if [[ $$(printf '%s\n' "$$wanted" "$$found" | sort -V | head -n 1) != "$$wanted" ]]; then \
		echo "Go $$wanted or later is needed and this is $$found: install it from https://go.dev/dl/" >&2; exit 1; \
	fi

.PHONY: build-packages test-packages
build-packages:
	@$(call install-missing,$(BUILD_PACKAGES))
test-packages:
	@$(call install-missing,$(TEST_PACKAGES))

# install-missing installs those of the Debian packages $(1) that are not there.
define install-missing
	if ! command -v dpkg-query >/dev/null; then \
		echo "this is no Debian: taking for granted that there is what these packages hold: $(1)" >&2; exit 0; \
	fi; \
	missing=$$(for package in $(1); do \
		[[ $$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null) == installed ]] || echo "$$package"; \
	done); \
	if [[ -n $$missing ]]; then \
		echo "installing with apt:" $$missing; \
		sudo=(); if (( EUID != 0 )); then sudo=(sudo); fi; \
		"$${sudo[@]}" apt-get update -q; \
		"$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	fi
endef
