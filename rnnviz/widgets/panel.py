"""The frame that all widgets share: controls, a picture that is redrawn in place, a readout.

Drawing bounds the speed of a slider, not computing. So the figure is made once, the artists that
change are drawn over a stored background, and the picture is compressed lightly; only when an axis
limit changes is the background drawn again.
"""

import base64
import io
from collections.abc import Callable, Iterable

import ipywidgets as ipw
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image


class Canvas:
    """A figure that is drawn once and then only where it changes.

    Parameters
    ----------
    figure : Figure
        With the limits that need most room; it must not belong to pyplot's list of open figures.
    moving : iterable of Artist
        What changes from frame to frame. Everything else is the background.
    """

    def __init__(self, figure: Figure, moving: Iterable[Artist]) -> None:
        self.figure = figure
        self.moving = list(moving)
        self.canvas = FigureCanvasAgg(figure)
        for artist in self.moving:
            artist.set_animated(True)
        # The layout is settled here once and for all: the axes stay still under the slider.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        self._limits: list | None = None
        self._background = None

    def render(self) -> bytes:
        """Return the figure as it is now, as a PNG."""
        limits = [(*ax.get_xlim(), *ax.get_ylim()) for ax in self.figure.axes]
        if limits != self._limits:
            self.canvas.draw()
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
            self._limits = limits
        self.canvas.restore_region(self._background)
        for artist in self.moving:
            self.figure.draw_artist(artist)
        png = io.BytesIO()
        # Without the alpha channel, which is full everywhere, compressing takes less time.
        picture = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        picture.save(png, "png", compress_level=1)
        return png.getvalue()


class Panel(ipw.VBox):
    """Controls above a picture above a line of text; a change of a control redraws the picture.

    Parameters
    ----------
    controls : dict of str to widget
        By name; each must carry a description, which is its label.
    canvas : Canvas
        The picture.
    update : callable
        Called with the value of every control by name; it computes, moves the artists of the
        canvas and returns the readout: the numbers that the picture shows, as one line of text.

    Attributes
    ----------
    controls : dict of str to widget
        Set ``controls[name].value`` to move a slider in code.
    image : ipywidgets.Image
        The picture, a PNG.
    readout : ipywidgets.Label
        What `update` returned last.
    """

    def __init__(
        self, controls: dict[str, ipw.ValueWidget], canvas: Canvas, update: Callable[..., str]
    ) -> None:
        self.controls = controls
        width = f"{canvas.figure.bbox.width:.0f}px"
        self.image = ipw.Image(format="png", layout=ipw.Layout(width=width, max_width="100%"))
        self.readout = ipw.Label(style={"font_size": "16px"})
        self._canvas = canvas
        self._update = update
        self._redraw()
        for control in controls.values():
            control.observe(self._redraw, names="value")
        children = [*controls.values(), self.image, self.readout]
        super().__init__(children, layout=ipw.Layout(align_items="flex-start"))

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        """Add the picture to what Jupyter stores: it stands where there is no kernel to move it."""
        bundle = super()._repr_mimebundle_(**kwargs)
        stored = io.BytesIO()
        Image.open(io.BytesIO(self.image.value)).save(stored, "png", optimize=True)
        return bundle | {"image/png": base64.b64encode(stored.getvalue()).decode()}

    def _redraw(self, _change: object = None) -> None:
        values = {name: control.value for name, control in self.controls.items()}
        self.readout.value = self._update(**values)
        self.image.value = self._canvas.render()


def slider(label: str, value: float, low: float, high: float, step: float) -> ipw.ValueWidget:
    """Return a slider with its label in full; whole numbers where `step` is whole."""
    kind = ipw.IntSlider if isinstance(step, int) else ipw.FloatSlider
    decimals = len(str(step).partition(".")[2])
    digits = {"readout_format": f".{decimals}f"} if decimals else {}
    return kind(value=value, min=low, max=high, step=step, description=label, **WIDE, **digits)


def log_slider(label: str, value: float, low: float, high: float) -> ipw.ValueWidget:
    """Return a slider from 10^low to 10^high, even steps of which multiply its value."""
    limits = {"min": low, "max": high, "step": 0.05, "readout_format": ".3g"}
    return ipw.FloatLogSlider(value=value, description=label, **limits, **WIDE)


def choice(label: str, options: Iterable[str], value: str) -> ipw.ValueWidget:
    """Return a row of buttons, one of which is pressed."""
    return ipw.ToggleButtons(options=list(options), value=value, description=label, **NAMED)


NAMED = {"style": {"description_width": "11em"}}
WIDE = NAMED | {"layout": ipw.Layout(width="38em", max_width="100%")}
