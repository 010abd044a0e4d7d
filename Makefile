# Short names for dev.py, which makes .venv when it is needed. `make test ARGS="-k lanes"` passes arguments on.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help run test lint bench soak faults shell

help:
	@$(PYTHON) dev.py --help

run test lint bench soak faults shell:
	@$(PYTHON) dev.py $@ $(ARGS)
