"""One notebook in JupyterLab in a real browser: a slider moves by key, and the picture follows."""

import shutil
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# Run only when everything is there; else Lab asks for a kernel in a box that nobody answers.
RUN_ALL = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await jupyterapp.commands.execute('notebook:run-all-cells');
}"""


@pytest.fixture
def page(tmp_path, lab):
    page, address = lab
    shutil.copy(NOTEBOOKS / "01_compound_growth.ipynb", tmp_path)
    page.goto(f"{address}/lab/tree/01_compound_growth.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    return page


def wait_for_text(page, element, text):
    page.wait_for_function("([e, t]) => e.textContent == t", arg=[element.element_handle(), text])


def test_panel_is_a_picture_before_it_runs_and_follows_the_arrow_keys_after(page):
    cell = page.locator(".jp-CodeCell", has_text="widgets.growth.compound")
    cell.scroll_into_view_if_needed()
    stored = cell.locator(".jp-RenderedImage img")
    assert stored.get_attribute("src").startswith("data:image/png")

    page.evaluate(RUN_ALL)
    cell.scroll_into_view_if_needed()
    handle = cell.locator(".noUi-handle").first
    handle.wait_for()
    picture, readout = cell.locator(".widget-image"), cell.locator(".widget-label").last
    # The cell after the panel moved the slider to 0.99.
    wait_for_text(page, readout, "0.9900^365 = 0.02552")
    before = picture.get_attribute("src")

    handle.focus()
    handle.press("ArrowRight")
    wait_for_text(page, readout, "0.9905^365 = 0.03068")
    page.wait_for_function("([e, src]) => e.src != src", arg=[picture.element_handle(), before])
    stderr = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"
    assert page.locator(stderr).count() == 0
