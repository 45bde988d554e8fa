"""The way from text to notebook and back, on a small lesson."""

import base64
import importlib.util
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient.exceptions import CellExecutionError
from PIL import Image

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("build", ROOT / "notebooks" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)

LESSON = """# A lesson


*For the lecturer.* A note.


## A section

```python tags=["slide-99"]
import matplotlib.pyplot as plt
from rnnviz import plots, widgets
plots.growth.compound(__import__("torch").ones(3).double())
plt.show()
print("one")
```

**Figure 0.1.** A caption.

<details><summary>Text description</summary>

A flat
line.

</details>

```python
panel = widgets.growth.compound()
panel
```

### A subsection

```python
print("the number is", 6 * 7)
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the lesson twice."""
    folder = tmp_path_factory.mktemp("lesson")
    (folder / "lesson.md").write_text(LESSON, encoding="utf-8")
    for name in ("first.ipynb", "second.ipynb"):
        build.make_notebook(folder / "lesson.md", folder / name)
    return folder


def test_two_runs_give_identical_bytes(built):
    assert (built / "first.ipynb").read_bytes() == (built / "second.ipynb").read_bytes()


def test_the_way_back_gives_the_text_byte_for_byte(built):
    assert build.to_text(nbformat.read(built / "first.ipynb", as_version=4)) == LESSON


def test_slide_roles_follow_the_headings(built):
    cells = nbformat.read(built / "first.ipynb", as_version=4).cells
    roles = [cell.metadata.slideshow.slide_type for cell in cells]
    assert roles == ["slide", "notes", "slide", "-", "-", "-", "subslide", "-"]


def test_a_picture_gets_the_description_in_its_caption(built):
    cells = nbformat.read(built / "first.ipynb", as_version=4).cells
    (picture,) = [o for o in cells[3].outputs if "image/png" in o.get("data", {})]
    assert picture.metadata["image/png"]["alt"] == "A flat line."


def test_a_panel_is_stored_as_a_picture_without_its_state(built):
    notebook = nbformat.read(built / "first.ipynb", as_version=4)
    (panel,) = notebook.cells[5].outputs
    assert sorted(panel.data) == ["image/png", "text/plain"]
    assert "widgets" not in notebook.metadata


def test_a_failing_cell_raises_and_leaves_the_old_notebook(tmp_path):
    text, target = tmp_path / "bad.md", tmp_path / "bad.ipynb"
    text.write_text("# Bad\n\n```python\n1 / 0\n```\n", encoding="utf-8")
    target.write_text("the old one", encoding="utf-8")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        build.make_notebook(text, target)
    assert target.read_text(encoding="utf-8") == "the old one"


def test_an_unknown_name_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["build.py", "notebooks", "99"])
    with pytest.raises(SystemExit) as ended:
        build.main()
    assert ended.value.code == 2
    assert "no lesson in text/ begins with '99'" in capsys.readouterr().err


def nbval(folder):
    """Run strict nbval as CI does; return the numbers of the cells that failed, by file."""
    command = [sys.executable, "-m", "pytest", "--nbval", "-c", ROOT / "pyproject.toml"]
    command += ["--rootdir", ROOT, "-q", "-p", "no:cacheprovider", folder]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    failed = re.findall(r"^FAILED \S*?(\w+)\.ipynb::Cell (\d+)", run.stdout, flags=re.M)
    return {(name, int(number)) for name, number in failed}


def test_nbval_passes_the_lesson_as_built_and_sees_a_change_in_any_printed_number(
    built, tmp_path, request
):
    """Change one digit in every cell that prints a number: each of them must turn red."""
    changed = set()
    # The quick ones, with pictures, panels and plain text: it is nbval that is tried here, and what
    # could hide a cell from it is looked for in every notebook by test_documents. Both of them with
    # --whole.
    pattern = "0[12]_*.ipynb" if request.config.getoption("--whole") else "01_*.ipynb"
    for path in (ROOT / "notebooks").glob(pattern):
        notebook = nbformat.read(path, as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(cells):
            for output in cell.outputs:
                if output.output_type == "stream" and re.search(r"\d", output.text):
                    digits = [match.start() for match in re.finditer(r"\d", output.text)]
                    at = digits[len(digits) // 2]
                    other = str((int(output.text[at]) + 1) % 10)
                    output.text = output.text[:at] + other + output.text[at + 1 :]
                    changed.add((path.stem, number))
        nbformat.write(notebook, tmp_path / path.name)
    assert len(changed) > 15
    shutil.copy(built / "first.ipynb", tmp_path)
    assert nbval(tmp_path) == changed


def test_a_picture_loses_its_alpha_channel_and_nothing_else():
    pixels = np.zeros((9, 7, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[2:4, 1:3, :3] = (10, 200, 30)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "png", compress_level=0)
    stored = build.smaller(base64.b64encode(png.getvalue()).decode())
    assert len(base64.b64decode(stored)) < len(png.getvalue())
    image = Image.open(io.BytesIO(base64.b64decode(stored)))
    assert image.mode == "RGB"
    assert np.array_equal(np.asarray(image), pixels[..., :3])
    assert build.smaller(stored) == stored  # bytes that another zlib made stay as they are
