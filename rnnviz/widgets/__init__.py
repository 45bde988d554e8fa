"""Sliders on the pictures: each maps its controls to a computation and a drawing.

Every function returns one :class:`~rnnviz.widgets.panel.Panel`, a ``VBox`` of the controls, the
picture and a line of numbers in text. Leave it as the last line of a cell to see it; move its
sliders with the mouse, with the arrow keys, or in code:
``panel.controls["factor"].value = 0.99``.
"""

from rnnviz.widgets import bptt, clipping, flow, growth, surface
from rnnviz.widgets.panel import Panel

__all__ = ["Panel", "bptt", "clipping", "flow", "growth", "surface"]
