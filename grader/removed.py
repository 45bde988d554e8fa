"""Taking away, in the process that a graded function is built in, what it is to be written without.

`grader.code` has read the function before. This is a second lock behind that one: what slipped
through there finds the functions gone, and the engine of autograd, and TorchScript's compiler.
"""

import contextlib
import importlib
import types
import warnings

import torch

from checks import rules

KEPT = []
COMPILERS = (
    "CompilationUnit",
    "_jit_script_compile",
    "_jit_script_class_compile",
    "_create_function_from_trace",
    "_create_method_from_trace",
    "ConcreteModuleType",
    "ConcreteModuleTypeBuilder",
    "ScriptModule",
    "_ImperativeEngine",
    "_EngineBase",
    "_jit_get_operation",
)


def take_away(categories: list[str]) -> None:
    """Replace the functions of `rules.CATEGORIES`, wherever a library has them, by an error."""
    places = [importlib.import_module(name) for name in sorted(rules.LIBRARIES)]
    for name in rules.banned(categories):
        for place in (*places, torch._VF, torch.jit, torch.Tensor):
            found = getattr(place, name, None)
            if callable(found) and not isinstance(found, types.ModuleType):
                with contextlib.suppress(AttributeError, TypeError):
                    setattr(place, name, _gone(name))
    if "lstm" in categories:
        library = torch.library.Library("aten", "IMPL")
        KEPT.append(library)
        for name in ("lstm.input", "lstm.data", "lstm_cell", "gru.input", "gru.data", "gru_cell"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that an operation is replaced is meant
                for key in ("CPU", "CompositeImplicitAutograd"):
                    with contextlib.suppress(RuntimeError):
                        library.impl(name, _gone(name), key)
    if "autograd" in categories:
        # From here on nothing records a graph, in whatever way it is asked to.
        KEPT.append(torch._C._AutoDispatchBelowAutograd())
        torch.autograd.Variable._execution_engine = None
        for name in COMPILERS:
            for place in (torch._C, torch, torch.jit):
                with contextlib.suppress(AttributeError):
                    delattr(place, name)


def _gone(name: str):
    def gone(*_, **__):
        raise RuntimeError(f"{name} is not there: this task is to be written without it")

    return gone
