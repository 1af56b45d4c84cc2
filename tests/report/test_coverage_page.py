"""The coverage page is what the tables say."""

import pytest

from pondasi import Words, count_grades, load_chain, weigh_grades
from pondasi.report.coverage_page import render_coverage


@pytest.fixture(scope="module")
def chain():
    return load_chain()


@pytest.mark.parametrize("language", ["en", "id", "ja"])
def test_the_page_names_every_node(chain, language):
    page = render_coverage(chain, Words(language))
    assert all(f"(`{node}`)" in page for node in chain.nodes["node"])
    assert all(name in page for name in chain.nodes[f"name_{language}"])


def test_grades_add_up(chain):
    counts = count_grades(chain)
    assert counts.loc["shares"].sum() == len(chain.shares)
    for basis in ("location", "control"):
        assert weigh_grades(chain, basis).sum(axis=1).to_numpy() == pytest.approx(1.0)
