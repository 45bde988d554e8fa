# The course in one-line targets. `make lecture` opens it, `make test` proves it.
PYTHON      ?= python3
VENV        := .venv
BIN         := $(VENV)/bin
INSTALLED   := $(VENV)/.installed
GRADER      := $(VENV)/.homework
HOMEWORK    := $(BIN)/python notebooks/homework/homework.py
# A file to a worker, in the order of their names, and one thread to a process.
PYTEST      := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses logical --dist loadfile --no-loadscope-reorder
# PyTorch's own CPU wheels: without this index a Linux machine fetches gigabytes of CUDA.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: lecture test notebooks text experiments homework grade formgrader marks feedback bank bench lint clean

lecture: $(INSTALLED)  ## set up, then open the course in JupyterLab
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

test: $(GRADER)  ## set up, then run every test on all cores, strict nbval included
	$(PYTEST) --nbval

notebooks: $(INSTALLED)  ## text -> executed notebooks (NOTEBOOK=01 for one of them)
	$(BIN)/python notebooks/build.py notebooks $(NOTEBOOK)

text: $(INSTALLED)  ## take edits made in JupyterLab back into notebooks/text
	$(BIN)/python notebooks/build.py text $(NOTEBOOK)

experiments: $(INSTALLED)  ## rerun the stored experiments, ten minutes on two cores (JOBS=2)
	$(BIN)/python notebooks/experiments/trained_flow.py --jobs $(or $(JOBS),2)

homework: $(GRADER)  ## student versions, secret and tokens (COURSE=… for another folder)
	$(HOMEWORK) release

grade: $(GRADER)  ## autograde what was handed in and print the table (JOBS=2 processes)
	$(HOMEWORK) grade --jobs $(or $(JOBS),2)

formgrader: $(GRADER)  ## grade the explained parts by hand, in the browser
	cd $(or $(HOMEWORK_COURSE),notebooks/homework/course) && $(abspath $(BIN))/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --LabApp.default_url=/formgrader

marks: $(GRADER)  ## course/marks.csv
	$(HOMEWORK) export

feedback: $(GRADER)  ## an HTML page for each submission of which nothing waits for a person
	$(HOMEWORK) feedback

bank: $(GRADER)  ## every test in full: the grader on all right and wrong solutions and attacks
	$(PYTEST) tests --whole

bench: $(GRADER)  ## ratios against what people would write, measured in one run
	$(BIN)/pytest benchmarks --benchmark-sort=name --benchmark-columns=median,iqr,rounds

lint: $(INSTALLED)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .benchmarks .hypothesis

ifdef COURSE
export HOMEWORK_COURSE := $(abspath $(COURSE))
endif

# torch alone is looked up in the extra index (--no-deps), so that a machine that cannot reach it
# loses seconds there, not minutes; the next line finds torch in place and installs the rest. The
# last one keeps JupyterLab from asking, in front of a class, whether to fetch its news.
$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"Python 3.11 or newer is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --extra-index-url $(TORCH_INDEX) torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[course,test]'
	$(BIN)/jupyter labextension disable --level=sys_prefix "@jupyterlab/apputils-extension:announcements" 2> /dev/null
	touch $@

# nbgrader is not needed to read or teach the course, so it comes with the first homework command.
$(GRADER): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[course,test,homework]'
	touch $@
