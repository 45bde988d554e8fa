"""Why recurrent networks are hard to train: the numbers, the pictures and the sliders.

The package is layered, and imports run one way only: the numbers (:mod:`rnnviz.growth`,
:mod:`rnnviz.bptt`, :mod:`rnnviz.surface`, :mod:`rnnviz.clipping`, :mod:`rnnviz.flow`,
:mod:`rnnviz.tasks`) need torch alone, :mod:`rnnviz.plots` draws their results with matplotlib, and
:mod:`rnnviz.widgets` puts sliders on the drawings with ipywidgets.
``import rnnviz`` loads the numbers; ``rnnviz.plots`` and ``rnnviz.widgets`` are loaded when they
are first asked for.
"""

import importlib
from types import ModuleType

from rnnviz import bptt, clipping, flow, growth, surface, tasks

__version__ = "0.1.0"

__all__ = ["bptt", "clipping", "flow", "growth", "plots", "surface", "tasks", "widgets"]


def __getattr__(name: str) -> ModuleType:
    if name in ("plots", "widgets"):
        return importlib.import_module(f"rnnviz.{name}")
    raise AttributeError(f"module 'rnnviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
