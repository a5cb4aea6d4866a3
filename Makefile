# Everything a person or a pipeline does with Slipway. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
LOCAL := $(CURDIR)/.local
# Only CLUSTER=external means a cluster of yours: a KUBECONFIG that happens to be set is left alone.
ifneq ($(CLUSTER),external)
override KUBECONFIG := $(LOCAL)/kubeconfig
endif
CODE := operator/src runtime/src deploy tests bench

export KUBECONFIG
export PATH := $(LOCAL)/bin:$(PATH)
# onnxruntime reports to its maker unless it is told not to.
export ORT_DISABLE_TELEMETRY := 1
export PYTHONPATH := operator/src:runtime/src:deploy/local:tests/support

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z][a-z0-9-]*:.*## / {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ See it work
.PHONY: demo
demo: deploy ## From nothing: cluster, operator, a model, a prediction, and a new version under load
	@$(PY) -m deploy.demo

##@ Test
.PHONY: test
test: check test-unit test-integration test-e2e ## Everything; sets up what it needs
	@echo "make test: all green"

.PHONY: test-unit
test-unit: install ## Fast tests without a cluster
	$(PY) -m pytest tests/unit -q -n 2 --dist loadfile

.PHONY: test-integration
test-integration: deploy ## Single parts against real servers: API server, S3, sockets
	$(PY) -m pytest tests/integration -q -n 3 --dist loadgroup --durations=5

.PHONY: test-e2e
test-e2e: deploy ## The whole product on a real cluster, faults included
	$(PY) -m pytest tests/e2e tests/faults -q -m "not alone" -n 3 --dist loadgroup --durations=5
	$(PY) -m pytest tests/e2e tests/faults -q -m alone

.PHONY: bench
bench: deploy ## Measure on the current cluster: from apply to Ready, stage by stage
	$(PY) bench/apply_to_ready.py

.PHONY: bench-runtime
bench-runtime: install ## Measure the runtime beside its peers, and write docs/benchmarks.md
	@$(PY) -m bench.runtime

FUZZ := $(LOCAL)/fuzz
FUZZ_SECONDS ?= 120

.PHONY: fuzz
fuzz: $(FUZZ)/.installed ## Feed the runtime what nobody should send it, for FUZZ_SECONDS (120)
	@$(FUZZ)/bin/python tests/fuzz/run.py $(FUZZ_SECONDS)

$(FUZZ)/.installed: tests/fuzz/requirements.txt
	@echo "Installing the fuzzers in an environment of their own"
	@python3 -m venv $(FUZZ)
	@$(FUZZ)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/fuzz/requirements.txt
	@touch $@

.PHONY: check
check: install ## Lint, types, import contracts, generated files
	$(VENV)/bin/ruff check $(CODE)
	$(VENV)/bin/ruff format --check $(CODE)
	$(VENV)/bin/mypy $(CODE)
	$(VENV)/bin/lint-imports
	$(PY) -m slipway_operator.api.generate --check
	$(PY) -m slipway_runtime.messages.generate --check

##@ A cluster
.PHONY: cluster-up
cluster-up: install ## A real Kubernetes on this machine (kind with Docker, else built from source, as root)
	@$(PY) -m localcluster up

.PHONY: cluster-down
cluster-down: install ## Take it down; nothing is left behind
	@$(PY) -m localcluster down

.PHONY: images
images: cluster-up ## Build both images and load them into the cluster
	@$(PY) -m localcluster images

.PHONY: deploy
deploy: images ## Images, CRD and operator into the current cluster
	@set -a; source $(LOCAL)/images.env; deploy/kustomize/install.sh

##@ Work on it
.PHONY: install
install: $(INSTALLED) ## The development environment in .venv, from the pinned lock

$(INSTALLED): tests/requirements.txt
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: Slipway needs Python 3.11 or newer as python3 (on Debian: apt-get install python3)"; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || .ci/install-venv
	@echo "Installing the development environment (about a minute the first time)"
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

.PHONY: format
format: install ## Format the code and apply the safe fixes
	$(VENV)/bin/ruff check --fix-only $(CODE)
	$(VENV)/bin/ruff format $(CODE)

.PHONY: generate
generate: install ## Write what is generated: the CRD, its reference page, the gRPC messages
	$(PY) -m slipway_operator.api.generate
	$(PY) -m slipway_runtime.messages.generate

LOCK_ANY := $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet
LOCK := $(LOCK_ANY) pyproject.toml
PEERS := bench/runtime/peers

.PHONY: lock
lock: install ## Resolve the dependencies anew within pyproject's bounds
	$(LOCK) --extra operator --extra runtime --extra traces --extra tools --extra cli --group dev -o tests/requirements.txt
	$(LOCK) --extra operator -c tests/requirements.txt -o operator/requirements.txt
	$(LOCK) --extra runtime -c tests/requirements.txt -o runtime/requirements.txt
	$(LOCK) --extra runtime --group fuzz -c tests/requirements.txt -o tests/fuzz/requirements.txt
	for folder in $(PEERS)/kserve $(PEERS)/litserve $(PEERS)/mlserver tests/clients/kserve tests/clients/triton; do \
	  $(LOCK_ANY) $$folder/requirements.in -o $$folder/requirements.txt; done

.PHONY: clean
clean: ## Remove the development environment and local state (not the cluster)
	rm -rf $(VENV) $(LOCAL) .mypy_cache .ruff_cache .pytest_cache .hypothesis
