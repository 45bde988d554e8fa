"""The table of ratios at the end of a session, and the option for the large sizes.

A rival that takes many seconds a round runs at a smaller size, so that `make bench` takes minutes;
what is marked `in_full` runs with `--in-full` only.
"""

import pytest

# What the session measured: (comparison, way, seconds, goal), and remarks to print below it.
ROWS = []
REMARKS = []


def pytest_addoption(parser):
    parser.addoption("--in-full", action="store_true", help="also the sizes that take long")


def pytest_configure(config):
    config.addinivalue_line("markers", "in_full: a large size, run with --in-full only")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--in-full"):
        large = [item for item in items if item.get_closest_marker("in_full")]
        config.hook.pytest_deselected(items=large)
        items[:] = [item for item in items if item not in large]


@pytest.fixture
def measure(benchmark):
    """Time `function` and keep its median for the table at the end of the session."""

    def run(comparison, way, function, *, rounds, goal=None):
        result = benchmark.pedantic(function, rounds=rounds, warmup_rounds=int(rounds > 1))
        if benchmark.stats:  # none under --benchmark-disable
            seconds = benchmark.stats.stats.median
            ROWS.append((comparison, way, seconds, goal))
            if (ours := seconds_of_ours(comparison)) and way != "ours":
                benchmark.extra_info["times slower than ours"] = round(seconds / ours, 1)
        return result

    return run


@pytest.fixture
def remark():
    """Print a line below the table."""
    return REMARKS.append


def seconds_of_ours(comparison):
    return {name: seconds for name, way, seconds, _ in ROWS if way == "ours"}.get(comparison)


def pytest_terminal_summary(terminalreporter):
    if not ROWS and not REMARKS:
        return
    terminalreporter.section("ours beside what people would write, medians of this run")
    for comparison, way, seconds, goal in ROWS:
        if way != "ours" and (ours := seconds_of_ours(comparison)):
            ratio = seconds / ours
            verdict = f"goal ≥ {goal}: {'met' if ratio >= goal else 'MISSED'}" if goal else ""
            terminalreporter.write_line(
                f"{comparison:52} ours {1e3 * ours:8.1f} ms | {way:24} {1e3 * seconds:9.1f} ms"
                f" | {ratio:6.1f}× {verdict}"
            )
    for line in REMARKS:
        terminalreporter.write_line(line)
