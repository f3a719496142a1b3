# The front door: `make help` lists the targets. Each does all of its own set-up.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

HEARTBEAT ?= 2
VARIABLES := HEARTBEAT A B CELL GOOD BAD PROBE CONF OSLO_MESSAGING HEARTBED_RABBITMQ RABBITMQ_IMAGE BASE_IMAGE \
	HEARTBED_NO_INSTALL
# What is given is a value: make does not expand it, and recipes read it from the environment, so that no shell parses it.
literally = $(eval override $(1) := $$(value $(1)))
$(foreach name,$(VARIABLES),$(if $(filter undefined,$(origin $(name))),,$(call literally,$(name))))
export $(VARIABLES)
export HEARTBED_HEARTBEAT := $(HEARTBEAT)

# What is imported is compiled once, also where the environment would have every process compile it again.
unexport PYTHONDONTWRITEBYTECODE

HEARTBED := .venv/bin/heartbed
PYTEST := .venv/bin/pytest
# make's own exit code is 2 for every failure: this tells the command's.
ELSE_SAY := || scripts/say-exit-code $$?

##@ Find out
compare: setup ## prefork beside event, or A= beside B=: who keeps the connections when idle?
	@# A cell that is not kept (exit code 1) is what one wants to find out here, and no failure.
	@$(HEARTBED) compare $${A:+"$$A"} $${B:+"$$B"} $${PROBE:+--probe "$$PROBE"} || { code=$$?; [ $$code -eq 1 ] || scripts/say-exit-code $$code; }
check: setup ## CONF=site.conf, nova-api.ini or a preset: verdict, cause, and the single changes that mend it
	@$(HEARTBED) check $${CONF:+"$$CONF"} $(ELSE_SAY)
matrix: setup ## the whole reference matrix
	@$(HEARTBED) matrix $(ELSE_SAY)
bisect: setup ## CELL= GOOD=oslo14.3.0 BAD=oslo18.3.1: the release that changes the cell's verdict
	@$(HEARTBED) bisect $${CELL:+"$$CELL"} --good "$${GOOD:-}" --bad "$${BAD:-}" $${PROBE:+--probe "$$PROBE"} $(ELSE_SAY)
bench: setup ## how long 24 cells and a hundred take together, and one after another; the first verdict; the page of a run to open; what a look costs
	@$(HEARTBED) bench $(ELSE_SAY)
	@.venv/bin/python -m tests.bench.first_verdict
	@.venv/bin/python -m tests.bench.pages
	@.venv/bin/python -m tests.bench.look

##@ Test
test: lint types test-unit images ## everything: lint, types, unit, probes, acceptance
	@$(PYTEST) tests/acceptance -m "not docker and not slow" --numprocesses auto --dist worksteal
	@$(PYTEST) tests/probes tests/acceptance -m "docker and not slow"
test-prefork: images ## the idle and burst probes on prefork's cells, or those of PROBE=
	@$(PYTEST) tests/probes --server prefork --probe "$${PROBE:-idle,burst}"
test-event: images ## the idle and burst probes on event's cells, or those of PROBE=
	@$(PYTEST) tests/probes --server event --probe "$${PROBE:-idle,burst}"
test-worker: images ## the idle, burst and trickle probes on worker's cells, or those of PROBE=
	@$(PYTEST) tests/probes --server worker --probe "$${PROBE:-idle,burst,trickle}"
test-uwsgi: images ## the idle, burst and trickle probes on uWSGI's cells, or those of PROBE=
	@$(PYTEST) tests/probes --server uwsgi --probe "$${PROBE:-idle,burst,trickle}"
test-gunicorn: images ## the idle, burst and trickle probes on gunicorn's cells, or those of PROBE=
	@$(PYTEST) tests/probes --server gunicorn --probe "$${PROBE:-idle,burst,trickle}"
test-unit: python ## what needs no Docker, in seconds
	@$(PYTEST) tests/unit --numprocesses auto --dist worksteal
test-slow: images ## what takes minutes
	@$(PYTEST) -m slow
check-code: lint types test-unit ## before a commit: lint, types and unit tests

lint: python ## ruff, the layers of packages, shellcheck, hadolint
	@scripts/lint
types: python ## mypy, strictly
	@.venv/bin/mypy

docs: python ## the site, in .heartbed/site: its links are checked
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs --quiet build
	@echo .heartbed/site/index.html

##@ By hand
up: setup ## RabbitMQ, the RPC server, prefork and event, to play with
	@$(HEARTBED) up $(ELSE_SAY)
down: python ## stop them
	@$(HEARTBED) down $(ELSE_SAY)
logs: python ## follow what they say
	@$(HEARTBED) logs $(ELSE_SAY)
clean: python ## remove everything that Heartbed has made in Docker: containers, networks, volumes, images
	@$(HEARTBED) clean $(ELSE_SAY)

##@ Set up
doctor: ## what is here, what is missing, and how to get it
	@scripts/doctor
setup: ## Docker with Compose v2, the base image, the Python environment
	@scripts/setup
images: setup ## build the images that are missing or out of date
	@$(HEARTBED) images $(if $(filter images,$(MAKECMDGOALS)),,>/dev/null) $(ELSE_SAY)
python: ## only the Python environment
	@scripts/ensure-python

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
	    /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nVariables\n'
	@printf '  %-22s %s\n' \
	    HEARTBEAT=6 "heartbeat timeout in seconds ($$HEARTBEAT)" \
	    'A=... B=...' 'what to compare: cell expressions, files, presets' \
	    PROBE=trickle 'what is done meanwhile, in compare and bisect (idle), test-prefork and its like' \
	    CONF=site.conf 'the configuration to check: of httpd, uWSGI or gunicorn, or a preset' \
	    OSLO_MESSAGING=... 'version of oslo.messaging for make up (17.3.2)' \
	    HEARTBED_RABBITMQ=3.10 'an older RabbitMQ (4)' \
	    RABBITMQ_IMAGE=... 'another broker, as rabbitmq:4-management' \
	    BASE_IMAGE=... 'another Debian 13 under the images' \
	    HEARTBED_NO_INSTALL=1 'install nothing on this machine, start no engine'

.PHONY: compare check matrix bisect bench test test-prefork test-event test-worker test-uwsgi test-gunicorn \
	test-unit test-slow check-code lint types up down logs clean doctor setup images python docs help
