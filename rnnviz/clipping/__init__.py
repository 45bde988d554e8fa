"""Gradient clipping: notebook 04's numbers, and a tool for any training loop.

With ĝ all gradients of the network laid end to end,

    if ‖ĝ‖ ≥ threshold:  ĝ ← threshold / ‖ĝ‖ · ĝ

(Pascanu, Mikolov & Bengio 2013, *On the difficulty of training recurrent neural networks*,
Algorithm 1). The step becomes shorter, its direction stays. Norms here are taken in float64
whatever the gradients' dtype: float32's own norm is inf from 1.8e19 on and 0 below 1e-23.

- ``rule``: clipping by norm, that algorithm, and clipping by value
- ``threshold``: the range of thresholds that the paper recommends, from norms seen in training
- ``monitor``: two lines that watch the gradient norm of a training loop, and clip it
"""

from rnnviz.clipping.monitor import GradientNormMonitor
from rnnviz.clipping.rule import clip_by_norm, clip_by_value
from rnnviz.clipping.threshold import Threshold, suggest_threshold

__all__ = [
    "GradientNormMonitor",
    "Threshold",
    "clip_by_norm",
    "clip_by_value",
    "suggest_threshold",
]
