PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1

.PHONY: help book site zip pdf epub editions release test bench lab notebooks lint format clean python env-book env-all
.DEFAULT_GOAL := help

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 20

book: site  ## build the website and serve it on this machine
	@$(BIN)/python tools/serve.py _build/html

site: env-book  ## build the website into _build/html; warnings are errors
	@$(BIN)/jupyter-book build . -q -W --keep-going

zip: site  ## make one file of the website, to open without a network
	@$(BIN)/python tools/editions.py zip

pdf: site env-all  ## make one PDF of the book, to print
	@$(BIN)/python tools/editions.py pdf

epub: site env-all  ## make one EPUB of the book, for an e-reader or a phone
	@$(BIN)/python tools/editions.py epub

editions: zip pdf epub  ## make them all in _build/editions, and the website that offers them
	@$(BIN)/jupyter-book build . -q -W --keep-going

release: env-all  ## make the students' copies of the assignments in _build/coursework
	@$(BIN)/python -m coursework.release

test: env-all  ## run every test and every notebook
	@$(BIN)/python tools/programs.py
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

bench: env-all  ## time the LSTM in NumPy beside PyTorch's
	@$(BIN)/python benchmarks/speed.py

lab: env-all  ## open the chapters in JupyterLab
	@$(BIN)/jupyter lab chapters

notebooks: env-all  ## run every chapter and assignment and store it with its outputs
	@$(BIN)/python tools/notebooks.py

lint: env-all  ## check the style of modules and notebooks
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: env-all  ## mend the style of modules and notebooks
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean:  ## delete what was built
	@rm -rf _build

env-book env-all: env-%: python
	@$(PYTHON) tools/environment.py $* $(VENV)

python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: install Python 3.11 or newer, or say where it is with PYTHON=/path/to/python."; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "The book needs Python 3.11 or newer, and $(PYTHON) is older: install a newer one, or say where it is with PYTHON=/path/to/python."; exit 1; }
