"""The fence: what a graded function is to be written without, taken away from its process.

It shows the way and is no wall: each name says, when it is called or imported, that the task is to
be written without it. Nothing is lost by what stands beside the function: a comparison with
`rnnviz` in another line fails in this process alone.
"""

import importlib
import sys

import torch

# What `without=` of a source names, by module. Its functions are taken from wherever PyTorch has
# them; of a class, which may still be asked for, only the making.
FUNCTIONS = {
    "autograd": {
        "torch.autograd": "grad backward",
        "torch.Tensor": "backward",
        "torch.autograd.functional": "jacobian hessian vjp jvp hvp vhp",
        "torch.autograd.forward_ad": "make_dual unpack_dual enter_dual_level",
        "torch.func": "grad grad_and_value vjp jvp jacrev jacfwd hessian linearize",
    },
    "clip": {
        "torch.nn.utils": "clip_grad_norm_ clip_grad_norm clip_grad_value_ get_total_norm "
        "clip_grads_with_norm_",
    },
    "lstm": {
        "torch.nn": "LSTM LSTMCell GRU GRUCell",
        "torch": "lstm lstm_cell gru gru_cell quantized_lstm quantized_lstm_cell quantized_gru "
        "quantized_gru_cell",
        "torch._VF": "lstm lstm_cell gru gru_cell",
    },
}
# Packages that differentiate for you.
PACKAGES = {
    "autograd": "autograd casadi functorch jax mpmath numdifftools scipy.differentiate scipy.misc "
    "sympy tensorflow",
}
KEPT = []
_task = ""


class NotThereError(ImportError, RuntimeError):
    """Something that a task is to be written without; also an `ImportError`, for ``try``."""


def name_task(label: str) -> None:
    """Say which task is at work, for the sentence of what is not there."""
    global _task
    _task = label


def take_away(rules: tuple[str, ...]) -> None:
    """Take `rnnviz` away from this process, and what the rules name; nothing was run before."""
    packages = {name: rule for rule in rules for name in PACKAGES.get(rule, "").split()}
    sys.meta_path.insert(0, Finder({"rnnviz": "rnnviz"} | packages))
    gone = {}
    for rule in rules:
        for place, names in FUNCTIONS[rule].items():
            where = torch.Tensor if place == "torch.Tensor" else importlib.import_module(place)
            for name in names.split():
                found, instead = getattr(where, name, None), _gone(f"{place}.{name}", rule)
                if isinstance(found, type):
                    found.__init__ = instead
                elif found is not None:
                    setattr(where, name, instead)
                    gone.setdefault(id(found), instead)
                    KEPT.append(found)  # as long as it lives no other has its id
    places = [module for name, module in [*sys.modules.items()] if name.startswith("torch")]
    for place in (*places, torch.Tensor):
        for name, value in [*getattr(place, "__dict__", {}).items()]:
            if id(value) in gone:
                setattr(place, name, gone[id(value)])
    if "autograd" in rules:
        # Nothing records a graph from here on, whatever is switched on, as this is at the start.
        KEPT.append(torch.inference_mode())
        KEPT[-1].__enter__()
        torch.set_grad_enabled(True)


def _gone(name: str, rule: str):
    def gone(*_, **__):
        raise _error(name, rule)

    return gone


def _error(name: str, rule: str) -> NotThereError:
    written = {"clip": "PyTorch's clipping", "lstm": "PyTorch's LSTM and GRU"}.get(rule, rule)
    return NotThereError(f"{name} is not there: {_task} is to be written without {written}")


class Finder:
    """Refuses to find a package, from the front of ``sys.meta_path``."""

    def __init__(self, refused: dict[str, str]):
        self._refused = refused
        for name in [one for one in sys.modules if self._rule(one)]:
            del sys.modules[name]

    def _rule(self, name: str) -> str:
        found = (rule for one, rule in self._refused.items() if f"{name}.".startswith(f"{one}."))
        return next(found, "")

    def find_spec(self, name, path=None, target=None):
        """Raise an `ImportError` that names the rule; leave the others to the finders behind."""
        if rule := self._rule(name):
            raise _error(name, rule)
