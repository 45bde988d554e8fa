"""From a download of Moodle's or Canvas's to hand-ins, and from marks to what they import."""

import csv
import io
import json
import unicodedata
import zipfile

import nbformat
import pytest

from grader import collect, export, lms, roster
from grader.files import read_lines
from grader.table import Row
from submissions import SOURCES, released

BPTT, CLIPPING = "02_bptt", "04_clipping"
MOODLE = "{}_{}_assignsubmission_file_"
WORKSHEET = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 11,Anna Müller,anna@x.org,Submitted,,20.00,Yes,"Monday, 4 May 2026, 9:30 PM",-,\n'
    'Participant 12,李 小龙,li@x.org,Submitted,,20.00,Yes,"Tuesday, 5 May 2026, 0:10 AM",-,\n'
    "Participant 13,Sean O'Brien,sean@x.org,No submission,,20.00,Yes,-,-,\n"
)
GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,02_bptt (987),Final Score\n"
    "    Points Possible,,,,,20,(read only)\n"
    '"Müller, Anna",501,s-1,anna,A,,\n"O\'Brien, Sean",502,s-2,sean,A,,\n"Student, Test",9,,t,A,,\n'
)


def notebook(assignment=BPTT, text="x = 1"):
    """Return the bytes of a student's notebook."""
    made = released(assignment)
    made.cells.append(nbformat.v4.new_code_cell(text))
    return nbformat.writes(made).encode()


