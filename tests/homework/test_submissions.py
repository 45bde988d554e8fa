"""What was handed in: finding it, reading it, putting it into the instructor's notebook."""

import html
import json
import os
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import source, submission
from grader.collect import collect
from grader.formgrader import with_mathml
from grader.parse import UnreadableError, parse
from submissions import MINI

SOURCE = source.read(MINI)
IDS = [cell.id for cell in SOURCE.cells]


def handed_in(change=lambda cells: cells):
    """Return the small assignment with the model solution, its cells changed."""
    made = nbformat.from_dict(source.read(MINI))
    made.cells = change(made.cells)
    return parse(nbformat.writes(made).encode())


def rebuild(*notebooks):
    notebook, events = submission.rebuild(*notebooks)
    return SimpleNamespace(notebook=notebook, events=events)


def states(made):
    return sorted({state for state, _ in made.events})


# -- reading


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b" \n", "an empty file: ask for it again"),
        (b"\xff\xfe", "got something else: ask for the .ipynb file"),
        (b'{"cells": ', "cut off or damaged"),
        (b"[" * 10**5, "got something else"),
        (b"<!DOCTYPE html><p>", "got a web page: the notebook itself is needed"),
        (b"PK\x03\x04...", "got a zip file"),
        (b"%PDF-1.7", "got a PDF: ask for the .ipynb file"),
        (b"# mine\nimport torch\n", "got a Python script (.py): ask for the .ipynb file"),
        (b"[]", "expected a notebook with cells"),
        (b'{"cells": 3}', "expected a notebook with cells"),
        (b'{"cells": [3]}', "expected cells with a type and a text"),
        (b'{"cells": [{"cell_type": "code"}]}', "expected cells with a type and a text"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "expected cells with a type"),
        (b'{"cells": [{"source": "1", "cell_type": 3}]}', "expected cells with a type"),
        (
            json.dumps({"cells": [{"cell_type": "code", "source": "x" * 3 * 2**20}]}).encode(),
            "expected at most 2097152 characters in all cells, got 3145728",
        ),
        (
            json.dumps({"cells": [{"cell_type": "code", "source": ""}] * 1001}).encode(),
            "expected at most 1000 cells, got 1001",
        ),
        (b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}', "expected cells with a type"),
    ],
    ids=range(17),
)
def test_what_is_no_notebook_is_unreadable_and_says_why(content, message):
    with pytest.raises(UnreadableError, match=re.escape(message)):
        parse(content)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_notebook_or_unreadable(content):
    try:
        made = parse(content)
    except UnreadableError:
        return
    rebuild(SOURCE, made)


# -- rebuilding


def test_model_solution_rebuilds_to_the_source():
    made = rebuild(SOURCE, handed_in())
    assert [cell.id for cell in made.notebook.cells] == IDS
    assert [cell.source for cell in made.notebook.cells] == [cell.source for cell in SOURCE.cells]
    assert made.events == []


def test_given_code_and_checks_come_from_the_source():
    def tamper(cells):
        for cell in cells:
            if cell.id.startswith(("check", "cell")):
                cell.source, cell.metadata.nbgrader = "changed = True", {"points": 1000}
        return cells

    made = rebuild(SOURCE, handed_in(tamper))
    cells = {cell.id: cell for cell in made.notebook.cells}
    for wanted in SOURCE.cells:
        if wanted.id.startswith(("check", "cell")):
            assert cells[wanted.id].source == wanted.source
            assert cells[wanted.id].metadata == wanted.metadata


def test_what_was_added_to_a_given_cell_is_kept_after_it():
    (given, *_) = (i for i, cell in enumerate(SOURCE.cells) if "import checks" in cell.source)

    def add(cells):
        cells[given].source = "import numpy as np\n" + cells[given].source + "\nx = 1"
        return cells

    made = rebuild(SOURCE, handed_in(add))
    assert made.notebook.cells[given].source == SOURCE.cells[given].source
    assert made.notebook.cells[given + 1].source == "import numpy as np\nx = 1"
    assert states(made) == ["note"]


