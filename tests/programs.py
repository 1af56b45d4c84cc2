"""Programs that some tests want from the system; without one its tests are skipped, which .ci/run does not allow."""

import shutil

import pytest

PLACES = {"chromium": ("chromium", "chromium-browser", "google-chrome")}


def find_program(name):
    """Return the path of a program, or skip the test."""
    for candidate in PLACES.get(name, (name,)):
        found = shutil.which(candidate)
        if found:
            return found
    pytest.skip(f"{name} is not installed")
    return ""
