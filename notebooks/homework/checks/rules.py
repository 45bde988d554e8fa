"""What graded code may use: lists of names, and which parts of the libraries they leave open.

In graded code a library is only ever named to reach a part of it that is listed here, so nothing
gets to the rest of it, however clever the code is otherwise. `refusals` applies the rules.
"""

import builtins
import importlib
import random
import re
import sys
import types
from functools import cache

import numpy
import torch


def _is_error(one) -> bool:
    return isinstance(one, type) and issubclass(one, Exception)


# The libraries, each with its public functions, classes and constants, but for those below.
LIBRARIES = frozenset(
    "torch torch.autograd torch.autograd.functional torch.cuda torch.func torch.linalg torch.nn "
    "torch.nn.functional torch.nn.init torch.nn.parameter torch.nn.utils torch.special torch.fft "
    "math cmath itertools functools collections collections.abc typing dataclasses numpy "
    "numpy.linalg numpy.random statistics fractions decimal numbers random copy contextlib "
    "warnings time string abc enum types operator sys __future__".split()
)
# Of these, only what is listed.
ONLY = {
    "torch.autograd": "grad backward no_grad enable_grad set_grad_enabled",
    "torch.cuda": "is_available",
    "torch.nn.utils": "clip_grad_norm_ clip_grad_norm clip_grad_value_ get_total_norm "
    "clip_grads_with_norm_ parameters_to_vector vector_to_parameters",
    "functools": "partial reduce cache lru_cache cmp_to_key cached_property total_ordering",
    "contextlib": "contextmanager suppress nullcontext ExitStack closing",
    "dataclasses": "dataclass field replace asdict astuple",
    "collections": "deque Counter defaultdict OrderedDict namedtuple ChainMap abc",
    "copy": "copy deepcopy",
    "typing": "Any Callable Iterable Iterator Sequence Mapping List Tuple Dict Set Optional Union "
    "Literal NamedTuple Protocol Generic TypeVar Final Annotated Generator TYPE_CHECKING cast",
    "warnings": "warn simplefilter filterwarnings",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits",
    "abc": "ABC abstractmethod",
    "time": "time perf_counter monotonic process_time sleep",
    "enum": "Enum IntEnum auto",
    "types": "SimpleNamespace",
    "operator": "add sub mul truediv matmul neg pow abs itemgetter",
    "sys": "float_info maxsize",
    "numbers": "Number Complex Real Rational Integral",
    "__future__": "annotations",
}
# Of `torch` itself: its operations (torch.functional's and those written in C++), and these.
TORCH = frozenset(
    "Tensor FloatTensor DoubleTensor LongTensor BoolTensor Generator Size device dtype finfo iinfo "
    "tensor is_tensor inf nan pi e newaxis no_grad enable_grad set_grad_enabled inference_mode "
    "is_grad_enabled is_inference_mode_enabled manual_seed seed initial_seed get_rng_state "
    "set_rng_state default_generator get_default_dtype set_default_dtype set_default_tensor_type "
    "get_num_threads set_num_threads set_printoptions vmap lobpcg strided typename".split()
)
# What a class may derive from, beside the classes of the same code.
BASES = frozenset(
    "object dict list tuple int float str torch.nn.Module typing.NamedTuple typing.Protocol "
    "typing.Generic abc.ABC enum.Enum enum.IntEnum collections.OrderedDict".split()
) | {name for name, one in vars(builtins).items() if _is_error(one)}
# What reaches things by a text, runs one, changes what others see, or reads and writes files.
DYNAMIC = frozenset(
    "eval exec compile getattr setattr delattr vars globals locals __import__ __builtins__ "
    "__loader__ __spec__ open input breakpoint get_ipython help exit quit".split()
)
OUT_OF_BOUNDS = frozenset(
    "load save savez savez_compressed loadtxt savetxt genfromtxt fromfile fromregex tofile dump "
    "dumps memmap open_memmap DataSource from_file from_dlpack to_dlpack compile apply_ map_ test "
    "frompyfunc ParameterDict ParameterList BufferDict skip_init get_buffer get_parameter "
    "get_submodule set_submodule handle_torch_function has_torch_function as_subclass "
    "has_torch_function_unary has_torch_function_variadic boolean_dispatch register frombuffer "
    "ndarray recarray chararray record renorm".split()
)
# Attributes that lead out of an object into the interpreter, wherever they stand.
NEVER = frozenset(
    "os sys io builtins importlib inspect ctypes cffi pickle subprocess gc modules torch jit fx "
    "ops hub library cpp_extension attrgetter methodcaller HARNESSES mro obj".split()
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
    "ge hash bool int float index repr str post_init name doc version slots mod rmod floordiv "
    "divmod missing reversed round".split()
)
PUBLIC = frozenset(("_replace", "_asdict", "_fields"))
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


