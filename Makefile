# Every target sets up .venv by itself where it is missing, broken, or older than what it is made from.
PYTHON ?= python3
BIN := .venv/bin
# Written when what the report needs is installed, and what tests and checks need beside it.
EXERCISE := .venv/exercise
DEV := .venv/dev
DOCS := .venv/docs
# full: all training rows of the MLPs, images at 224 pixels. A number, 0.1: all rows, for that share of
# the epochs. Else the published epochs on a sample of the rows, and half as many evaluations of images.
SCALE ?=
TRAIN_ROWS ?= 20000
STUDIES := learning-rate epochs batch-norm batch-size architecture deep-gradients implicit
# What pretrained nets start from: pretext needs no network, imagenet is downloaded once (45 MB).
WEIGHTS ?= pretext
# A folder of images instead of the embedded ones, and the side in pixels that nets see them at.
IMAGES ?=
# Where make bench-gpu trains: cuda, cuda:1, ..., or cpu, which measures nothing.
DEVICE ?= cuda
# How many mutated records and drawn command lines make fuzz tries.
FUZZ_RECORDS ?= 10000
FUZZ_COMMANDS ?= 2000
NAME := report-$(shell date +%Y%m%d-%H%M%S)
IS_FULL := $(filter full,$(SCALE))
FIDELITY := $(if $(IS_FULL),,$(if $(SCALE),--scale $(SCALE),--set train_rows=$(TRAIN_ROWS)))
IMAGE_FIDELITY := $(if $(IS_FULL),--set size=224,--set size=64 --set evals_per_epoch=2)

export MPLBACKEND := Agg

.PHONY: report gallery docs test test-more test-gpu cluster-test cluster-setup-test chaos fuzz bench bench-gpu simulate lint wheel clean

report: $(EXERCISE)  ## run the studies on the embedded data and write report/report.html
	$(BIN)/sweepbook run $(STUDIES) $(FIDELITY) --name $(NAME)
	$(BIN)/sweepbook run vision-baselines --name $(NAME)-vision-baselines --weights $(WEIGHTS) \
		$(IMAGE_FIDELITY) $(if $(IMAGES),--data $(IMAGES)); \
	ended=$$?; [ $$ended -le 1 ] || exit $$ended; \
	$(BIN)/sweepbook report $(STUDIES:%=records/$(NAME)-%) records/$(NAME)-vision-baselines \
		--out report && exit $$ended

gallery: $(EXERCISE)  ## run the commands of docs/gallery.md again; hours, without EXERCISE_RECORDS=DIR; chromium
	$(BIN)/python docs/tools/make_gallery.py $(if $(EXERCISE_RECORDS),--exercise $(EXERCISE_RECORDS))

docs: $(DOCS)  ## build the documentation as a site, site/index.html; a dead link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

test: $(DEV)  ## all tests, in two processes of one thread; those with a Ray in one of them
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

test-more: $(DEV)  ## tests that take minutes: kills, notebooks, the page in Chromium, drawn studies
	$(BIN)/python -m pytest -m more

test-gpu: $(DEV)  ## the command line on real GPUs; says what it lacks without one, and fails where CI_GPU=1
	$(BIN)/python -m pytest tests/gpu -m gpu -rs

cluster-test: $(DEV)  ## ray up on several hosts within this machine; root, openssh-server, rsync, iproute2
	$(BIN)/python -m pytest tests/cluster -m 'cluster and not setup'

cluster-setup-test: $(DEV)  ## the set-up commands of cluster.yaml on a fresh host: all of pip's downloads
	$(BIN)/python -m pytest tests/cluster -m 'cluster and setup'

chaos: $(DEV)  ## kill what belongs to a grid and a search 100 times: the same records in the end
	$(BIN)/python tests/chaos/chaos.py --kills 100

fuzz: $(DEV)  ## 10,000 mutated records and 2,000 command lines; writes the counts of docs/reliability.md
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.hostile.mutate_run --records $(FUZZ_RECORDS) \
		--commands $(FUZZ_COMMANDS) --write docs/reliability.md

bench-gpu: $(DEV)  ## check and measure training on this machine's GPU, within four minutes; DEVICE=cpu: without one
	$(BIN)/python benchmarks/gpu.py --device $(DEVICE)

simulate: $(DEV)  ## how often verdicts are wrong; writes the tables of docs/verdicts.md and decide-method.md
	$(BIN)/python -m benchmarks.verdicts
	$(BIN)/python -m benchmarks.looks

bench: $(DEV)  ## measure against the usual way; writes benchmarks/results.md
	$(BIN)/python -m benchmarks

lint: $(DEV)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: $(DEV)  ## build dist/ and check that it can be released
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python deploy/check_release.py dist

# A stamp is written last, so an interrupted install is done again. A .venv without a working pip is
# made anew; so is one whose Python does not run any more, whatever its stamps say.
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e

$(EXERCISE): pyproject.toml constraints.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(install) '.[exercise]'
	@touch $(EXERCISE)

$(DEV): $(EXERCISE)
	$(install) '.[exercise,dev]'
	@touch $(DEV)

$(DOCS): $(EXERCISE)
	$(install) '.[exercise,docs]'
	@touch $(DOCS)

ifneq ($(shell $(BIN)/python -c 'print(1)' 2>/dev/null),1)
.PHONY: $(EXERCISE)
endif

clean:  ## remove what the targets made, but no records
	rm -rf .venv dist report site .mypy_cache .ruff_cache .pytest_cache
