"""nbgrader's formgrader and pages of feedback, as this course wants them.

Formulas are MathML and need no network; the formgrader shows the rubric below an answer, and cannot
run a submission: that is for the sandbox of `make grade`.
"""

import html
import re
from pathlib import Path
from xml.etree.ElementTree import tostring

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import Converter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor

REFUSED = "Not here: `make grade` runs submissions, in a sandbox."
NO_PAGES = "Not here: `make feedback` writes the pages, without hidden tests."
# What is longer stays text: no page may take minutes because of what somebody wrote into a cell.
MOST_LETTERS, LONGEST_FORMULA = 20_000, 2_000
UNSAFE = ("href", "style", "class", "id")
# With a few of these a short formula is as long as one likes.
MACROS = re.compile(r"\\(\w*newcommand|providecommand|\w*newenvironment|[gex]?def|let|Declare\w+)")


@pass_context
def with_mathml(context, text: str) -> str:
    """Return the HTML of a Markdown cell, its formulas as MathML: a filter of nbconvert's."""
    if len(text) > MOST_LETTERS:
        return f"<pre>{html.escape(text)}</pre>"
    pictures = context.get("cell", {}).get("attachments", {})
    renderer = MathML(escape=False, attachments=pictures, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(text)


class MathML(IPythonRenderer):
    """Writes formulas as MathML; one that is not understood stays as it is."""

    def inline_math(self, body):
        """Write a formula in a line."""
        return _mathml(body, f"${body}$", "inline")

    def block_math(self, body):
        """Write a formula of its own."""
        return _mathml(body, f"$${body}$$", "block")

    def latex_environment(self, name, body):
        """Write an environment, such as ``align``."""
        whole = rf"\begin{{{name}}}{body}\end{{{name}}}"
        return _mathml(whole, whole, "block")


def _mathml(formula: str, text: str, display: str) -> str:
    """Return MathML in which no letter of a student's is HTML, or a link; else the text."""
    try:
        if len(formula) > LONGEST_FORMULA or MACROS.search(formula):
            return html.escape(text)
        formula = formula.replace("< ", "<")  # as `rebuild` wrote it
        made = Converter(display=display).convert_to_element(formula)
        # Its own writing would escape nothing: a ``<script>`` in a text would run.
        for one in made.iter():
            one.text, one.tail = html.unescape(one.text or ""), html.unescape(one.tail or "")
            for name in UNSAFE:
                one.attrib.pop(name, None)
        return tostring(made, encoding="unicode", short_empty_elements=False)
    except Exception:
        return html.escape(text)


class Rubrics(Preprocessor):
    """Puts the rubric and the model answer below each answer, in the formgrader alone."""

    enabled, root = True, Path()

    def preprocess(self, notebook, resources):
        """Add a cell below each explanation."""
        if "submission_id" not in resources:  # feedback goes to students
            return notebook, resources
        name = resources["assignment_id"]
        source = nbformat.read(self.root / "source" / name / f"{name}.ipynb", as_version=4)
        solution = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", flags=re.DOTALL)
        rubrics = {cell.id: solution.search(cell.source) for cell in source.cells}
        cells, notebook.cells = notebook.cells, []
        for cell in cells:
            notebook.cells.append(cell)
            if cell.id.startswith("explain") and (rubric := rubrics.get(cell.id)):
                quoted = re.sub("^", "> ", rubric[1].rstrip(), flags=re.MULTILINE)
                notebook.cells.append(nbformat.v4.new_markdown_cell(quoted))
        return notebook, resources


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
    config.HTMLExporter.preprocessors = [Rubrics]
    config.HTMLExporter.filters = {"markdown2html": with_mathml}
