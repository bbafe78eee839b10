# Every verb sets up what it needs; `make help` lists them.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
NPM := $(PYTHON) -m demo.frontend
FOR_TESTS := DJANGO_SETTINGS_MODULE=tests.settings

.DEFAULT_GOAL := help
.PHONY: help demo test lint format schema frontend venv bench-sampler bench-annotation bench-browser bench-generation bench-rates bench-export chaos loop model-report steps-report free-text screenshots constraints clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## run all of it on this machine, at http://localhost:$(PORT); RESET=1 begins anew, VERBOSE=1 shows every log line
	@exec $(PYTHON) -m demo --port $(PORT) $(if $(RESET),--reset) $(if $(VERBOSE),--verbose)

test: lint ## all checks, then every test on SQLite and, where they answer, on PostgreSQL and Redis
	@$(BIN)/python -m tests

lint: frontend ## formatting, types, import rules, front end checks, the API's schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(FOR_TESTS) $(BIN)/python manage.py makemigrations --check --dry-run
	@mkdir -p build
	$(FOR_TESTS) $(BIN)/python manage.py spectacular --validate --file build/schema.yaml
	@$(NPM) exec -- openapi-typescript ../build/schema.yaml -o ../build/schema.d.ts > build/types.log
	@cmp build/schema.yaml frontend/src/api/schema.yaml && cmp build/schema.d.ts frontend/src/api/schema.d.ts \
		|| { echo "The API's schema or the types made from it are out of date: run make schema"; exit 1; }
	$(NPM) run check
	$(NPM) run test

format: venv ## format and sort imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: venv ## write the API's schema and the front end's types anew
	$(FOR_TESTS) $(BIN)/python manage.py spectacular --validate --file frontend/src/api/schema.yaml
	@$(NPM) run types

frontend: venv ## build the front end, if its sources changed
	@$(NPM)

venv:
	@$(PYTHON) -m demo.install model s3 votes dev

bench-sampler: venv ## time the sampler, part by part (SMALL=1 for a quick look)
	@$(BIN)/python -m benchmarks.sampler $(if $(SMALL),--small) $(ARGS)

bench-annotation: venv ## time annotating over HTTP and count hand-outs, on PostgreSQL and SQLite (SMALL=1 for a quick look)
	@$(BIN)/python -m benchmarks.annotation $(if $(SMALL),--small) $(ARGS)

bench-browser: frontend ## time the annotate page in Chromium, 100 ms from the server (SMALL=1 for a quick look)
	@$(BIN)/python -m benchmarks.browser $(if $(SMALL),--small) $(ARGS)

bench-generation: venv ## time the whole queue beside a bare loop, large batches and picks (SMALL=1 for a quick look)
	@$(BIN)/python -m benchmarks.generation $(if $(SMALL),--small) $(ARGS)

bench-rates: venv ## the Labels page at 1,000,000 verdicts, on PostgreSQL (SMALL=1)
	@$(BIN)/python -m benchmarks.rates $(if $(SMALL),--small) $(ARGS)

bench-export: venv ## write 1,000,000 verdicts to Parquet, JSON Lines and CSV, from PostgreSQL (SMALL=1)
	@$(BIN)/python -m benchmarks.export $(if $(SMALL),--small) $(ARGS)

chaos: venv ## kill every process again and again while a batch is generated, and count what is left (SMALL=1)
	@$(BIN)/python -m benchmarks.chaos $(if $(SMALL),--small) $(ARGS)

loop: venv ## from shipped checkpoints to a measured student, with simulated annotators, 45 minutes (SMALL=1)
	@$(BIN)/python -m benchmarks.loop $(if $(SMALL),--small) $(ARGS)

model-report: venv ## measure the shipped checkpoints (SMALL=1 for a quick look)
	@$(BIN)/python -m benchmarks.model_report $(if $(SMALL),--small) $(ARGS)

steps-report: venv ## measure quality by steps and passes, and mark the cheapest that is as good as the best (SMALL=1)
	@$(BIN)/python -m benchmarks.steps $(if $(SMALL),--small) $(ARGS)

free-text: venv ## measure how captions in words of one's own are understood (SMALL=1 for a quick look)
	@$(BIN)/python -m benchmarks.free_text $(if $(SMALL),--small) $(ARGS)

screenshots: frontend ## take the pictures in docs/images from a running system
	@$(BIN)/python -m pytest -q tests/browser/take_screenshots.py

constraints: ## resolve all dependencies anew, in a fresh environment, into constraints.txt
	@$(PYTHON) -m demo.constraints

clean: ## remove what was built; var/ (your data) stays
	rm -rf .venv frontend/node_modules frontend/dist annotator/static build .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis test-results
