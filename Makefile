# Short names for start.py, which does the work and also runs where there is no make.
# Another Python: make test PYTHON=python3.13; more for the command: make brief ARGS="--language id"

PYTHON ?= python3
ARGS ?=

COMMANDS := brief test setup lint peers lock clean

.PHONY: $(COMMANDS)
$(COMMANDS):
	@$(PYTHON) start.py $@ $(ARGS)

.DEFAULT_GOAL := setup
