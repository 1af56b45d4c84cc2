#!/usr/bin/env python3
"""Set Pondasi up in a virtual environment of its own, and run it. Needs nothing but Python.

    python3 start.py brief [options]   set up, then write the briefing: Indonesia with Japan, in English
    python3 start.py test [arguments]  set up, then pass the style, the types, the tests and their coverage;
                                       with arguments: only pytest, with these
    python3 start.py lint              set up, then style and types only
    python3 start.py setup             only set up
    python3 start.py peers             install the programs that Pondasi is compared with, in .peers
    python3 start.py lock              resolve the packages again and write requirements.lock
    python3 start.py clean             remove all that these commands made, and nothing else

`brief` passes what follows to the command: `python3 start.py brief --language id`, or with another
country first: `python3 start.py brief VNM --with KOR`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Gate = tuple[str, Sequence[str | Path]]

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PEERS = ROOT / ".peers"
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
PEERS_LIST = ROOT / "benchmarks" / "peers-requirements.txt"

OLDEST = (3, 11)
LAST_RELEASE = 19
"""Newest minor release of Python 3 that is looked for on the PATH when the present one is too old."""

INTERRUPTED = 130
SIGNALLED = 128
"""Added to the number of the signal that ended a program, as shells do."""

NO_INDEX_SIGNS = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "getaddrinfo failed",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "SSLError",
    "Max retries exceeded",
    "No matching distribution found",
)
"""What pip says when it cannot reach an index, or reaches one that lacks the package."""


class StartError(Exception):
    """What went wrong and what to do about it, for the person at the terminal."""


# --- the commands --------------------------------------------------------------------------------


def brief(arguments: list[str]) -> int:
    """Write the briefing of the README: Indonesia with Japan, unless the arguments say otherwise."""
    setup()
    place, rest = ["IDN"], arguments
    if arguments and not arguments[0].startswith("-"):
        place, rest = arguments[:1], arguments[1:]
    defaults: list[str] = []
    for option, value in (("--with", "JPN"), ("--language", "en"), ("--compute", "quick")):
        if not any(given == option or given.startswith(option + "=") for given in rest):
            defaults += [option, value]
    return run([program(VENV, "pondasi"), "brief", *place, *defaults, *rest], Path.cwd())


def test(arguments: list[str]) -> int:
    """Run every gate, all of them even if one fails; with arguments, only pytest."""
    setup()
    python = program(VENV, "python")
    if arguments:
        return run([python, "-m", "pytest", *arguments])
    report = ROOT / ".coverage.json"
    tests = ["-m", "pytest", "-n", "auto", "-m", "not long", "--cov", "--cov-report=", f"--cov-report=json:{report}"]
    report.unlink(missing_ok=True)
    return pass_gates(
        [
            *style_and_types(),
            ("tests", [python, *tests]),
            ("coverage", [python, str(ROOT / "tools" / "coverage_gate.py"), str(report)]),
        ]
    )


def lint(_arguments: list[str]) -> int:
    """Run the gates of style and types."""
    setup()
    return pass_gates(style_and_types())


def setup(_arguments: list[str] | None = None) -> int:
    """Make the environment, or do nothing if it is the one that the lock describes."""
    stamp_file = VENV / "pondasi-stamp.json"
    wanted = {
        "place": str(ROOT),
        "python": sys.version.split()[0],
        "lock": digest(LOCK),
        "project": digest(PROJECT),
    }
    found = read_stamp(stamp_file)
    whole = program(VENV, "python").exists() and program(VENV, "pondasi").exists()
    if whole and found == wanted:
        return 0

    stamp_file.unlink(missing_ok=True)
    same_base = whole and all(found.get(key) == wanted[key] for key in ("place", "python"))
    if not same_base:
        make_environment(VENV)
    if not same_base or found["lock"] != wanted["lock"]:
        say("Installing the packages of requirements.lock: about a minute the first time ...")
        pip_install(VENV, ["--require-hashes", "-r", str(LOCK)])
    pip_install(VENV, ["--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    stamp_file.write_text(json.dumps(wanted), encoding="utf-8")
    say(f"Ready: {VENV.name}")
    return 0


def peers(_arguments: list[str]) -> int:
    """Install the programs that the benchmarks compare with into an environment of their own."""
    if not PEERS_LIST.exists():
        raise StartError(f"There is no {PEERS_LIST.relative_to(ROOT)}: nothing to install.")
    make_environment(PEERS)
    say(f"Installing {PEERS_LIST.relative_to(ROOT)} ...")
    pip_install(PEERS, ["-r", str(PEERS_LIST)])
    say(f"Ready: {PEERS.name}")
    return 0


def lock(_arguments: list[str]) -> int:
    """Resolve the packages anew: one lock for all systems and Pythons, with hashes and without addresses."""
    uv = shutil.which("uv")
    if uv is None:
        tools = ROOT / ".tools"
        if not program(tools, "uv").exists():
            make_environment(tools)
            pip_install(tools, ["uv"])
        uv = str(program(tools, "uv"))
    # Extras stay in the lock: older releases of pip take `coverage[toml]` for a package that is not pinned.
    options = ["--universal", "--generate-hashes", "--no-strip-extras", "--no-emit-index-url", "--no-header"]
    wanted = ["--python-version", ".".join(map(str, OLDEST)), "--extra", "all", "--extra", "test", PROJECT.name]
    found = subprocess.run(
        [uv, "pip", "compile", "--quiet", *options, *wanted],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if found.returncode:
        raise StartError("uv found no set of packages that fits; requirements.lock stays as it was.")
    strange = [line for line in found.stdout.splitlines() if "://" in line or line.startswith("-")]
    if strange:
        raise StartError("The lock would name addresses, so it stays as it was:\n  " + "\n  ".join(strange))
    LOCK.write_text(found.stdout, encoding="utf-8", newline="\n")
    say(f"Wrote {LOCK.name}")
    return 0


def clean(_arguments: list[str]) -> int:
    """Remove the environments, caches and reports that these commands make."""
    names = (".venv", ".peers", ".tools", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "build", "dist")
    for name in names:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for pattern in (".coverage", ".coverage.*"):
        for file in ROOT.glob(pattern):
            file.unlink()
    for folder in ("src", "tests", "tools", "benchmarks"):
        for cache in (ROOT / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    return 0


COMMANDS = {"brief": brief, "test": test, "lint": lint, "setup": setup, "peers": peers, "lock": lock, "clean": clean}


# --- the gates -----------------------------------------------------------------------------------


def style_and_types() -> list[Gate]:
    """Return the gates that read the code without running it, as (name, command)."""
    ruff = program(VENV, "ruff")
    return [
        ("style", [ruff, "check", "."]),
        ("format", [ruff, "format", "--check", "."]),
        ("types", [program(VENV, "mypy")]),
    ]


def pass_gates(gates: list[Gate]) -> int:
    """Run all gates, then say of each whether it passed; 1 if any failed."""
    results = []
    for name, command in gates:
        say(f"\n--- {name} ---")
        start = time.monotonic()
        code = run(command)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        results.append((name, code, time.monotonic() - start))
    say("\n--- summary ---")
    for name, code, seconds in results:
        say(f"{name:<10} {'passed' if code == 0 else 'FAILED':<8} {seconds:6.1f} s")
    return int(any(code for _, code, _ in results))


# --- environments --------------------------------------------------------------------------------


def make_environment(folder: Path) -> None:
    """Make a fresh virtual environment with pip, with the Python that runs this file."""
    say(f"Making {folder.name} with Python {sys.version.split()[0]} ...")
    code, told = run_quietly([sys.executable, "-m", "venv", "--clear", str(folder)])
    if code == 0:
        return
    shutil.rmtree(folder, ignore_errors=True)
    if "ensurepip" in told or "No module named" in told:
        release = ".".join(map(str, sys.version_info[:2]))
        raise StartError(
            "This Python cannot make virtual environments: its venv or ensurepip module is missing.\n"
            f"On Debian or Ubuntu: apt install python{release}-venv\n"
            "Elsewhere: install Python from its own installer, which brings both."
        )
    raise StartError(f"{told}\nThe virtual environment {folder} could not be made.")


def pip_install(folder: Path, arguments: list[str]) -> None:
    """Install into an environment; if it fails, say which of the usual reasons it looks like."""
    pip = [program(folder, "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    code, told = run_quietly([*pip, "install", "--quiet", "--retries", "2", *arguments])
    if code == 0:
        return
    reason = "pip could not install the packages."
    if "DO NOT MATCH THE HASHES" in told:
        reason = (
            "A package is not the file that requirements.lock describes, so nothing was installed from it.\n"
            "A broken download: try again with PIP_NO_CACHE_DIR=1. An index that rebuilds packages: use another."
        )
    elif any(sign in told for sign in NO_INDEX_SIGNS):
        reason = (
            "pip could not reach its package index, or the index lacks a package.\n"
            "- Behind a proxy: set HTTPS_PROXY. With an index of your own: pip config set global.index-url ADDRESS.\n"
            "- Without a network: on a connected machine of the same kind and Python,\n"
            "    pip download --require-hashes -r requirements.lock -d wheels\n"
            "    pip download setuptools wheel -d wheels\n"
            "  copy the folder here and run again with PIP_NO_INDEX=1 and PIP_FIND_LINKS=wheels set."
        )
    raise StartError(f"{told}\n{reason}")


def program(folder: Path, name: str) -> Path:
    """Return where an environment keeps a program."""
    return folder / "Scripts" / f"{name}.exe" if os.name == "nt" else folder / "bin" / name


def digest(file: Path) -> str:
    """Return the hash of a file's lines, the same whatever the line ends."""
    return hashlib.sha256(b"\n".join(file.read_bytes().splitlines())).hexdigest()


