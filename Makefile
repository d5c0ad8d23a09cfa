# `make` prints the front page. Everything below works from a fresh clone: the environment is made on the way.

PYTHON3 ?= python3
PY := .venv/bin/python
CODE := chassis services gateway connector sandbox demo deploy $(wildcard bench) tests
export PYTHONPATH := $(CURDIR):$(CURDIR)/gen

.DEFAULT_GOAL := help
.PHONY: help run clock demo code screenshots test test-fast test-long chaos bench \
	check lint types contracts check-protos check-catalogues format protos requirements migration clean \
	images k8s \
	venv-run venv-test

help: ## this page
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5); next } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo

##@ Look at it

run: venv-run protos ## start everything, with demo data: http://localhost:8080 (PORT=… BROKER=amqp://… DEMO=no)
	@EBOK_BROKER_URL='$(or $(BROKER),$(EBOK_BROKER_URL))' exec $(PY) -m deploy.local.run $(if $(PORT),--port '$(PORT)') $(if $(filter no,$(DEMO)),--no-demo)

clock: venv-run ## move the running suite's clock: D=+30 days on, H=-2 hours back, D=0 to the present
	@$(PY) -m deploy.local.clock $(if $(D),--days='$(D)') $(if $(H),--hours='$(H)')

demo: venv-run ## load the demo into a suite that was started without it
	@$(PY) -m deploy.local.demo

code: venv-run ## the codes that the demo's staff log in with now
	@$(PY) -m demo code

screenshots: venv-test protos ## pictures of every page, in var/screenshots (W="invoice desk": only pages named so)
	@$(PY) -m tests.gateway.screenshots var/screenshots $(W)

##@ Prove it

test: venv-test protos ## all tests but the long ones; says at the end what did not run (T=tests/billing for a part)
	@$(PY) -m deploy.local.testing default $(T)

test-fast: venv-test protos ## what needs neither broker nor browser nor programs of others nor a whole suite
	@$(PY) -m deploy.local.testing fast $(T)

test-long: venv-test protos ## the tests that take minutes
	@$(PY) -m deploy.local.testing long $(T)

chaos: venv-test protos ## pay while parts are killed, then compare the books (ROUNDS=10 SEED=1)
	@$(PY) -m tests.chaos --rounds $(or $(ROUNDS),10) --seed $(or $(SEED),1)

bench: venv-test protos ## measure what we claim, a JSON line each: all, or B=start-page
	@$(PY) -m bench $(B)

##@ Check it

check: lint types contracts check-protos check-catalogues ## all of these:

lint: venv-test ## style (ruff)
	@$(PY) -m ruff check $(CODE)
	@$(PY) -m ruff format --check $(CODE)

types: venv-test protos ## types (mypy)
	@$(PY) -m mypy $(CODE)

contracts: venv-test protos ## who may import whom (import-linter)
	@.venv/bin/lint-imports

check-protos: venv-test ## the rules of protos/, and that the wire only grows
	@$(PY) -m deploy.local.check_protos

check-catalogues: venv-test ## every text in Polish, English and Ukrainian
	@$(PY) -m deploy.local.check_catalogues

##@ Ship it

images: venv-run ## an image for each part, by docker, podman or buildah (P=billing TAG=1.2.0 BASE=… or local REPOSITORY=…)
	@$(PY) -m deploy.images $(if $(P),--part $(P)) $(if $(TAG),--tag '$(TAG)') $(if $(BASE),--base '$(BASE)') $(if $(REPOSITORY),--repository '$(REPOSITORY)')

k8s: venv-test ## the overlays as Kubernetes gets them, in var/k8s; each document checked against its schemas
	@$(PY) -m deploy.manifests

##@ Change it

format: venv-test ## put the code into shape
	@$(PY) -m ruff check -q --fix $(CODE) || true
	@$(PY) -m ruff format $(CODE)

protos: venv-run ## protos/ → gen/
	@$(PY) deploy/local/protos.py

migration: venv-test protos ## write a migration from the models: S=billing M="add due dates"
	@$(if $(and $(S),$(M)),$(PY) -m chassis.testing.revision '$(S)' '$(M)',echo 'usage: make migration S=billing M="what changes"' >&2; exit 2)

requirements: venv-run ## pin requirements/*.in anew, with hashes (U=--upgrade for newer versions)
	@for file in run:3.11 local:3.11 build:3.11 test:3.11 outside:3.12 scan:3.11; do \
	  name=$${file%:*}; \
	  .venv/bin/uv pip compile --universal --generate-hashes --python-version $${file#*:} -q \
	    --custom-compile-command 'make requirements' $(U) requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

clean: ## forget the data of `make run` and everything generated; .venv stays
	@$(PYTHON3) deploy/local/clean.py

venv-run venv-test: venv-%:
	@command -v $(PYTHON3) >/dev/null || { echo 'setup: eBOK needs Python 3.11 or newer (python3 is not there)' >&2; exit 1; }
	@env -u PYTHONPATH $(PYTHON3) deploy/local/venv.py $*
