# The targets that people use: build, demo, test, bench. `make help` lists them.

export CGO_ENABLED := 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse --verify -q HEAD 2>/dev/null || echo unknown)
# urfave_cli_no_docs leaves out a Markdown parser that costs 0.4 ms of every start.
TAGS    := urfave_cli_no_docs
FLAGS    = -trimpath -buildvcs=false -tags $(TAGS)
# The program is entered where it asks for its pages, a quarter of what it takes to start on a virtual machine.
ENTRY   := github.com/crabcan/crabcan/cmd/crabcan/prefault.start
LDFLAGS := -s -w -E $(ENTRY) -X main.version=$(VERSION) -X main.commit=$(COMMIT)
BIN     := bin
HELLO   := bundles/examples/hello
# What is built for users: folders of cmd, and crabcan with CRIU's protocol linked in, which would slow crabcan's start.
PROGRAMS := crabcan crabcan-criu
PREFIX  := /usr/local
ZSHDIR  := $(PREFIX)/share/zsh/site-functions
DATE    ?= $(shell git log -1 --format=%cs 2>/dev/null || date +%F)

.PHONY: all
all: build example ## build crabcan and the example bundle

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: $(PROGRAMS:%=build-%) ## build bin/crabcan and bin/crabcan-criu

.PHONY: $(PROGRAMS:%=build-%)
$(PROGRAMS:%=build-%): build-%:
	$(GO) build $(FLAGS) -ldflags '$(LDFLAGS)' -o $(BIN)/$* ./cmd/$(or $(FOLDER),$*)

build-crabcan-criu: TAGS := $(TAGS),criu
build-crabcan-criu: FOLDER := crabcan

.PHONY: manual
manual: ## write the man pages and shell completions to bin/manual
	@rm -rf $(BIN)/manual
	env -u GOARCH $(GO) run -tags $(TAGS),manual -ldflags '-X main.version=$(VERSION)' ./cmd/crabcan \
		docs/cli.md $(DATE) $(BIN)/manual

.PHONY: install
install: build manual ## install them below PREFIX (default: /usr/local), with DESTDIR before it
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS:%=$(BIN)/%)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $(BIN)/manual/*.8
	install -D -m 644 $(BIN)/manual/crabcan.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/crabcan
	install -D -m 644 -t $(DESTDIR)$(ZSHDIR) $(BIN)/manual/_crabcan
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d $(BIN)/manual/crabcan.fish

.PHONY: uninstall
uninstall: ## remove what install has installed
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(PREFIX)/share/man/man8/crabcan.8 \
		$(DESTDIR)$(PREFIX)/share/man/man8/crabcan-*.8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/crabcan $(DESTDIR)$(ZSHDIR)/_crabcan \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/crabcan.fish

.PHONY: release
release: ## build static binaries for amd64 and arm64 in bin/release, twice, to see that both builds are the same
	@.ci/release $(BIN)/release '$(VERSION)' '$(COMMIT)' $(PROGRAMS)

.PHONY: deb
deb: ## build the Debian packages for amd64 and arm64 in bin/deb
	@.ci/packages debhelper
	@.ci/deb $(BIN)/deb '$(VERSION)' '$(COMMIT)'

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
	@mkdir -p $(BIN)/tests
	$(GO) test -json -tags $(TAGS) -timeout 20m ./... | $(GO) run ./cmd/crabcan-summary -record $(BIN)/tests/host.json
	@RELEASE_CACHE="$$($(GO) env GOCACHE)" .ci/release $(BIN)/release '$(VERSION)' '$(COMMIT)' $(PROGRAMS)
	@.ci/test-install '$(VERSION)' '$(COMMIT)'
	@.ci/test-arm64
	@.ci/fuzz

.PHONY: test-clients
test-clients: ## run crabcan and runc under Docker and others, as root; CLIENTS='...' passes options of go test
	@.ci/packages runc crun busybox-static debootstrap procps iptables iproute2 docker.io containerd podman buildah conmon catatonit netavark uidmap criu \
		containernetworking-plugins jq
	@mkdir -p $(BIN)/tests
	$(GO) test -json -tags $(TAGS),clients -count=1 -timeout 40m ./cmd/crabcan/clients $(CLIENTS) | \
		$(GO) run ./cmd/crabcan-summary -record $(BIN)/tests/clients.json

# All script tests, as two machines run them at once.
SCRIPTS := 'cmd/crabcan:TestScripts/^[a-l]' 'cmd/crabcan:TestScripts/^[^a-l]'

.PHONY: test-v2
test-v2: ## run the script tests on pure cgroup v2 in user-mode Linux, as root
	.ci/vm/test v2 v2 $(SCRIPTS) runtime/cgroup:.

# Four machines at once on a busy host: three times what they take alone on two processors.
.PHONY: test-systemd
test-systemd: export CRABCAN_VM_TIMEOUT := 1800
test-systemd: ## run them on systemd in user-mode Linux, with both cgroup drivers, as root
	@.ci/vm/image >/dev/null
	@$(MAKE) -j2 test-systemd-fs test-systemd-driver

.PHONY: test-systemd-fs
test-systemd-fs:
	.ci/vm/test systemd-fs systemd $(SCRIPTS)

.PHONY: test-systemd-driver
test-systemd-driver:
	CRABCAN_TEST_CGROUPS=systemd .ci/vm/test systemd-driver systemd $(SCRIPTS)

.PHONY: test-vm
test-vm: ## run in QEMU what needs Debian's kernel or a user session: cpuset, AppArmor, CRIU, rootless; as root
	CRABCAN_VM_TIMEOUT=3600 CRABCAN_TEST_CGROUPS=systemd .ci/vm/test vm debian \
		'cmd/crabcan:TestScripts/^(apparmor.*|checkpoint.*|restore.*|criu.*|resources_.*|limit_.*|update_.*|systemd_.*|rootless.*)$$'
	$(GO) run ./cmd/crabcan-summary -table .ci/skips -vm $(BIN)/tests/vm.json

.PHONY: packages
packages:
	@.ci/packages runc busybox-static debootstrap qemu-user-static uidmap procps \
		man-db mandoc zsh fish debhelper

.PHONY: bench
bench: build ## measure crabcan beside its peers, as root; BENCH='...' passes options
	@.ci/packages runc
	$(GO) run -tags $(TAGS) ./cmd/crabcan-bench -crabcan $(BIN)/crabcan $(BENCH)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN) $(HELLO)/rootfs