def read_stamp(file: Path) -> dict[str, str]:
    """Return what the environment was made from; nothing if that is not known."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


# --- running -------------------------------------------------------------------------------------


def run(command: Sequence[str | Path], folder: Path = ROOT) -> int:
    """Run a program in sight and return its exit code; it gets the Ctrl-C itself and may tidy up."""
    interrupted = False
    with subprocess.Popen([str(part) for part in command], cwd=folder) as child:
        while True:
            try:
                code = child.wait()
            except KeyboardInterrupt:
                interrupted = True
            else:
                break
    if code == -signal.SIGINT or (interrupted and code in {1, 2}):
        return INTERRUPTED
    return SIGNALLED - code if code < 0 else code


def run_quietly(command: Sequence[str | Path]) -> tuple[int, str]:
    """Run a program out of sight and return its exit code and what it said."""
    found = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return found.returncode, found.stdout.strip()


def say(text: str) -> None:
    """Print at once, so that it stands before what the next program prints."""
    print(text, flush=True)


def check_python() -> None:
    """Refuse a Python that is too old, and name a newer one if this machine has it."""
    if sys.version_info >= OLDEST:
        return
    cure = "Install a newer one and run this again with it."
    for minor in range(LAST_RELEASE, OLDEST[1] - 1, -1):
        newer = f"python3.{minor}"
        if shutil.which(newer):
            cure = f"This machine has {newer}: {newer} start.py ..."
            break
    oldest, present = ".".join(map(str, OLDEST)), sys.version.split()[0]
    raise StartError(f"Pondasi needs Python {oldest} or newer; this is {present} ({sys.executable}).\n{cure}")


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        say(__doc__)
        return 0 if arguments else 2
    command = COMMANDS.get(arguments[0])
    if command is None:
        say(f"There is no command '{arguments[0]}'. Commands: {', '.join(COMMANDS)}.")
        return 2
    try:
        check_python()
        return command(arguments[1:])
    except StartError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 4
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr, flush=True)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
