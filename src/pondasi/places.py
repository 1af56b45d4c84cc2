"""Countries as codes inside and names outside.

Codes are ISO 3166-1 alpha-3, with two additions: ``ROW`` (rest of the world, a real part of a
distribution) and ``UNKNOWN`` (a part that no source assigns to a place; it is never zero and never
spread over others). Names follow a profile that the user chooses: ``un`` (the wording of ISO and the
UN), ``oecd`` or ``plain`` (CLDR, the everyday name).
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale

from pondasi.errors import UsageError
from pondasi.tables.dictionary import read_resource

if TYPE_CHECKING:
    from collections.abc import Mapping

ROW = "ROW"
UNKNOWN = "UNKNOWN"
PROFILES = ("plain", "un", "oecd")


@lru_cache(maxsize=1)
def load_countries() -> Mapping[str, str]:
    """Return alpha-3 code -> alpha-2 code of every country of ISO 3166-1."""
    return {row["country"]: row["alpha2"] for row in read_resource("dictionary/countries.csv")}


def is_country(code: str) -> bool:
    """Tell whether a table may hold ``code`` as a country: an alpha-3 code or ``ROW``."""
    return code == ROW or code in load_countries()


def require_country(code: str) -> str:
    """Return the alpha-3 code that a user means: a code in small or large letters, or a country's exact name.

    Raises
    ------
    UsageError
        For anything else, with the nearest code.

    Example
    -------
    >>> require_country("idn"), require_country("Jepang")
    ('IDN', 'JPN')
    """
    if code.upper() in load_countries():
        return code.upper()
    exact = _load_spellings().get(code.casefold(), ROW)
    if exact != ROW:
        return exact
    guess = suggest_country(code)
    if guess and guess != ROW:
        raise UsageError("unknown_country_guess", country=code, guess=guess)
    raise UsageError("unknown_country", country=code)


def name_place(code: str, language: str = "en", profile: str = "plain") -> str:
    """Return the name of a place.

    Example
    -------
    >>> name_place("KOR", "id"), name_place("ROW", "en")
    ('Korea Selatan', 'Rest of the world')
    """
    if profile not in PROFILES:
        raise UsageError("unknown_profile", profile=profile, known=", ".join(PROFILES))
    names = _load_profile_names()
    special = names.get((code, profile)) or names.get((code, "plain"))
    if special:
        return special[f"name_{language}"]
    alpha2 = load_countries().get(code)
    return Locale(language).territories[alpha2] if alpha2 else code


def name_place_in_text(code: str, language: str = "en", profile: str = "plain") -> str:
    """Return the name as it stands inside a sentence.

    Example
    -------
    >>> name_place_in_text("USA"), name_place_in_text("ROW"), name_place_in_text("JPN")
    ('the United States', 'the rest of the world', 'Japan')
    """
    name = name_place(code, language, profile)
    if code == ROW and language != "ja":
        name = name[0].lower() + name[1:]
    if language == "en" and code in _load_articles() and not name.startswith("The "):
        return f"{_load_articles()[code]} {name}"
    return name


def suggest_country(text: str) -> str | None:
    """Return the code that a misspelt code or name most likely means.

    Example
    -------
    >>> suggest_country("Indonesa"), suggest_country("idn"), suggest_country("日本")
    ('IDN', 'IDN', 'JPN')
    """
    if text.upper() in load_countries() or text.upper() == ROW:
        return text.upper()
    by_alpha2 = {alpha2: code for code, alpha2 in load_countries().items()}
    if text.upper() in by_alpha2:
        return by_alpha2[text.upper()]
    spellings = _load_spellings()
    found = get_close_matches(text.casefold(), spellings, n=1, cutoff=0.75)
    if found:
        return spellings[found[0]]
    near = get_close_matches(text.upper(), [*load_countries(), ROW], n=8, cutoff=0.6)
    return next((code for code in near if code[0] == text[:1].upper()), near[0] if near else None)


@lru_cache(maxsize=1)
def _load_profile_names() -> Mapping[tuple[str, str], Mapping[str, str]]:
    return {(row["country"], row["profile"]): row for row in read_resource("dictionary/place_names.csv")}


@lru_cache(maxsize=1)
def _load_articles() -> Mapping[str, str]:
    return {row["country"]: row["article_en"] for row in read_resource("dictionary/place_articles.csv")}


@lru_cache(maxsize=1)
def _load_spellings() -> Mapping[str, str]:
    spellings: dict[str, str] = {}
    for language in ("en", "id", "ja"):
        names = Locale(language).territories
        spellings.update({names[alpha2].casefold(): code for code, alpha2 in load_countries().items()})
    for (code, _), row in _load_profile_names().items():
        if code != UNKNOWN:
            spellings.update({row[f"name_{language}"].casefold(): code for language in ("en", "id", "ja")})
    return spellings