def zipped(path, files, *, utf8=True):
    """Write a zip of files by name; an inner dict is a zip in it, a tuple has its time too."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            time = (2026, 5, 6, 10, 0, 0)
            if isinstance(content, tuple):
                content, time = content
            if isinstance(content, dict):
                inner = io.BytesIO()
                zipped(inner, content)
                content = inner.getvalue()
            archive.writestr(zipfile.ZipInfo(name, time), content)
    if not utf8:  # as some servers write it: the bytes, without saying that they are UTF-8
        raw = bytearray(path.read_bytes())
        for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = raw.find(sign)
            while place >= 0:
                raw[place + at + 1] &= ~0x08
                place = raw.find(sign, place + 4)
        path.write_bytes(raw)
    return path


@pytest.fixture
def root(tmp_path):
    (tmp_path / "course").mkdir()
    return tmp_path / "course"


def take(root, *paths, assignment=""):
    return "\n".join(lms.Intake(root, SOURCES, assignment).take(list(paths)))


def take_zip(root, files, name="download.zip", assignment="", **options):
    return take(root, zipped(root.parent / name, files, **options), assignment=assignment)


def there(root):
    """Return what lies in submitted/, by folder and assignment."""
    files = (root / "submitted").glob("*/*/*")
    return {path.relative_to(root / "submitted").as_posix(): path.read_bytes() for path in files}


# -- in


@pytest.mark.parametrize("utf8", [True, False])
@pytest.mark.parametrize("between", ["/", ""])
def test_a_download_of_moodles_is_placed_by_the_class_list(root, between, utf8):
    (root / "students.csv").write_text(WORKSHEET, encoding="utf-8")
    files = {
        MOODLE.format("Anna Müller", 11) + between + "02_bptt.ipynb": notebook(),
        MOODLE.format("李 小龙", 12) + between + "homework (2).ipynb": notebook(text="y = 2"),
        MOODLE.format("Gruppe A-Sean O'Brien", 99) + between + "02_bptt.ipynb": notebook(),
    }
    assert take_zip(root, files, utf8=utf8) == "02_bptt 3"
    folders = {line["id"]: line["folder"] for line in read_lines(root / "folders.csv")}
    assert list(folders) == ["anna@x.org", "li@x.org", "sean@x.org"]
    assert sorted(there(root)) == [f"{one}/{BPTT}/{BPTT}.ipynb" for one in sorted(folders)]
    came = collect.handed_in(root)
    assert came["li@x.org", BPTT].file == "homework (2).ipynb"
    assert came["anna@x.org", BPTT].time == "2026-05-04 21:30:00"
    (root / "deadlines.csv").write_text("assignment,deadline\n02_bptt,2026-05-05T00:00\n")
    until = collect.deadlines(root)[BPTT]
    assert [one.was_late(until) for one in came.values()] == ["no", "yes", ""]


@pytest.mark.parametrize(
    "name",
    ["Jörg Ü_7_assignsubmission_file_/x_1_2_y.ipynb", "üjörg_7_8_02_bptt.ipynb", "J/02_bptt.ipynb"],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_known_however_it_is_written(root, name, form):
    (root / "students.csv").write_text("id,name\nJ,Jörg Ü\n", encoding="utf-8")
    assert (
        take_zip(root, {unicodedata.normalize(form, name): notebook()}, utf8=False) == "02_bptt 1"
    )
    assert list(there(root)) == ["J/02_bptt/02_bptt.ipynb"]


def test_a_download_of_canvas_counts_the_highest_number(root):
    (root / "students.csv").write_text(GRADEBOOK, encoding="utf-8")
    first, second = notebook(text="old = 1"), notebook(text="new = 2")
    files = {
        "müllerannalisa_500_70_02_bptt.ipynb": notebook(),
        "mülleranna_501_72_02_bptt-2.ipynb": second,
        "mülleranna_501_71_02_bptt-1.ipynb": first,
        "obriensean_LATE_502_73_report.pdf": b"%PDF",
        "obriensean_LATE_502_74_02_bptt.ipynb": notebook(),
    }
    said = take_zip(root, files)
    assert there(root)["s-1/02_bptt/02_bptt.ipynb"] == second
    assert [path.read_bytes() for path in (root / "replaced/s-1/02_bptt").iterdir()] == [first]
    assert "report.pdf: expected a notebook" in said
    assert "Sean O'Brien (s-2)" in said
    assert "müllerannalisa: not in the class list" in said
    assert collect.handed_in(root)["s-2", BPTT].late == "yes"
    # The same again, and an older one, change nothing.
    before = there(root)
    assert take_zip(root, files).startswith("stayed the same 3")
    take_zip(root, {"mülleranna_501_71_02_bptt-1.ipynb": notebook(text="older = 0")})
    assert there(root) == before
    assert len(list((root / "replaced/s-1/02_bptt").iterdir())) == 2


def test_zips_in_zips_are_read_to_a_depth_and_written_by_no_name_of_theirs(root):
    deep = {"../../evil.ipynb": notebook()}
    for _ in range(5):
        deep = {"in.zip": deep}
    files = {
        MOODLE.format("Ann", 1) + "/all.zip": {
            "a/.ipynb_checkpoints/x.ipynb": b"",
            "b.ipynb": notebook(),
        },
        MOODLE.format("Bob", 2) + "/deep.zip": deep,
        MOODLE.format("Cyn", 3) + "/../../../up.ipynb": notebook(),
        MOODLE.format("..", 4) + "/02_bptt.ipynb": notebook(),
        MOODLE.format(".dot", 5) + "/02_bptt.ipynb": notebook(),
    }
    said = take_zip(root, files)
    assert "Bob: download.zip/Bob_2_assignsubmission_file_/deep.zip" in said
    names = [path.split("/")[0] for path in sorted(there(root))]
    assert [name.partition("-")[0] for name in names] == ["Ann", "Cyn", "dot", "student"]
    assert sorted(path.name for path in root.parent.iterdir()) == ["course", "download.zip"]
    files = sorted(path.name for path in root.iterdir())
    assert files == ["folders.csv", "handed_in.csv", "submitted"]
    assert [path.name for path in (root / "submitted").glob("Bob/*")] == ["in.zip"]


def test_what_is_no_notebook_is_seen_until_one_comes(root):
    name = MOODLE.format("Ann", 1)
    strip = json.dumps({"cells": [{"cell_type": "code", "source": "1", "metadata": {}}]}).encode()
    files = {f"{name}/my report.pdf": b"%PDF", f"{name}/Makefile": b"x", f"{name}/X.ipynb": strip}
    take_zip(root, files, assignment="")
    found = collect.collect(root / "submitted", [BPTT])
    assert [one.problem.rpartition("got the file ")[2] for one in found] == [
        "Makefile.file",
        "X.ipynb",
        "my report.pdf",
    ]
    take_zip(root, {f"{name}/report.pdf": b"%PDF"}, assignment=BPTT)
    assert "expected 02_bptt.ipynb, got report.pdf" in {
        one.problem for one in collect.collect(root / "submitted", [BPTT])
    }
    said = take_zip(root, {f"{name}/a.ipynb": notebook(), f"{name}/more.pdf": b"%PDF"})
    take_zip(root, {f"{name}/last.pdf": b"%PDF"}, assignment=BPTT)
    (one,) = collect.collect(root / "submitted", [BPTT])
    assert (one.path.name, one.problem) == ("02_bptt.ipynb", "")
    kept = {path.name[13:]: path.read_bytes() for path in (root / "replaced/Ann").iterdir()}
    assert kept == {"my report.pdf": b"%PDF", "Makefile.file": b"x", "X.ipynb": strip}
    assert "Ann: 02_bptt: a.ipynb, and X.ipynb from before is now in replaced/" in said


def test_which_assignment_it_is(root):
    strip = json.loads(notebook())
    for cell in strip["cells"]:
        cell["metadata"], cell["id"] = {}, "x"
    files = {
        "a_1_1_Untitled.ipynb": notebook(),  # by its cells
        "b_2_2_Untitled.ipynb": json.dumps(strip).encode(),  # not at all
        "c_3_3_02_BPTT final.ipynb": b"",  # by its name
        "d_4_4_bptt.ipynb.html": b"<html>",
        "e_5_5_02_bptt.ipynb": notebook(CLIPPING),  # by its cells, against its name
        "nobody.ipynb": notebook(),
    }
    said = take_zip(root, files)
    assert sorted(there(root)) == [
        "a/02_bptt/02_bptt.ipynb",
        "c/02_bptt/02_bptt.ipynb",
        "d/02_bptt/02_bptt.ipynb",
        "e/04_clipping/04_clipping.ipynb",
    ]
    assert "e: 04_clipping was handed in as 02_bptt, and is placed as 04_clipping" in said
    assert "not placed: b: download.zip/b_2_2_Untitled.ipynb: which assignment" in said
    assert "not placed: download.zip/nobody.ipynb: its name does not say whose it is" in said
    take_zip(root, files, assignment=BPTT)
    assert "b/02_bptt/02_bptt.ipynb" in there(root)
    # What came as another assignment never replaces what came as itself.
    right = notebook(CLIPPING, "right = 1")
    take_zip(root, {"e_5_6_04_clipping.ipynb": right}, assignment=CLIPPING)
    take_zip(root, {"e_5_7_02_bptt-1.ipynb": notebook(CLIPPING, "wrong = 1")}, assignment=BPTT)
    assert there(root)["e/04_clipping/04_clipping.ipynb"] == right


def test_two_of_one_name_are_two_people(root):
    files = {
        MOODLE.format("Anna Muster", n) + "/02_bptt.ipynb": notebook(text=str(n)) for n in (1, 2)
    }
    take_zip(root, dict([*files.items()][:1]))  # alone at first
    (root / "students.csv").write_text("id,name\nann,Anna Muster\n", encoding="utf-8")
    take_zip(root, files)
    assert len(there(root)) == 2
    assert {json.loads(one)["cells"][-1]["source"][0] for one in there(root).values()} == {"1", "2"}
    before = there(root)
    take_zip(root, files)
    assert there(root) == before
    assert not any(path.startswith("ann/") for path in before)


def test_a_run_that_was_killed_is_finished_by_the_next(root, monkeypatch):
    files = {f"s{n}_{n}_{n}_02_bptt.ipynb": notebook(text=str(n)) for n in range(1, 5)}
    take_zip(root, {"s2_2_0_02_bptt.ipynb": (notebook(text="first"), (2026, 5, 1, 0, 0, 0))})
    real, count = lms.write, []

    def dying(path, content):
        count.append(path)
        if len(count) == 4:
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(lms, "write", dying)
    monkeypatch.setattr(lms, "keep", lambda *a: None)
    with pytest.raises(KeyboardInterrupt):
        take_zip(root, files)
    monkeypatch.undo()
    assert len(there(root)) < 4
    take_zip(root, files)
    assert {json.loads(one)["cells"][-1]["source"][0] for one in there(root).values()} == set(
        "1234"
    )
    assert len(collect.handed_in(root)) == 4
    assert len(list((root / "replaced").rglob("*.ipynb"))) == 1


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_what_is_no_zip_is_said(root, content):
    (root.parent / "x.zip").write_bytes(content)
    assert "x.zip: expected a zip, got a file that is none" in take(root, root.parent / "x.zip")


def test_too_much_is_refused_before_anything_is_placed(root, monkeypatch):
    monkeypatch.setattr(lms, "MOST", 1000)
    with pytest.raises(ValueError, match="expected at most 0 MB in all"):
        take_zip(root, {"a_1_1_02_bptt.ipynb": notebook()})
    assert not (root / "submitted").exists()


# -- the class list


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeffid,name\nann,Ann\n\n bob ,Bob\n", [("ann", "Ann", ""), ("bob", "Bob", "")]),
        ("an n\n李\n", [("an n", "", ""), ("李", "", "")]),
        (
            "Vorname;Nachname;ID-Nummer;E-Mail-Adresse\nÄnn;O'X;;a@x\n",
            [("a@x", "Änn O'X", "")],
        ),
        (
            "ID,Vollständiger Name,E-Mail-Adresse\nTeilnehmer/in77,Jörg Ü,j@x\n",
            [("j@x", "Jörg Ü", "77")],
        ),
        (
            WORKSHEET.replace("Email address", "X"),
            [
                ("Participant 11", "Anna Müller", "11"),
                ("Participant 12", "李 小龙", "12"),
                ("Participant 13", "Sean O'Brien", "13"),
            ],
        ),
        (GRADEBOOK, [("s-1", "Anna Müller", "501"), ("s-2", "Sean O'Brien", "502")]),
    ],
)
def test_a_class_list_is_read_as_it_is(tmp_path, text, expected):
    path = tmp_path / "students.csv"
    for encoding in ("utf-8", "utf-16") if text.isascii() or text[0] != "\ufeff" else ("utf-8",):
        path.write_text(text, encoding=encoding)
        assert [(one.id, one.name, one.number) for one in roster.read(path)] == expected


def test_the_same_id_twice_is_refused(tmp_path):
    (tmp_path / "students.csv").write_text("ann\nann\n")
    with pytest.raises(ValueError, match="expected each student once, got ann more often"):
        roster.read(tmp_path / "students.csv")


def test_a_folder_is_plain_and_stays(root):
    ids = ["ann", "an n", "../../etc", "李", ".dot", "..", "x" * 65, "=1+1", "an-n"]
    (root / "students.csv").write_text("\n".join(ids), encoding="utf-8")
    first = {one.id: one.folder for one in roster.Roster(root).students.values()}
    assert list(first) == ids
    assert len(set(first.values())) == len(ids)
    assert all(collect.STUDENT.fullmatch(folder) for folder in first.values())
    assert (first["ann"], first["an-n"]) == ("ann", "an-n")
    new = [*ids[:0:-1], first["an n"]]
    (root / "students.csv").write_text("\n".join(new), encoding="utf-8")
    again = roster.Roster(root)
    folders = {one.id: one.folder for one in again.students.values()}
    assert folders.pop(first["an n"]) not in first.values()
    assert folders == first
    assert again.of("ann").standing == roster.REMOVED
    assert again.of("zoe").standing == roster.UNLISTED


# -- out


def rows(root, monkeypatch, *made):
    monkeypatch.setattr(export, "rows_of", lambda root: list(made))
    return export.write_csv(root)


def row(folder, points, waits=0, name="", **more):
    more |= {"waits": waits, "id": folder, "name": name, "tasks": {"2.1": points}}
    return Row(folder, BPTT, "graded", points=points, maximum=20.0, **more)


def table(path):
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def test_what_moodle_imports(root, monkeypatch):
    (root / "students.csv").write_text(WORKSHEET, encoding="utf-8")
    take_zip(root, {MOODLE.format("Anna Müller", 71) + "/02_bptt.ipynb": notebook()})
    told = rows(root, monkeypatch, row("anna@x.org", 17.5), row("li@x.org", 3.0, waits=1))
    assert "1 wait for a person (`make formgrader`): not in the files for an LMS" in told
    assert table(root / "moodle-02_bptt.csv") == [
        [
            "Identifier",
            "Full name",
            "Email address",
            "Grade",
            "Maximum grade",
            "Last modified (grade)",
        ],
        ["Participant 71", "Anna Müller", "anna@x.org", "17.5", "20", ""],
    ]
    assert not (root / "canvas.csv").exists()


def test_what_canvas_imports(root, monkeypatch):
    (root / "students.csv").write_text(GRADEBOOK, encoding="utf-8")
    rows(root, monkeypatch, row("s-1", 17.5), row("s-2", None))
    assert table(root / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "02_bptt (987)"],
        ["    Points Possible", "", "", "", "", "20"],
        ["Müller, Anna", "501", "s-1", "anna", "A", "17.5"],
    ]
    assert not (root / "moodle-02_bptt.csv").exists()


def test_a_table_runs_nothing_in_a_spreadsheet(root, monkeypatch):
    rows(root, monkeypatch, row("ann", 5.0, name="=1+1", odd="@x", notes="+\x1b[8m"))
    (line,) = read_lines(root / "marks.csv")
    assert (line["name"], line["odd"], line["notes"]) == ("'=1+1", "'@x", "'+?[8m")
    assert (line["points"], line["2.1"]) == ("5", "5")


def test_feedback_goes_back_in_the_layout_it_came_in(root):
    take_zip(root, {MOODLE.format("Anna Müller", 71) + "/x.ipynb": notebook()})
    take_zip(root, {"obriensean_LATE_502_73_02_bptt-1.ipynb": notebook()})
    for folder in ("Anna-Muller", "obriensean", "zoe"):
        found = next((p.name for p in (root / "submitted").glob(f"{folder}*")), folder)
        page = root / "feedback" / found / BPTT / f"{BPTT}.html"
        page.parent.mkdir(parents=True)
        page.write_text("<p>")
    assert export.zip_feedback(root) == ["feedback-02_bptt.zip"]
    with zipfile.ZipFile(root / "feedback-02_bptt.zip") as archive:
        assert sorted(archive.namelist()) == [
            "Anna Müller_71_assignsubmission_file_/02_bptt.html",
            "obriensean_LATE_502_73_02_bptt.html",
            "zoe/02_bptt.html",
        ]
