"""The gradient of a recurrent network as a product of Jacobians (backpropagation through time)."""

from rnnviz.bptt.jacobians import (
    gradient_terms,
    jacobian_product,
    lag_log_norms,
    log_norms,
    lyapunov_exponents,
    run_rnn,
    step_jacobians,
)

__all__ = [
    "gradient_terms",
    "jacobian_product",
    "lag_log_norms",
    "log_norms",
    "lyapunov_exponents",
    "run_rnn",
    "step_jacobians",
]
