"""A class that outgrows one machine: the same grading on another executor, the results identical.

Dask's local cluster stands for a large one, by default of one process, with ``--whole`` of two; the
test is skipped where Dask is not installed.
"""

import os

import pytest

pytest.importorskip("nbgrader")
pytest.importorskip("distributed")

import distributed

from grader import ROOT
from grading import mini_course, mini_graded, mini_hand_in
from submissions import hand_in


@pytest.mark.filterwarnings("ignore")  # Dask's and tornado's own
def test_a_dask_cluster_gives_what_one_process_gives(tmp_path, monkeypatch, request):
    workers = 2 if request.config.getoption("--whole") else 1
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    rows = {}
    for name in ("alone", "cluster"):
        root = tmp_path / name
        mini_course(root)
        (root / "secret").write_text("0123456789abcdef" * 2)
        for i in range(2 * workers):
            wrong = {"solve_9_1": "def double(x):\n    return x\n"} if i % 2 else {}
            mini_hand_in(root, f"s{i}", **wrong)
        mini_hand_in(root, "endless", solve_9_1="def double(x):\n    while True: pass\n")
        hand_in(root, "broken", "mini", b"{")
        if name == "alone":
            rows[name] = mini_graded(root, hurried=("endless",))
            continue
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            executor = client.get_executor()
            rows[name] = mini_graded(root, executor=executor, jobs=workers, hurried=("endless",))
    assert rows["cluster"] == rows["alone"]
    assert rows["alone"]["endless"].state == "timed out"
