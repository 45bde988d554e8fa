"""Gradient clipping: Algorithm 1, its rival by value, and a monitor for any training loop."""

from rnnviz.clipping.monitor import (
    GradientNormMonitor,
    Threshold,
    clip_by_norm,
    clip_by_value,
    suggest_threshold,
)

__all__ = [
    "GradientNormMonitor",
    "Threshold",
    "clip_by_norm",
    "clip_by_value",
    "suggest_threshold",
]
