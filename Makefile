# The course in one-line targets. `make lecture` opens it, `make test` proves it.
PYTHON      ?= python3
VENV        := .venv
BIN         := $(VENV)/bin
READING     := $(VENV)/.installed
TESTING     := $(VENV)/.test
GRADING     := $(VENV)/.homework
LINTING     := $(VENV)/.lint
HOMEWORK    := $(BIN)/python -m grader
# A file to a worker, in the order of their names, and one thread to a process. Many processes are
# started: where Python is told to write no bytecode, each would compile PyTorch anew.
PYTEST      := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses logical --dist loadfile --no-loadscope-reorder
# PyTorch's own CPU wheels: without this index a Linux machine fetches gigabytes of CUDA.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: lecture test notebooks text experiments homework collect grade formgrader marks feedback bank bench lint clean

lecture: $(READING)  ## set up, then open the course in JupyterLab
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

test: $(TESTING)  ## set up, then run every test on all cores, strict nbval included
	$(PYTEST) --nbval

notebooks: $(TESTING)  ## text -> executed notebooks (NOTEBOOK=01 for one of them)
	$(BIN)/python notebooks/build.py notebooks $(NOTEBOOK)

text: $(TESTING)  ## take edits made in JupyterLab back into notebooks/text
	$(BIN)/python notebooks/build.py text $(NOTEBOOK)

experiments: $(READING)  ## rerun the stored experiments, ten minutes on two cores (JOBS=2)
	$(BIN)/python notebooks/experiments/trained_flow.py --jobs $(or $(JOBS),2)

homework: $(GRADING)  ## student versions, secret and tokens (COURSE=… for another folder)
	$(HOMEWORK) release

collect: $(GRADING)  ## take a download of Moodle's or Canvas's: ZIP=FILE.zip (ASSIGNMENT=02_bptt)
	$(HOMEWORK) collect "$$ZIP" $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT))

grade: $(GRADING)  ## autograde what was handed in and print the table (JOBS=2 processes)
	$(HOMEWORK) grade --jobs $(or $(JOBS),2)

formgrader: $(GRADING)  ## grade the explained parts by hand, in the browser
	$(HOMEWORK) formgrader

marks: $(GRADING)  ## marks.csv, and what Moodle and Canvas import
	$(HOMEWORK) export

feedback: $(GRADING)  ## a page for each submission of which nothing waits for a person, as a zip
	$(HOMEWORK) feedback

bank: $(TESTING)  ## every test in full: the grader on all right and wrong solutions and attacks
	$(PYTEST) tests --whole

bench: $(TESTING)  ## ratios against what people would write, in one run (FULL=1: large sizes too)
	$(BIN)/pytest benchmarks --verbose $(if $(FULL),--in-full) --benchmark-sort=name --benchmark-columns=median,iqr,rounds

lint: $(LINTING)  ## style, types of the package, and the files that other services read
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .benchmarks .hypothesis

ifdef COURSE
export HOMEWORK_COURSE := $(abspath $(COURSE))
endif

# pip fetches two things: torch, since it falls back where the extra index cannot be reached
# (--no-deps and one retry: after a second, not minutes), and uv, which does the rest in seconds and
# finds torch in place. Nothing is compiled ahead: the first start writes what it needs in 5 s.
# uv does not read pip's configuration, so a mirror that is named there is handed on.
PIP     := $(BIN)/python -m pip --disable-pip-version-check install --quiet
INSTALL := UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2> /dev/null)}}" \
           $(BIN)/uv pip install --quiet --python $(BIN)/python --editable

# The page_config keeps JupyterLab from asking, in front of a class, whether to fetch its news.
$(READING): pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(not (3, 11) <= v < (3, 15) and f"Python 3.11 to 3.14 is needed (torch 2.13 has no later one), this is {v[0]}.{v[1]}: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) uv
	$(PIP) --no-deps --no-compile --retries 1 --extra-index-url $(TORCH_INDEX) torch==2.13.0
	$(INSTALL) '.[course]'
	mkdir -p $(VENV)/etc/jupyter/labconfig
	echo '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}' > $(VENV)/etc/jupyter/labconfig/page_config.json
	touch $@

# What tests, graders and linters need comes with the first command that needs it.
$(TESTING): $(READING)
	$(INSTALL) '.[course,test,homework]'
	touch $@

$(GRADING): $(READING)
	$(INSTALL) '.[course,homework]'
	touch $@

$(LINTING): $(READING)
	$(INSTALL) '.[course,lint]'
	touch $@
