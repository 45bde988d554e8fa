"""nbgrader's formgrader and pages of feedback, as this course wants them.

Formulas are MathML and need no network; the formgrader shows the rubric below an answer, and cannot
run a submission: that is for the sandbox of `make grade`.
"""

import html
import re
from pathlib import Path
from xml.etree.ElementTree import Element

import latex2mathml.converter
import nbformat
from nbconvert.preprocessors import Preprocessor

from grader.source import TEXT_STUB

CODE_STUB = '# your code here\nraise NotImplementedError("this part is still to be written")'
REFUSED = "Not here: `make grade` runs submissions, in a sandbox."
NO_PAGES = "Not here: `make feedback` writes the pages, without hidden tests."
# Code is skipped, then the longest form first: $$…$$, \\[…\\], an environment, \\(…\\), $…$.
# What is too long stays text: no page may take minutes because of what somebody wrote into a cell.
MOST_LETTERS = 100_000
UNSAFE = ("href", "style", "class", "id")
MATH = re.compile(
    r"(?P<code>(?<!`)(?P<t>`+)(?!`).*?(?<!`)(?P=t)(?!`)|(?<!~)(?P<w>~~~+)(?!~).*?(?P=w))"
    r"|\$\$(?P<a>.{1,2000}?)\$\$|\\\\?\[(?P<b>.{1,2000}?)\\\\?\]"
    r"|(?P<c>\\begin\{(?P<e>\w+\*?)\}.{1,2000}?\\end\{(?P=e)\})|\\\\?\((?P<d>.{1,2000}?)\\\\?\)"
    r"|(?<![\\$\w])\$(?P<i>[^\s$](?:[^$]{0,2000}[^\s$])?)\$(?![\d$])",
    re.DOTALL,
)
# With a few of these a short formula is as long as one likes.
MACROS = re.compile(r"\\(\w*newcommand|providecommand|\w*newenvironment|[gex]?def|let|Declare\w+)")


class Formulas(Preprocessor):
    """Turns formulas in words into MathML; one that is not understood stays as it is."""

    enabled = True

    def preprocess(self, notebook, resources):
        """Turn those of all cells."""
        words = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        if sum(len(cell.source) for cell in words) <= MOST_LETTERS:
            for cell in words:
                cell.source = MATH.sub(_mathml, cell.source)
        return notebook, resources


def _mathml(found: re.Match) -> str:
    if found["code"]:
        return found[0]
    block = found["a"] or found["b"] or found["c"]
    text = (block or found["d"] or found["i"]).replace("< ", "<")  # as `rebuild` wrote it
    try:
        if MACROS.search(text):
            return found[0]
        display = "block" if block else "inline"
        made = latex2mathml.converter.Converter(display=display).convert_to_element(text)
        return _written(made)
    except Exception:
        return found[0]


def _written(element: Element) -> str:
    """Return MathML in which no letter of a student's is HTML, or Markdown, or a link.

    latex2mathml's own writing escapes nothing: what it makes of a ``<script>`` in a text runs.
    """
    kept = {name: value for name, value in element.items() if name not in UNSAFE}
    attributes = "".join(f' {name}="{_entities(value)}"' for name, value in kept.items())
    inside = "".join(_written(one) + _entities(one.tail) for one in element)
    return f"<{element.tag}{attributes}>{_entities(element.text)}{inside}</{element.tag}>"


def _entities(text: str | None) -> str:
    plain = " ".join(html.unescape(text or "").split("\n"))
    return re.sub("[^A-Za-z0-9 ]", lambda found: f"&#{ord(found[0])};", plain)


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


def set_stubs(config) -> None:
    """Say what students find where they are to write."""
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB


def configure(config, root: Path) -> None:
    """Configure nbgrader in a course folder, and refuse it to run submissions there."""
    from nbgrader.converters import Autograde, GenerateFeedback

    def refusal(sentence):
        def start(self):
            self.log.error(sentence)
            raise RuntimeError(sentence)

        return start

    Autograde.start, GenerateFeedback.start = refusal(REFUSED), refusal(NO_PAGES)
    Rubrics.root = root
    config.CourseDirectory.root = str(root)
    config.Exchange.root = str(root / "exchange")
    set_stubs(config)
    config.HTMLExporter.preprocessors = [Rubrics, Formulas]
