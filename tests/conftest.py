"""What all tests share: the folder of shared data, the profiles of hypothesis, and no silent skips."""

import os
import uuid
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

ROOT = Path(__file__).resolve().parents[1]
NEEDS_SHARED = "needs ../shared/"

# The same examples on every run, so that a red test is red for everyone; `--hypothesis-profile=thorough` looks further.
settings.register_profile("default", derandomize=True, database=None, deadline=None, max_examples=60)
settings.register_profile("thorough", derandomize=False, deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Return a function that gives a path under ../shared, or skips the test where it is not there.

    `PONDASI_SHARED` names the folder; otherwise it is looked for beside the checkout.
    """
    folder = Path(os.environ.get("PONDASI_SHARED") or ROOT.parent / "shared")

    def find(path: str) -> Path:
        if not (folder / path).exists():
            pytest.skip(NEEDS_SHARED + path)
        return folder / path

    return find


class House:
    """The rules that hold for every test, those in the docs and the docstrings too."""

    @pytest.fixture(autouse=True)
    def _own_surroundings(self, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Keep the user's settings out of the tests and the tests' workspace out of the checkout."""
        for name in list(os.environ):
            if name.startswith("PONDASI_") and name not in {"PONDASI_NO_SKIP", "PONDASI_SHARED"}:
                monkeypatch.delenv(name)
        # Named, not made: what stands there is the test's doing.
        folder = tmp_path_factory.getbasetemp() / "workspaces" / uuid.uuid4().hex
        monkeypatch.setenv("PONDASI_WORKSPACE", str(folder))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        return fail_if_skipped((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        return fail_if_skipped((yield))


def pytest_configure(config: pytest.Config) -> None:
    # As a plugin, not as functions of this file, whose reach would end at the folder tests/.
    config.pluginmanager.register(House(), "house")


def fail_if_skipped(report: Report) -> Report:
    """Turn a skip into a failure under PONDASI_NO_SKIP=1, unless ../shared is what lacks."""
    expected = hasattr(report, "wasxfail")
    if os.environ.get("PONDASI_NO_SKIP") != "1" or report.outcome != "skipped" or expected:
        return report
    _, _, reason = report.longrepr
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith(NEEDS_SHARED):
        report.outcome = "failed"
        report.longrepr = f"skipped under PONDASI_NO_SKIP=1: {reason}"
    return report