class Found(HTMLParser):
    """The tags, and the attributes but MathML's, of what the formgrader makes of an answer."""

    def __init__(self, text):
        super().__init__()

        def write(cells):
            next(cell for cell in cells if cell.id == "explain-9-3").source = text
            return cells

        made = rebuild(SOURCE, handed_in(write)).notebook
        self.tags, self.attributes, self.words = set(), set(), ""
        self.page = with_mathml({}, made.cells[-1].source)
        self.feed(self.page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.words += data


RUNNING = [
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "<!--x-->",
    "[a](javascript:alert(1))",
    "[a]( JavaScript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,b)",
    "[a][b]\n\n[b]: javascript:alert(1)",
    "> [b]: vbscript:x\n\n[a][b]",
    "![a](attachment:b.png)",
    r"\href{javascript:alert(1)}{a}",
    r"\style{position:fixed}{a}",
    r"\class{a}{b}",
    r"\text{<script>alert(1)</script>}",
    r"\text{[a]\(javascript:alert(1))}",
    r"\text{`a` *b* &lt;script&gt;}",
    r"\color{red\" onclick=\"x}a",
    r"\newcommand{\a}{xx}\a",
]


@pytest.mark.parametrize("text", RUNNING)
@pytest.mark.parametrize("sign", ["", "$"])
def test_what_a_student_writes_in_words_runs_nothing(sign, text):
    found = Found(f"Because $a<b$ and 1 < 2. {sign}{text}{sign}")
    assert found.words.startswith("Because a<b and 1 < 2. ")
    mathml = {tag for tag in found.tags if tag.startswith("m")}
    assert found.tags - mathml <= ({"p"} if sign else {"p", "blockquote", "em", "code"})
    assert found.attributes <= {"xmlns", "display", "stretchy", "mathcolor", "mathvariant"}


def test_a_formula_that_makes_itself_longer_stays_text():
    text = r"$\newcommand{\a}{xx}\newcommand{\b}{\a\a}\b$"
    assert Found(text).words.strip() == text


@given(st.text(r"\textcolrhf{}()[]<>&#;\"'`*_^$!~ab1: ", max_size=40))
def test_no_formula_is_html_or_a_link(text):
    found = Found(rf"$x {text}$ and $\text{{{text}}}$")
    assert not found.tags & {"script", "img", "a"}
    assert not found.attributes & {"href", "style", "class", "src"}


@pytest.mark.parametrize("text", [r"\[", r"\begin{a}", "`", "$x ", "``` "])
def test_words_of_any_length_take_seconds(text):
    assert with_mathml({}, text * (19_000 // len(text)))
    assert html.unescape(with_mathml({}, text * 10**6)) == f"<pre>{text * 10**6}</pre>"


def test_added_cells_stay_where_they_were():
    new = nbformat.v4.new_code_cell("helper = 1")
    at = IDS.index("solve-9-1")
    made = rebuild(SOURCE, handed_in(lambda cells: [*cells[:at], new, *cells[at:]]))
    ids = [cell.id for cell in made.notebook.cells]
    assert ids[at - 1 : at + 2] == [IDS[at - 1], f"added-{at:03d}", "solve-9-1"]
    assert made.notebook.cells[at].source == "helper = 1"


def test_removed_metadata_is_said_and_the_code_still_runs():
    def strip(cells):
        for number, cell in enumerate(cells):
            cell.metadata, cell.id = {}, f"x{number}"
        return cells

    made = rebuild(SOURCE, handed_in(strip))
    ids = "token, solve-9-1, solve-9-2, explain-9-3"
    assert made.events == [("note", f"lost its mark, found by what stands in it: {ids}")]
    assert [cell.source for cell in made.notebook.cells] == [cell.source for cell in SOURCE.cells]


def test_what_other_cells_define_stands_where_it_was():
    """Neither a check that lost its mark nor a later trial takes a task's place."""

    def rewrite(cells):
        for number, cell in enumerate(cells):
            cell.metadata, cell.id = {}, f"x{number}"
        at = next(n for n, cell in enumerate(cells) if cell.source.startswith("def double"))
        trial = nbformat.v4.new_code_cell("double(1) == 2\ndef double(x): return 3")
        return [*cells[:at], nbformat.v4.new_code_cell("double == 1"), *cells[at:], trial]

    made = rebuild(SOURCE, handed_in(rewrite)).notebook.cells
    added = [cell for cell in made if cell.id.startswith("added")]
    assert [cell.source.split()[0] for cell in added] == ["double", "double(1)"]
    assert made[-1] == added[-1]
    assert {cell.id: cell.source for cell in made}["solve-9-1"].startswith("def double")


def test_metadata_alone_removed_is_found_by_the_cells_own_id():
    def strip(cells):
        for cell in cells:
            cell.metadata = {}
        return cells

    made = rebuild(SOURCE, handed_in(strip))
    assert states(made) == []
    assert {cell.id: cell.source for cell in made.notebook.cells}["solve-9-1"].startswith("def")


def test_a_deleted_cell_is_said():
    made = rebuild(SOURCE, handed_in(lambda cells: [c for c in cells if c.id != "solve-9-2"]))
    (event,) = made.events
    assert event[1].startswith("solve-9-2 is missing: ")
    assert [cell.id for cell in made.notebook.cells] == IDS


def test_a_byte_order_mark_is_no_harm():
    content = nbformat.writes(nbformat.from_dict(SOURCE)).encode()
    assert parse(b"\xef\xbb\xbf" + content) == parse(content)


def test_a_missing_token_cell_is_said():
    made = rebuild(SOURCE, handed_in(lambda cells: [c for c in cells if c.id != "token"]))
    assert made.events == [("note", "token is missing: graded with the numbers of this student")]


def test_the_notebook_of_another_assignment_is_named():
    def rename(cells):
        for cell in cells:
            cell.id, cell.metadata = cell.id.replace("9-", "4-"), {}
            cell.source = re.sub("double|mine|9", "clip", cell.source)
        cells[0].source = "# Homework 4 · Clipping\n\nWords."
        return cells

    with pytest.raises(UnreadableError, match="expected “A small assignment”, got “Homework 4 · C"):
        rebuild(SOURCE, handed_in(rename))
    with pytest.raises(UnreadableError, match="got a notebook without its tasks"):
        rebuild(SOURCE, handed_in(lambda cells: []))


@pytest.mark.parametrize("stub", [source.TEXT_STUB, ""])
@pytest.mark.parametrize("new", [nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell])
def test_an_answer_in_a_cell_below_its_question_is_found(new, stub):
    def below(cells):
        answer = next(cell for cell in cells if cell.id == "explain-9-3")
        answer.source = source.unanswered(next(c for c in SOURCE.cells if c.id == answer.id))
        answer.source = answer.source.replace(source.TEXT_STUB, stub)
        return [*cells, new("Because it is so, <b>I</b> say.")]

    made = rebuild(SOURCE, handed_in(below))
    (cell,) = (cell for cell in made.notebook.cells if cell.id == "explain-9-3")
    assert cell.source.endswith(f"{stub}\n\nBecause it is so, < b>I< /b> say.")
    assert made.events == [("note", "explain-9-3: the answer stands in a cell below it")]


def test_of_cells_that_stand_twice_the_last_counts():
    def twice(cells):
        again = nbformat.from_dict(next(c for c in cells if c.id == "solve-9-1"))
        again.source, again.id = "double = None", "copy"
        return [*cells, again]

    made = rebuild(SOURCE, handed_in(twice))
    assert made.events == [("note", "solve-9-1 stands 2 times: all were run in order")]
    assert {c.id: c.source for c in made.notebook.cells}["solve-9-1"] == "double = None"


def test_a_pasted_picture_is_kept_and_a_link_stays_one():
    picture = {"a b.png": {"image/png": "iVBORw0KGgo="}, "x": {"text/html": "<script>"}}

    def write(cells):
        cell = next(c for c in cells if c.id == "explain-9-3")
        cell.source, cell.attachments = "![i](attachment:a b.png) [t](https://x.org)", picture
        return cells

    came = parse(json.dumps(handed_in(write)).encode())
    made = rebuild(SOURCE, came).notebook
    (cell,) = (cell for cell in made.cells if cell.id == "explain-9-3")
    assert cell.source == "![i](attachment:a b.png) [t](https://x.org)"
    assert dict(cell.attachments) == {"a b.png": picture["a b.png"]}


def test_of_a_submission_only_what_counts_is_kept():
    raw = json.loads(json.dumps(handed_in()))
    for cell in raw["cells"]:
        cell["outputs"], cell["metadata"]["x"] = [{"a": [[]] * 1000}], [[[]]]
        cell["metadata"].setdefault("nbgrader", {})["points"] = 1000
    came = parse(json.dumps(raw).encode())
    assert all(cell.keys() <= {"cell_type", "source", "metadata", "id"} for cell in came.cells)
    assert all(cell.metadata.get("nbgrader", {}).keys() <= {"grade_id"} for cell in came.cells)
    deep = json.dumps(raw).replace('"x": [[[]]]', '"x": ' + "[" * 600 + "]" * 600, 1)
    assert parse(deep.encode()) == came


def test_a_cell_that_was_split_is_run_in_both_parts():
    def split(cells):
        at = next(i for i, c in enumerate(cells) if c.id == "solve-9-1")
        first = nbformat.from_dict(cells[at])
        first.source, first.id = "helper = 2", "first"
        return [*cells[:at], first, *cells[at:]]

    made = rebuild(SOURCE, handed_in(split))
    sources = [cell.source for cell in made.notebook.cells]
    at = IDS.index("solve-9-1")
    assert sources[at] == "helper = 2"
    assert sources[at + 1].startswith("def double")


def test_rebuilding_changes_nothing_that_was_handed_in():
    came = handed_in()
    before = json.dumps(came)
    rebuild(SOURCE, came)
    assert json.dumps(came) == before


@given(st.permutations(range(len(IDS))), st.sets(st.sampled_from(IDS[:-2])))
def test_any_order_and_any_loss_gives_the_sources_cells_in_order(order, gone):
    made = rebuild(
        SOURCE, handed_in(lambda cells: [cells[i] for i in order if cells[i].id not in gone])
    )
    assert [cell.id for cell in made.notebook.cells if not cell.id.startswith("added")] == IDS


# -- finding


def place(root, path, content="{}"):
    target = root / "submitted" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content, encoding="utf-8")
    return target


def problems(root):
    return {one.student: one.problem for one in collect(root / "submitted", ["mini", "other"])}


def test_a_hand_in_in_its_place_is_found(tmp_path):
    path = place(tmp_path, "ann/mini/mini.ipynb")
    (found,) = collect(tmp_path / "submitted", ["mini"])
    assert (found.student, found.assignment, found.path) == ("ann", "mini", path)
    assert found.problem == found.note == ""


def test_another_file_name_is_taken_and_noted(tmp_path):
    place(tmp_path, "ann/mini/mini (1).ipynb")
    (found,) = collect(tmp_path / "submitted", ["mini"])
    assert found.problem == ""
    assert found.note == "handed in as mini (1).ipynb"


@pytest.mark.parametrize(
    ("path", "student", "message"),
    [
        ("mini.ipynb", "?", "got a file without a student"),
        ("ann/mini.ipynb", "ann", "expected a folder named after the assignment"),
        ("ann/homework9/mini.ipynb", "ann", "expected one of mini, other, got homework9"),
        ("ann/mini/mini.py", "ann", "expected mini.ipynb, got mini.py"),
        ("a b;c/mini/mini.ipynb", "'a b;c'", "expected a folder named with letters, digits"),
        (f"{'x' * 65}/mini/mini.ipynb", f"'{'x' * 65}'", "at most 64"),
        (".dot/mini/mini.ipynb", "'.dot'", "no . in front"),
        ("..hidden/mini/mini.ipynb", "'..hidden'", "no . in front"),
    ],
)
def test_what_is_in_a_wrong_place_says_what_was_expected(tmp_path, path, student, message):
    place(tmp_path, path)
    assert message in problems(tmp_path)[student]


def test_two_hand_ins_are_not_chosen_between(tmp_path):
    place(tmp_path, "ann/mini/mini.ipynb")
    place(tmp_path, "ann/mini/mini-2.ipynb")
    assert problems(tmp_path)["ann"] == (
        "expected one notebook, got two hand-ins: mini-2.ipynb, mini.ipynb"
    )


def test_what_systems_leave_behind_is_nobodys(tmp_path):
    place(tmp_path, "ann/mini/mini.ipynb")
    for junk in (".DS_Store", "ann/.DS_Store", "ann/mini/.mini.ipynb.new", "ann/mini/.x/a.ipynb"):
        place(tmp_path, junk)
    assert problems(tmp_path) == {"ann": ""}


def test_empty_folders_are_said(tmp_path):
    (tmp_path / "submitted" / "ann").mkdir(parents=True)
    (tmp_path / "submitted" / "bob" / "mini").mkdir(parents=True)
    found = problems(tmp_path)
    assert found["ann"] == "an empty folder: nothing was handed in"
    assert found["bob"] == "expected mini.ipynb, got an empty folder"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_links_and_pipes_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s")
    for student, make in (("ann", lambda p: p.symlink_to(secret)), ("bob", os.mkfifo)):
        folder = tmp_path / "submitted" / student / "mini"
        folder.mkdir(parents=True)
        make(folder / "mini.ipynb")
    (tmp_path / "submitted" / "cyn").symlink_to(tmp_path / "submitted" / "ann")
    found = problems(tmp_path)
    assert found["ann"] == found["bob"] == "expected a file, mini.ipynb is none"
    assert "got a file without a student" in found["?"]


def test_no_folder_of_submissions_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected hand-ins in .*STUDENT/ASSIGNMENT"):
        collect(tmp_path / "submitted", ["mini"])
