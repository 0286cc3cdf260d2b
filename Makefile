# The targets that people use: build, demo, test, bench. `make help` lists them.

export CGO_ENABLED := 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse --verify -q HEAD 2>/dev/null || echo unknown)
# urfave_cli_no_docs leaves out a Markdown parser that costs 0.4 ms of every start.
TAGS    := urfave_cli_no_docs
FLAGS   := -trimpath -buildvcs=false -tags $(TAGS)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
BIN     := bin
HELLO   := bundles/examples/hello

.PHONY: all
all: build example ## build crabcan and the example bundle

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/crabcan
	$(GO) build $(FLAGS) -ldflags '$(LDFLAGS)' -o $(BIN)/crabcan ./cmd/crabcan

.PHONY: example
example: ## build the root folder of the example bundle
	@mkdir -p $(HELLO)/rootfs/bin
	$(GO) build -trimpath -buildvcs=false -ldflags '-s -w' -o $(HELLO)/rootfs/bin/hello ./bundles/payload

.PHONY: demo
demo: build example ## create, start and delete the example container, as root
	@.ci/demo $(BIN)/crabcan $(HELLO)

.PHONY: test
test: packages ## check the code and run all tests, as root
	@.ci/check
	$(GO) test -tags $(TAGS) -timeout 20m ./...
	@.ci/test-arm64
	@.ci/fuzz

.PHONY: packages
packages:
	@.ci/packages runc busybox-static debootstrap qemu-user-static uidmap procps

.PHONY: bench
bench: build ## measure crabcan beside its peers, as root; BENCH='...' passes options
	@.ci/packages runc
	$(GO) run -tags $(TAGS) ./cmd/crabcan-bench -crabcan $(BIN)/crabcan $(BENCH)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN) $(HELLO)/rootfs
