"""nbgrader's formgrader and pages of feedback, as this course wants them.

Formulas are MathML and need no network; the formgrader shows the rubric below an answer, and cannot
run a submission: that is for the sandbox of `make grade`.
"""

import re
from pathlib import Path

import latex2mathml.converter
import nbformat
from nbconvert.preprocessors import Preprocessor

from grader.source import TEXT_STUB

CODE_STUB = '# your code here\nraise NotImplementedError("this part is still to be written")'
REFUSED = "Not here: `make grade` runs submissions, in a sandbox."
# Code is skipped, then the longest form first: $$…$$, \\[…\\], an environment, \\(…\\), $…$.
MATH = re.compile(
    r"(?P<code>```.*?```|``.*?``|`[^`]*`)|\$\$(?P<a>.+?)\$\$|\\\\?\[(?P<b>.+?)\\\\?\]"
    r"|(?P<c>\\begin\{(?P<e>\w+\*?)\}.+?\\end\{(?P=e)\})|\\\\?\((?P<d>.+?)\\\\?\)"
    r"|(?<![\\$\w])\$(?P<i>[^\s$](?:[^$]*[^\s$])?)\$(?![\d$])",
    re.DOTALL,
)


class Formulas(Preprocessor):
    """Turns formulas in words into MathML; one that is not understood stays as it is."""

    enabled = True

    def preprocess_cell(self, cell, resources, index):
        """Turn those of one cell."""
        if cell.cell_type == "markdown":
            cell.source = MATH.sub(_mathml, cell.source)
        return cell, resources


def _mathml(found: re.Match) -> str:
    if found["code"]:
        return found[0]
    block = found["a"] or found["b"] or found["c"]
    text = (block or found["d"] or found["i"]).replace("< ", "<")  # as `rebuild` wrote it
    try:
        made = latex2mathml.converter.convert(text, display="block" if block else "inline")
    except Exception:
        return found[0]
    return re.sub(r"\s*\n\s*", " ", made)


class Rubrics(Preprocessor):
    """Puts the rubric and the model answer below each answer, in the formgrader alone."""

    enabled, root = True, Path()

    def preprocess(self, notebook, resources):
        """Add a cell below each explanation."""
        if "submission_id" not in resources:  # feedback goes to students
            return notebook, resources
        name = resources["assignment_id"]
        source = nbformat.read(self.root / "source" / name / f"{name}.ipynb", as_version=4)
        rubrics = {cell.id: _rubric(cell.source) for cell in source.cells}
        cells, notebook.cells = notebook.cells, []
        for cell in cells:
            notebook.cells.append(cell)
            if cell.id.startswith("explain") and rubrics.get(cell.id):
                notebook.cells.append(nbformat.v4.new_markdown_cell(rubrics[cell.id]))
        return notebook, resources


def _rubric(text: str) -> str:
    found = re.search(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, flags=re.DOTALL)
    return "\n".join(f"> {line}" for line in found[1].splitlines()) if found else ""


def configure(config, root: Path) -> None:
    """Configure nbgrader in a course folder, and refuse it to run submissions there."""
    from nbgrader.converters import Autograde

    def refuse(self):
        self.log.error(REFUSED)
        raise RuntimeError(REFUSED)

    Autograde.start = refuse
    Rubrics.root = root
    config.CourseDirectory.root = str(root)
    config.Exchange.root = str(root / "exchange")
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    config.HTMLExporter.preprocessors = [Rubrics, Formulas]
