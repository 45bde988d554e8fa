"""One notebook in JupyterLab in a real browser: a slider moves by key, and the picture follows."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

# Run only when everything is there; else Lab asks for a kernel in a box that nobody answers.
RUN_ALL = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await jupyterapp.commands.execute('notebook:run-all-cells');
}"""


@contextlib.contextmanager
def jupyter_lab(folder):
    """Serve a folder in JupyterLab, with settings of its own; yield the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    environment = os.environ | {name: str(folder / ".own" / name) for name in own}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                with contextlib.suppress(urllib.error.URLError):
                    urllib.request.urlopen(f"{address}/api").close()
                    break
                time.sleep(0.5)
            yield address
        finally:
            server.terminate()


@pytest.fixture
def page(tmp_path):
    if BROWSER is None:  # in continuous integration nobody reads what was skipped
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"none of {', '.join(BROWSERS)} is there")
    shutil.copy(NOTEBOOKS / "01_compound_growth.ipynb", tmp_path)
    with jupyter_lab(tmp_path) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(300_000)
        page.goto(f"{address}/lab/tree/01_compound_growth.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        yield page
        browser.close()


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
