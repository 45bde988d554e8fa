"""What graded code may use. Names, not values: these are read off the code before it runs."""

# Modules of which an import says nothing about a submission.
MODULES = frozenset(
    "torch math cmath itertools functools collections typing dataclasses numpy matplotlib rnnviz "
    "checks statistics fractions decimal copy contextlib warnings time random string abc "
    "__future__ ipywidgets numbers".split()
)

# What reaches things by a text that is put together while running, or the world outside.
DYNAMIC = frozenset(
    "eval exec compile getattr setattr delattr vars globals locals __import__ __builtins__ open "
    "input breakpoint get_ipython __loader__ __spec__ exit quit".split()
)

# Attributes that lead out of a library, wherever they stand.
NEVER = frozenset(
    "sys os modules importlib builtins inspect ctypes subprocess hub cpp_extension library "
    "attrgetter methodcaller HARNESSES".split()
)

PRIVATE_ALLOWED = frozenset(
    "__init__ __name__ __doc__ __len__ __getitem__ __add__ __mul__ __matmul__ __version__".split()
)

# What `without=` of a source names.
CATEGORIES = {
    "autograd": frozenset(
        "autograd backward grad grad_fn func vjp jvp vmap jacrev jacfwd hessian jacobian "
        "requires_grad requires_grad_ enable_grad retain_grad register_hook forward_ad "
        "grad_and_value value_and_grad".split()
    ),
    "clip": frozenset(
        "clip_grad_norm_ clip_grad_norm clip_grad_value_ get_total_norm clip_grads_with_norm_ "
        "clip_grad".split()
    ),
    "lstm": frozenset(
        "LSTM LSTMCell LSTMBase lstm lstm_cell GRU GRUCell gru gru_cell RNNBase RNNCellBase "
        "_VF".split()
    ),
}
