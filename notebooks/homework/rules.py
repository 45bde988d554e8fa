"""What graded code may use: lists of names, and which parts of the libraries they leave open.

In graded code a library is only ever named to reach a part of it that is listed here, so nothing
gets to the rest of it, however clever the code is otherwise. `reading` applies the rules.
"""

import importlib
import random
import re
import sys
import types
from functools import cache

import numpy
import torch

# The libraries, each with its public functions, classes and constants, but for those below.
LIBRARIES = frozenset(
    "torch torch.autograd torch.autograd.functional torch.func torch.linalg torch.nn "
    "torch.nn.functional torch.nn.init torch.nn.parameter torch.nn.utils torch.special torch.fft "
    "math cmath itertools functools collections collections.abc typing dataclasses numpy "
    "numpy.linalg numpy.random statistics fractions decimal numbers random copy contextlib "
    "warnings time string abc __future__".split()
)
# Importing these says nothing about a submission; what they are used for does.
IMPORTED = frozenset(name.partition(".")[0] for name in LIBRARIES) | {
    *("rnnviz", "checks", "matplotlib", "ipywidgets")
}
# Of `torch` itself: its operations (torch.functional's and those written in C++), and these.
TORCH = frozenset(
    "Tensor FloatTensor DoubleTensor LongTensor BoolTensor Generator Size device dtype finfo iinfo "
    "tensor is_tensor inf nan pi e newaxis no_grad enable_grad set_grad_enabled inference_mode "
    "is_grad_enabled is_inference_mode_enabled manual_seed seed initial_seed get_rng_state "
    "set_rng_state default_generator get_default_dtype set_default_dtype get_num_threads "
    "set_num_threads set_printoptions vmap lobpcg strided typename".split()
)
# What reaches things by a text, runs one, changes what others see, or reads and writes files.
DYNAMIC = frozenset(
    "eval exec compile getattr setattr delattr vars globals locals __import__ __builtins__ "
    "__loader__ __spec__ open input breakpoint get_ipython help exit quit".split()
)
OUT_OF_BOUNDS = frozenset(
    "get_type_hints ForwardRef make_dataclass singledispatch singledispatchmethod update_wrapper "
    "Formatter load save savez savez_compressed loadtxt savetxt genfromtxt fromfile "
    "fromregex tofile dump dumps memmap open_memmap DataSource from_file from_dlpack to_dlpack "
    "compile catch_warnings apply_ map_ frompyfunc redirect_stdout redirect_stderr chdir".split()
)
# Attributes that lead out of an object into the interpreter, wherever they stand.
NEVER = frozenset(
    "os sys io builtins importlib inspect ctypes cffi pickle subprocess gc modules hub "
    "cpp_extension attrgetter methodcaller HARNESSES mro".split()
)
FRAMES = re.compile(
    "(gi|cr|ag)_(frame|code|running|yieldfrom|await|origin)|tb_(frame|next|lasti|lineno)"
    "|f_(back|builtins|code|globals|locals|trace)|co_[a-z]+"
)
# These are attributes of one's own, or of a library that imports the module of that name.
ELSEWHERE = frozenset(sys.stdlib_module_names) - frozenset().union(
    *map(dir, (torch.Tensor, numpy.ndarray, random.Random, list, dict, str, tuple, set, float))
)
DUNDERS = frozenset(
    f"__{name}__"
    for name in "init call len getitem setitem contains iter next enter exit add radd iadd sub "
    "rsub isub mul rmul imul truediv rtruediv itruediv pow matmul rmatmul neg abs eq ne lt le gt "
    "ge hash bool int float index repr str post_init name doc version slots".split()
)
# What `without=` of a source names.
CATEGORIES = {
    "autograd": frozenset(
        "autograd backward grad grad_fn func vjp jvp vmap jacrev jacfwd hessian jacobian "
        "requires_grad requires_grad_ enable_grad retain_grad register_hook "
        "forward_ad grad_and_value value_and_grad".split()
    ),
    "clip": frozenset(
        "clip_grad_norm_ clip_grad_norm clip_grad_value_ get_total_norm clip_grads_with_norm_ "
        "clip_grad".split()
    ),
    "lstm": frozenset(
        "LSTM LSTMCell LSTMBase lstm lstm_cell GRU GRUCell gru gru_cell RNNBase RNNCellBase "
        "mkldnn_rnn_layer miopen_rnn quantized_lstm quantized_lstm_cell quantized_gru "
        "quantized_gru_cell".split()
    ),
}


def in_library(dotted: str, without: frozenset, rnnviz: bool = False) -> tuple[str, list[str]]:
    """Look up what ``torch.linalg.norm`` stands for.

    Parameters
    ----------
    dotted : str
        A module, or something in it, followed perhaps by attributes of that.
    without : frozenset
        Names that the task is to be written without.
    rnnviz : bool
        Whether the task may use `rnnviz`.

    Returns
    -------
    why : str
        Why graded code may not use it; empty if it may.
    rest : list of str
        The attributes of the thing that was found.
    """
    top, *parts = dotted.split(".")
    if top == "rnnviz":
        return "" if rnnviz else f"uses {dotted}, and is to be written without rnnviz", []
    if top not in LIBRARIES:
        return f"uses {dotted}", []
    where = importlib.import_module(top)
    for count, part in enumerate(parts, start=1):
        name = ".".join([top, *parts[:count]])
        if part in without:
            return f"uses {name}, and is to be written without it", []
        found = getattr(where, part, None)
        if not isinstance(found, types.ModuleType):
            listed = part in _of_torch() if where is torch else not part.startswith("_")
            why = "" if listed and part not in OUT_OF_BOUNDS else f"uses {name}"
            return why, parts[count:]
        if name not in LIBRARIES:
            return f"uses {name}", []
        where = found
    return f"passes on {dotted} as a whole", []


def of_object(name: str, without: frozenset, own: frozenset) -> str:
    """Say why graded code may not use an attribute of some object; nothing if it may.

    `own` are the attributes that the student's own classes have.
    """
    if name in without:
        return f"uses .{name}, and is to be written without it"
    if name in NEVER | OUT_OF_BOUNDS or FRAMES.fullmatch(name):
        return f"uses .{name}"
    if name.startswith("__"):
        return "" if name in DUNDERS else f"uses .{name}"
    if name in ELSEWHERE and name not in own:
        return f"uses .{name}"
    if name.startswith("_") and name not in own:
        return f"uses the inside of something, .{name}"
    return ""


@cache
def _of_torch() -> frozenset:
    kinds = {name for name in dir(torch) if isinstance(getattr(torch, name), torch.dtype)}
    operations = {n for n in dir(torch._C._VariableFunctions) if not n.startswith("_")}
    return TORCH | kinds | operations | frozenset(torch.functional.__all__)
