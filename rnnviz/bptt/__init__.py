"""The gradient of a recurrent network as a product of Jacobians: notebook 02's numbers.

Backpropagation through time in the lecture's network h_t = f(W_I x_t + W_R h_{t−1}), y_t = W_O h_t,
t = 1 … T, h_0 given. The Jacobian of one step is J_k = ∂h_{k+1}/∂h_k = diag(f′(a_{k+1})) W_R with
a_{k+1} = W_I x_{k+1} + W_R h_k, and of many their product with later steps on the left,
∂h_t/∂h_i = J_{t−1} ⋯ J_i (Pascanu, Mikolov & Bengio 2013, equation 5, in our layout transposed).

- ``jacobians``: the states, the J_k, and their product
- ``gradient_terms``: ∂E_T/∂W_R as a sum over the steps
- ``norms``: ln‖∂h_t/∂h_i‖ for every pair of times and for every lag
- ``lyapunov``: the mean rates of growth
"""

from rnnviz.bptt.gradient_terms import gradient_terms
from rnnviz.bptt.jacobians import jacobian_product, run_rnn, step_jacobians
from rnnviz.bptt.lyapunov import lyapunov_exponents
from rnnviz.bptt.norms import lag_log_norms, log_norms

__all__ = [
    "gradient_terms",
    "jacobian_product",
    "lag_log_norms",
    "log_norms",
    "lyapunov_exponents",
    "run_rnn",
    "step_jacobians",
]
