# `make demo` and `make test` do all the set-up themselves; see scripts/setup.sh.

VENV ?= .venv
# PyTorch comes first and pinned to the version that is tested. The variable may carry
# any arguments of `pip install`, for example those of a CPU-only or CUDA build.
TORCH ?= torch==2.13.0
export VENV TORCH PYTHON

BIN := $(VENV)/bin
DISPLAYED := scripts/virtual_display.sh
SETUP := pyproject.toml scripts/setup.sh
OUT ?= demo

.DEFAULT_GOAL := help
# The window under PySide6: what a person does from end to end, every panel that draws
# itself, and what is left behind. All of it: make pyside TESTS_PYSIDE=tests/gui/qt
UNDER_PYSIDE := QT_API=pyside6 PYTEST_QT_API=pyside6 PYTHONPATH=$(abspath $(VENV)/pyside6)
TESTS_PYSIDE ?= $(addprefix tests/gui/qt/test_,binding.py journeys.py \
	gene_journey.py region_journeys.py section_panel.py gene_panel.py leaks.py craft.py \
	painted_drawn.py activity_bar.py)

# Windows are tested side by side, each half of them on a display of its own.
WINDOWS ?= 2
SIDE_BY_SIDE = --dist loadfile --tx "$(WINDOWS)*popen//python=$(DISPLAYED) $(BIN)/python"

.PHONY: help demo guide test pyside lint format coverage clean

help: ## List the targets
	@echo "napari-stentrans: make TARGET"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{ printf "  %-10s %s\n", $$1, $$2 }'

demo: $(VENV)/.ready-demo ## Open napari with a sample, enhance it (a picture where there is no display)
	@if [ "$$(uname)" = Darwin ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		$(BIN)/stentrans demo --out $(OUT); \
	else \
		$(DISPLAYED) $(BIN)/stentrans demo --headless --out $(OUT); \
	fi

guide: $(VENV)/.ready-test ## Draw the pictures of docs/guide anew
	@$(DISPLAYED) $(BIN)/python scripts/draw_guide.py docs/images/guide

test: lint ## Lint, check types, run every test, those of the window included
	@OMP_NUM_THREADS=1 $(DISPLAYED) $(BIN)/python -m pytest -m "not gui" -n auto --dist loadfile
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m gui $(SIDE_BY_SIDE)
	@$(MAKE) --no-print-directory pyside

pyside: $(VENV)/.ready-test ## Test the window under PySide6, the other Qt (part of test)
	@env OMP_NUM_THREADS=1 $(UNDER_PYSIDE) \
		$(BIN)/python -m pytest -m gui $(SIDE_BY_SIDE) $(TESTS_PYSIDE)

lint: $(VENV)/.ready-test ## Ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.ready-test ## Let ruff mend and format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

coverage: $(VENV)/.ready-test ## Run every test and show the lines that none reaches
	@$(DISPLAYED) $(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

clean: ## Remove what can be made again, except the virtual environment
	rm -rf $(OUT) build dist htmlcov .coverage .cache .mypy_cache .pytest_cache \
		.ruff_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What the tests need includes what the demo needs.
$(VENV)/.ready-demo: $(SETUP)
	@scripts/setup.sh demo
	@touch $@

$(VENV)/.ready-test: $(SETUP)
	@scripts/setup.sh test
	@touch $(VENV)/.ready-demo $@
