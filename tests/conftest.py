"""Fixtures that every test may use."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from yolozu.engine.stopping import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.terminal import TerminalReporter

    from tests.fixtures.exported import Exported
    from tests.fixtures.projects import Project
    from tests.fixtures.watching import Watching

REPOSITORY = Path(__file__).parents[1]
SLOW_FIXTURES = {"exported", "exported_pose", "finished"}
"""Who needs one of them waits for an export or a whole build: slow by that, and run where it has been made already."""
LONGEST_S = 5.0
"""A test that takes longer and is not marked slow is told of at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that load OpenVINO come last: its threads stay, and a process that has them may crash in a later fork."""
    items.sort(key=lambda item: item.get_closest_marker("openvino") is not None)


def pytest_itemcollected(item: pytest.Item) -> None:
    for fixture in sorted(SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ()))):
        item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.xdist_group(fixture))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Name what does not belong into `./dev quick`; it is no failure, because a busy machine makes any test long."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    calls = [report for report in reports if getattr(report, "when", None) == "call" and "slow" not in report.keywords]
    for report in sorted(calls, key=lambda report: -report.duration):
        if report.duration > LONGEST_S:
            terminalreporter.line(f"{report.nodeid}: {report.duration:.1f} s, and not marked slow", yellow=True)


signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, which a test run may be under, would be passed on to commands


@pytest.fixture(autouse=True)
def _signals_stay() -> Iterator[None]:
    """A test in which a command takes over signals leaves them to the next one as they were."""
    earlier = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in earlier.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real images with boxes and poses, where they lie beside the checkout."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"real images are not at {path}")
    return path


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A tiny detector with random weights, exported once, and images for it; tests must not change these files."""
    from tests.fixtures.exported import export_tiny

    return export_tiny(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def exported_pose(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The same with pose heads; all images but the last one have a camera."""
    from tests.fixtures.exported import POSE_CONFIG, export_tiny

    return export_tiny(tmp_path_factory.mktemp("exported_pose"), POSE_CONFIG)


@pytest.fixture(scope="session")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A directory with a contract and a small data set, nothing built; tests that build copy it."""
    from tests.fixtures.projects import make_project

    return make_project(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def finished(empty_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose run `done` is built completely, watched as it was; tests that change it copy it."""
    project = empty_project.copy(tmp_path_factory.mktemp("finished") / "project")
    done = project.doit("run_id=done", "config=exp.yaml", environment=watching(project).environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def watching(project: Project) -> Watching:
    """What the build of `finished` did outside its project."""
    from tests.fixtures.watching import Watching

    return Watching(project.root.parent / "outside", (project.root,))
