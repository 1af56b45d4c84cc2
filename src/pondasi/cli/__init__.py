"""The command line: ``pondasi VERB [PLACE] [options]``, one verb a question."""

from __future__ import annotations

from pondasi.cli.app import main

__all__ = ["main"]
