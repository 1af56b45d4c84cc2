"""The registry is complete, and says nothing that the dictionary does not know."""

import re

import pytest

from pondasi.errors import UsageError
from pondasi.sources.download import hash_file
from pondasi.sources.registry import find_source, load_registry
from pondasi.tables.dictionary import load_dictionary
from pondasi.words import LANGUAGES


@pytest.mark.parametrize("source", load_registry().values(), ids=load_registry().keys())
def test_every_set_is_described_and_pinned(source):
    assert set(source.title) == set(source.terms) == set(LANGUAGES)
    assert source.licence in load_dictionary().codes["licence"]
    assert re.fullmatch("[0-9a-f]{40}", source.commit)
    assert "{commit}" in source.base, "an address without the version would change under the hash"
    assert source.files
    for file in source.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.bytes > 0
        assert source.address(file).startswith("https://")
        assert source.commit in source.address(file)


def test_a_misspelt_set_is_guessed():
    with pytest.raises(UsageError, match="Did you mean 'eto'"):
        find_source("etoo")
    with pytest.raises(UsageError, match="Known: eto"):
        find_source("comtrade")


def test_the_shared_copy_is_the_pinned_one(shared):
    folder = shared("data/eto")
    source = find_source("eto")
    assert source.commit in (folder / "SOURCE.txt").read_text(encoding="utf-8")
    for file in source.files:
        assert hash_file(folder / file.name) == (file.sha256, file.bytes)
