"""Places: codes inside, names outside."""

import pytest

from pondasi.errors import UsageError
from pondasi.places import is_country, load_countries, name_place, require_country, suggest_country


def test_countries_are_those_of_iso_3166():
    countries = load_countries()
    assert len(countries) == 249
    assert len(set(countries.values())) == 249
    assert {"IDN", "TWN", "QAT", "HKG", "SGP", "PSE"} <= set(countries)


@pytest.mark.parametrize("language", ["en", "id", "ja"])
@pytest.mark.parametrize("profile", ["plain", "un", "oecd"])
def test_every_country_has_a_name_in_every_language_and_profile(language, profile):
    for code in [*load_countries(), "ROW", "UNKNOWN"]:
        assert name_place(code, language, profile) not in {"", code}


def test_a_profile_changes_only_the_name():
    assert name_place("TWN", "en", "plain") == "Taiwan"
    assert name_place("TWN", "en", "oecd") == "Chinese Taipei"
    assert name_place("VNM", "en", "un") == "Viet Nam"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Indonesia", "IDN"),
        ("indonesa", "IDN"),
        ("ID", "IDN"),
        ("Jepang", "JPN"),
        ("日本", "JPN"),
        ("Amerika Serikat", "USA"),
        ("Viet Nam", "VNM"),
        ("Korea", "KOR"),
        ("idn", "IDN"),
        ("row", "ROW"),
    ],
)
def test_a_misspelt_country_is_recognised(text, code):
    assert suggest_country(text) == code


def test_nothing_is_suggested_for_nonsense():
    assert suggest_country("§§§§§") is None


@pytest.mark.parametrize("text", ["IDN", "idn", "Indonesia", "INDONESIA", "インドネシア"])
def test_a_certain_country_is_taken(text):
    assert require_country(text) == "IDN"


def test_unknown_is_no_country_that_a_table_may_hold():
    assert not is_country("UNKNOWN")
    assert is_country("ROW")


def test_a_wrong_code_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean IDN"):
        require_country("Indonesa")
    with pytest.raises(UsageError):
        require_country("ROW")
    with pytest.raises(UsageError, match="three letters"):
        require_country("§§§§§")
    with pytest.raises(UsageError, match="no profile"):
        name_place("IDN", "en", "nato")
