import os
import sys
import tempfile
import types
from pathlib import Path

import beartype
import hypothesis
import jaxtyping
import matplotlib
import pytest
import torch

# Not by the environment: the kernels of the notebooks would inherit it, and draw nothing.
matplotlib.use("Agg")
# Hypothesis caches what it read in our source files: not in the working tree.
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(tempfile.gettempdir(), "rnnviz-hypothesis"))

# Before any test imports rnnviz: from here on every call is held to the shapes in its annotations.
# An int may stand for a float, as everywhere in Python; the hook takes its checker by name only.
checker = types.ModuleType("rnnviz_checker")
checker.check = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))
sys.modules[checker.__name__] = checker
jaxtyping.install_import_hook("rnnviz", "rnnviz_checker.check")

# The tests' tensors are small: a second thread gains nothing, and on a busy machine costs a lot.
torch.set_num_threads(1)

# The same examples in every run, and no time limit on one: a red test means the code changed, not
# that the machine was busy.
hypothesis.settings.register_profile(
    "rnnviz",
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("rnnviz")


@pytest.fixture
def unchecked():
    """Switch the annotation checks off, so that bad input reaches the package's own errors."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.fixture(scope="session")
def gaussian():
    """Draw a float64 tensor with entries N(0, 1): gaussian(2, 3, seed=0)."""

    def draw(*shape, seed):
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    return draw


def pytest_addoption(parser):
    parser.addoption(
        "--whole",
        action="store_true",
        help="run in full what is otherwise tried on a part: the homework's bank first of all",
    )
