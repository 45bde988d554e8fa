"""Make the notebooks from their text, and the text from the notebooks.

The source of a lesson is ``notebooks/text/NAME.md``. ``build.py notebooks`` converts it, runs it
from a fresh kernel, normalises the result and writes ``notebooks/NAME.ipynb`` with its outputs;
two runs give identical bytes. ``build.py text`` takes edits made in JupyterLab back into the text.
Both take the beginning of a name (``02``) and do all lessons without one.
"""

import argparse
import asyncio
import base64
import io
import re
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

HERE = Path(__file__).parent
TEXT = HERE / "text"
SECONDS_A_CELL = 120
SECONDS_A_NOTEBOOK = 600
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
DESCRIPTION = re.compile(
    r"<details><summary>Text description</summary>(.*?)</details>", flags=re.DOTALL
)


def slide_type(cell: NotebookNode) -> str:
    """Return the role of a cell in the slide show: a section heading opens a slide."""
    if cell.cell_type == "markdown":
        if re.match(r"##? ", cell.source):
            return "slide"
        if cell.source.startswith("### "):
            return "subslide"
        if cell.source.startswith("*For the lecturer.*"):
            return "notes"
    return "-"


def to_notebook(text: str) -> NotebookNode:
    """Convert the Markdown text of a lesson to a notebook without outputs."""
    notebook = jupytext.reads(text, fmt="md")
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE)
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        cell.metadata = NotebookNode(
            slideshow={"slide_type": slide_type(cell)},
            **{key: cell.metadata[key] for key in ("tags",) if key in cell.metadata},
        )
        cell.id = f"cell-{number:03d}"
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """Convert a notebook back to its Markdown text; outputs and slide roles are left out."""
    bare = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    for cell in notebook.cells:
        new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
        tags = {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
        bare.cells.append(new[cell.cell_type](cell.source, metadata=tags))
    bare.metadata["jupytext"] = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "tags"}
    text = jupytext.writes(bare, fmt="md")
    # The header says only what jupytext assumes anyway, and would change with its version.
    return re.sub(r"\A---\n.*?\n---\n\s*", "", text, flags=re.DOTALL)


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run every cell in a fresh kernel; an error or a hang raises."""
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name=KERNEL["name"],
        record_timing=False,
        coalesce_streams=True,  # where a stream is cut differs from run to run
        resources={"metadata": {"path": str(folder)}},
    )
    asyncio.run(asyncio.wait_for(client.async_execute(), SECONDS_A_NOTEBOOK))


def normalise(notebook: NotebookNode) -> None:
    """Remove what differs from run to run, and give each picture its text description.

    Widget state, versions and timings go. The description is taken from the caption in the next
    cell, and is what a screen reader says for the picture in the HTML made by nbconvert.
    """
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE)
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], NotebookNode()], strict=True):
        cell.metadata.pop("execution", None)
        description = DESCRIPTION.search(following.get("source", ""))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
            if description and "image/png" in data:
                output.metadata["image/png"] = {"alt": " ".join(description[1].split())}


def smaller(picture: str) -> str:
    """Return a base64 PNG without its alpha channel, as small as PNG gets; one without, as it is.

    Our figures are opaque. What has no alpha has been here before: compressing it again with
    another release of zlib would change its bytes.
    """
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    if image.mode != "RGBA":
        return picture
    png = io.BytesIO()
    image.convert("RGB").save(png, "png", optimize=True)
    return base64.b64encode(png.getvalue()).decode()


def pictures(notebook: NotebookNode) -> dict[str, bytes]:
    """Return the pictures that other pages show: of each cell tagged ``picture-NAME``, by name."""
    return {
        f"{tag.removeprefix('picture-')}.png": base64.b64decode(output.data["image/png"])
        for cell in notebook.cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("picture-")
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    }


def make_notebook(source: Path, target: Path) -> None:
    """Write the executed notebook and its pictures; nothing is written unless every cell ran."""
    notebook = to_notebook(source.read_text(encoding="utf-8"))
    execute(notebook, target.parent)
    normalise(notebook)
    nbformat.validate(notebook)
    target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    for name, png in pictures(notebook).items():
        (target.parent / name).write_bytes(png)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["notebooks", "text"])
    parser.add_argument("name", nargs="?", default="", help="beginning of a name, such as 02")
    arguments = parser.parse_args()
    folder, ending = (TEXT, ".md") if arguments.what == "notebooks" else (HERE, ".ipynb")
    sources = sorted(folder.glob(f"{arguments.name}*{ending}"))
    if not sources:
        parser.error(f"no lesson in {folder.name}/ begins with {arguments.name!r}")
    for source in sources:
        if arguments.what == "notebooks":
            target = HERE / f"{source.stem}.ipynb"
            make_notebook(source, target)
        else:
            target = TEXT / f"{source.stem}.md"
            notebook = nbformat.read(source, as_version=4)
            target.write_text(to_text(notebook), encoding="utf-8")
        print(f"{source.relative_to(HERE)} -> {target.relative_to(HERE)}")


if __name__ == "__main__":
    main()
