"""The notebooks as documents: what a reader, a lecturer and nbval rely on."""

import ast
import importlib.util
import re
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
FILES = sorted(NOTEBOOKS.glob("*.ipynb"))
LECTURE = tomllib.loads((NOTEBOOKS / "lecture.toml").read_text(encoding="utf-8"))["slide"]

spec = importlib.util.spec_from_file_location("build", NOTEBOOKS / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, as_version=4).cells


def code(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


def printed(cell):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")


def has_picture(cell):
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def is_panel(cell):
    return any("Panel(" in o.get("data", {}).get("text/plain", "") for o in cell.outputs)


def links(text):
    without_code = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s#]+)[^)]*\)", without_code)


# What nbval compares, it compares strictly; what follows is how it could pass without comparing.


def test_there_are_notebooks_and_each_has_its_text():
    assert len(FILES) >= 3
    texts = {text.stem for text in (NOTEBOOKS / "text").glob("*.md")}
    assert texts == {path.stem for path in FILES}


def test_every_code_cell_was_executed_in_order(cells):
    assert [cell.execution_count for cell in code(cells)] == list(range(1, len(code(cells)) + 1))


def test_no_cell_is_hidden_from_nbval(cells):
    for cell in cells:
        tags = " ".join(cell.metadata.get("tags", []))
        assert not re.search(r"nbval|raises-exception|skip", tags), f"tagged {tags}: {cell.source}"
        assert not re.search(r"#\s*(NBVAL|PYTEST)", cell.source), cell.source


def test_no_cell_writes_to_stderr_or_fails(cells):
    for cell in code(cells):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text


def test_no_cell_ends_in_a_semicolon(cells):
    # nbval runs cells without history, where a semicolon silences nothing.
    for cell in code(cells):
        assert not cell.source.rstrip().endswith(";"), cell.source


def test_every_picture_stands_beside_printed_numbers(cells):
    # A picture is never compared; a panel prints its numbers in the cell that moves its sliders.
    these = code(cells)
    for cell, following in zip(these, [*these[1:], None], strict=True):
        if has_picture(cell):
            numbers = printed(following if is_panel(cell) else cell)
            assert re.search(r"\d", numbers), cell.source


def test_no_output_differs_from_machine_to_machine(cells):
    for cell in code(cells):
        text = printed(cell) + str([o.get("data", {}).get("text/plain") for o in cell.outputs])
        assert not re.search(r" at 0x|/home/|/tmp/|/root/|\.venv|\d+e-1[4-9]\b", text), text


# Text and notebook are one document.


def test_the_notebook_is_what_its_text_gives(path, cells):
    text = (NOTEBOOKS / "text" / f"{path.stem}.md").read_text(encoding="utf-8")
    assert build.to_text(nbformat.read(path, as_version=4)) == text
    fresh = build.to_notebook(text).cells
    assert len(fresh) == len(cells)
    for made, stored in zip(fresh, cells, strict=True):
        for part in ("id", "cell_type", "source", "metadata"):
            assert made[part] == stored[part], f"run `make notebooks`: {stored.id}"


def test_stored_file_is_normal(path):
    notebook = nbformat.read(path, as_version=4)
    build.normalise(notebook)
    assert nbformat.writes(notebook) + "\n" == path.read_text(encoding="utf-8")


def test_the_pictures_of_other_pages_are_those_of_the_notebook(path):
    for name, png in build.pictures(nbformat.read(path, as_version=4)).items():
        assert (NOTEBOOKS / name).read_bytes() == png


def test_file_is_below_one_megabyte(path):
    assert path.stat().st_size < 1_000_000


# What a reader finds.


def test_it_opens_with_objectives_prerequisites_and_time(cells):
    opening = cells[0].source
    assert opening.startswith("# ")
    objectives = opening.partition("**After this notebook you can**")[2]
    assert re.findall(r"^(\d)\. ", objectives, flags=re.M) == ["1", "2", "3"]
    assert "**Before you start:**" in opening
    assert re.search(r"\*\*Time:\*\* \d+ minutes", opening)


def test_it_closes_with_summary_sources_and_a_question(cells):
    closing = cells[-1].source
    summary, _, rest = closing.partition("**Sources.**")
    assert summary.startswith("## Summary")
    assert summary.count("\n- ") == 3
    assert re.search(r"\b(19|20)\d\d\b", rest), "sources name their year"
    assert "**To discuss.**" in rest


def test_every_figure_has_a_caption_and_a_text_description(path, cells):
    number = 0
    for cell, caption in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type == "code" and has_picture(cell):
            number += 1
            heading = f"**Figure {int(path.stem[:2])}.{number}.** "
            assert caption is not None, cell.source
            assert caption.source.startswith(heading), f"{heading} after {cell.source}"
            description = build.DESCRIPTION.search(caption.source)
            assert description, f"no text description: {caption.source}"
            assert len(description[1].split()) > 15
            (alt,) = [o.metadata["image/png"]["alt"] for o in cell.outputs if "data" in o]
            assert alt == " ".join(description[1].split())
    assert number >= 3


def test_every_cell_has_its_place_in_the_slides(cells):
    roles = [cell.metadata["slideshow"]["slide_type"] for cell in cells]
    assert roles[0] == "slide"
    assert "notes" in roles
    for cell, role in zip(cells, roles, strict=True):
        heading = cell.cell_type == "markdown" and cell.source.startswith(("# ", "## "))
        assert (role == "slide") == heading, cell.source


def test_cells_are_short(cells):
    for cell in code(cells):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 14, cell.source


def test_every_prediction_comes_before_the_cell_that_answers_it(cells):
    predictions = [n for n, c in enumerate(cells) if "**Predict.**" in c.source]
    assert len(predictions) >= 2
    for n in predictions:
        answer = next(cell for cell in cells[n + 1 :] if cell.cell_type == "code")
        assert cells.index(answer) - n <= 2


def test_exercises_are_numbered_and_say_how_long_they_take(path, cells):
    exercises = [
        m for c in cells for m in re.findall(r"^\*\*(\d+)\.(\d+)\*\* (.*)", c.source, re.M)
    ]
    assert [int(n) for _, n, _ in exercises] == list(range(1, len(exercises) + 1))
    assert len(exercises) >= 2
    for chapter, _, text in exercises:
        assert int(chapter) == int(path.stem[:2])
        assert re.match(r"\(\d+ minutes\)", text), text


def test_links_resolve(cells):
    for cell in cells:
        if cell.cell_type == "markdown":
            for link in links(cell.source):
                assert "://" in link or (NOTEBOOKS / link).exists(), link


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_pages_resolve(page):
    for link in links((ROOT / page).read_text(encoding="utf-8")):
        assert "://" in link or (ROOT / link).exists(), link


def test_the_code_in_the_cells_is_python_that_imports_nothing_hidden(cells):
    allowed = {"json", "math", "pathlib", "matplotlib", "torch", "rnnviz"}
    for cell in code(cells):
        for node in ast.walk(ast.parse(cell.source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed


# The lecture, slide by slide.


def test_all_twelve_slides_are_listed():
    assert sorted({slide["number"] for slide in LECTURE}) == list(range(1, 13))


@pytest.mark.parametrize("slide", LECTURE, ids=lambda slide: slide["title"])
def test_a_slide_is_computed_where_the_list_says(slide):
    if slide.get("nothing_to_compute"):
        assert slide["number"] == 12
        return
    for name in slide.get("to_come", []):
        assert not (NOTEBOOKS / f"{name}.ipynb").exists(), f"{name} exists: list its cells"
    if "to_come" in slide:
        return
    cells = nbformat.read(NOTEBOOKS / f"{slide['notebook']}.ipynb", as_version=4).cells
    for text in slide.get("text", []):
        assert text in cells[0].source
    for tag, expected in slide.get("cells", {}).items():
        (cell,) = [c for c in cells if tag in c.metadata.get("tags", [])]
        assert cell.cell_type == "code"
        assert cell.execution_count
        for text in expected:
            assert text in printed(cell)
    assert slide.get("text") or slide.get("cells")


def test_every_slide_tag_is_in_the_list():
    listed = {tag for slide in LECTURE for tag in slide.get("cells", {})}
    used = [
        tag
        for path in FILES
        for cell in nbformat.read(path, as_version=4).cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("slide-")
    ]
    assert sorted(used) == sorted(listed)
