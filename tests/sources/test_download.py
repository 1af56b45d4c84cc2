"""What can go wrong on the way to a file: it is said, it ends, and nothing is left behind."""

import time

import pytest

from pondasi.sources import download as module
from pondasi.sources.download import FetchError, Limits, download, hash_file
from pondasi.words import LANGUAGES, Words
from tests.sources.made_up import TOY, make_set
from tests.sources.server import cut, cut_chunk, hang_up, redirect, silent, status, trickle, whole

QUICK = Limits(wait=0.4, total=0.6, tries=2, pause=0.01)
"""Short enough that a silent server costs a test less than a second."""
DATA = TOY["two.csv"]
PAGE = b"<html>Please sign in</html>" + b" " * 10_000


@pytest.fixture
def fetch(toy, tmp_path):
    """Return a function that downloads two.csv while the server behaves as told."""
    source, server = toy
    file = next(file for file in source.files if file.name == "two.csv")

    def run(*behaviour, limits=QUICK, address=None):
        server.faults["two.csv"] = list(behaviour)
        target = tmp_path / "target.csv"
        try:
            download(address or source.address(file), target, file, limits)
        finally:
            run.asked, run.left = len(server.seen), target.exists()
        return target

    return run


def test_a_file_arrives_whole(fetch):
    target = fetch()
    assert target.read_bytes() == DATA
    assert fetch.asked == 1


@pytest.mark.parametrize(
    ("behaviour", "key", "asked"),
    [
        (whole(PAGE), "fetch_changed", 1),
        (whole(DATA[:-1] + b"9"), "fetch_changed", 1),
        (cut(DATA), "fetch_cut", 2),
        (cut(DATA, tell=False), "fetch_cut", 2),
        (cut_chunk(DATA), "fetch_broken", 2),
        (hang_up, "fetch_broken", 2),
        (silent, "fetch_slow", 2),
        (trickle, "fetch_slow", 2),
        (status(404), "fetch_gone", 1),
        (status(410), "fetch_gone", 1),
        (status(401), "fetch_refused", 1),
        (status(407), "fetch_refused", 1),
        (status(429), "fetch_server", 2),
        (status(500), "fetch_server", 2),
        (status(503), "fetch_server", 2),
    ],
)
def test_a_failure_is_named_and_only_passing_ones_are_tried_again(fetch, behaviour, key, asked):
    start = time.monotonic()
    with pytest.raises(FetchError) as caught:
        fetch(behaviour, behaviour)
    (problem,) = caught.value.problems
    assert problem.key == key
    assert problem.place.file.endswith("/data/two.csv")
    assert fetch.asked == asked
    assert not fetch.left
    assert time.monotonic() - start < 3, "two tries of at most 0.6 s each, and room for a busy machine"
    assert caught.value.exit_code == 3
    for language in LANGUAGES:
        assert problem.place.file in Words(language).error(caught.value)


def test_a_changed_file_is_told_with_both_hashes(fetch):
    with pytest.raises(FetchError) as caught:
        fetch(whole(PAGE))
    text = str(caught.value)
    file = make_set(TOY).files[1]
    assert file.sha256 in text
    assert str(len(PAGE)) in text
    assert "pin" in text


@pytest.mark.parametrize("behaviour", [cut(DATA), hang_up, status(500), silent])
def test_a_second_try_may_succeed(fetch, behaviour):
    assert fetch(behaviour).read_bytes() == DATA
    assert fetch.asked == 2


def test_a_server_that_is_not_there(fetch):
    with pytest.raises(FetchError) as caught:
        fetch(address="http://127.0.0.1:9/two.csv")
    (problem,) = caught.value.problems
    assert problem.key == "fetch_unreachable"
    assert "refused" in problem.fields["reason"]


def test_a_file_without_end_is_ended(fetch, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(FetchError) as caught:
        fetch(whole(DATA))
    assert caught.value.problems[0].key == "fetch_changed"


def test_a_proxy_of_the_environment_is_used(toy, fetch, monkeypatch):
    _, server = toy
    monkeypatch.setenv("http_proxy", server.base)
    assert fetch(address="http://elsewhere.example/two.csv").read_bytes() == DATA
    assert server.seen == ["http://elsewhere.example/two.csv"]


def test_a_redirect_is_followed_but_not_out_of_the_web(toy, fetch):
    _, server = toy
    assert fetch(redirect(f"{server.base}/moved/two.csv")).read_bytes() == DATA
    assert server.seen[-1] == "/moved/two.csv"
    for address, key in [("file:///etc/hostname", "fetch_refused"), ("ftp://127.0.0.1:9/two.csv", "fetch_unreachable")]:
        with pytest.raises(FetchError) as caught:
            fetch(*[redirect(address)] * 2)
        assert caught.value.problems[0].key == key


def test_the_default_limits_end():
    limits = Limits()
    assert limits.tries * limits.total + limits.pause * sum(range(limits.tries)) < 600


def test_hash_file(tmp_path):
    path = tmp_path / "one.csv"
    path.write_bytes(TOY["one.csv"])
    file = make_set(TOY).files[0]
    assert hash_file(path) == (file.sha256, file.bytes)