def banned(categories) -> frozenset:
    """Return the names of some categories."""
    return frozenset().union(*(CATEGORIES[one] for one in categories))


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
        found = getattr(where, part, NotImplemented)
        if not isinstance(found, types.ModuleType):
            listed = part in _of_torch() if where is torch else not part.startswith("_")
            listed = listed and part in ONLY.get(where.__name__, part).split()
            listed = listed and found is not NotImplemented and part not in OUT_OF_BOUNDS
            return "" if listed else f"uses {name}", parts[count:]
        if name not in LIBRARIES:
            usual = usual_place(dotted)
            return in_library(usual, without) if usual != dotted else (f"uses {name}", [])
        where = found
    return f"passes on {dotted} as a whole", []


def usual_place(dotted: str) -> str:
    """Return ``torch.nn.Module`` for what is also ``torch.nn.modules.module.Module``."""
    top, *parts = dotted.split(".")
    found = sys.modules.get(top) if top in LIBRARIES else None
    for part in parts:
        found = getattr(found, part, None)
    if found is not None and parts and not isinstance(found, types.ModuleType):
        for place in sorted(LIBRARIES):
            if getattr(sys.modules.get(place), parts[-1], None) is found:
                return f"{place}.{parts[-1]}"
    return dotted


def of_object(name: str, without: frozenset, own: frozenset) -> str:
    """Say why graded code may not use an attribute of some object; nothing if it may.

    `own` are the attributes that the student's own classes have.
    """
    if name in without:
        return f"uses .{name}, and is to be written without it"
    if name in NEVER | OUT_OF_BOUNDS or FRAMES.fullmatch(name):
        return f"uses .{name}"
    if name.startswith("__") and name.endswith("__"):
        return "" if name in DUNDERS else f"uses .{name}"
    if name in ELSEWHERE and name not in own:
        return f"uses .{name}"
    if name.startswith("_") and name not in PUBLIC and (name not in own or name in _inside()):
        return f"uses the inside of something, .{name}"
    return ""


def of_self(name: str, without: frozenset) -> bool:
    """Return whether an attribute of `self`, which the code itself sets, may have that name."""
    return name not in without | NEVER | _of_tensors() and not name.endswith("__")


@cache
def _of_tensors() -> frozenset:
    kinds = (torch.Tensor, torch.nn.Parameter, torch.nn.Module, torch.nn.ParameterDict)
    private = {name for kind in kinds for name in dir(kind) if name.startswith("_")}
    return frozenset(private | {"_evaluate"})


@cache
def _inside() -> frozenset:
    """Return the private attributes of everything in the libraries."""
    things = (value for name in LIBRARIES for value in vars(importlib.import_module(name)).values())
    return frozenset(a for one in things for a in dir(one) if a.startswith("_"))


@cache
def _of_torch() -> frozenset:
    kinds = {name for name in dir(torch) if isinstance(getattr(torch, name), torch.dtype)}
    operations = {n for n in dir(torch._C._VariableFunctions) if not n.startswith("_")}
    return TORCH | kinds | operations | frozenset(torch.functional.__all__)
