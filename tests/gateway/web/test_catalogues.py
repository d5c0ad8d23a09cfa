"""The texts: complete, without conflicts, merged from several files."""

import os
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo

from gateway.web import catalogues

GATEWAY = Path(catalogues.__file__).parent.parent
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
PLACES = [
    "web",
    "templates/layouts",
    "templates/parts",
    "templates/errors",
    "portal",
    "templates/portal",
    "console",
    "templates/console",
]


def msgids(place: str) -> set[str]:
    """What a folder asks to be translated, singular forms."""
    found = extract_from_dir(GATEWAY / place, METHODS, {"**.html": {"trimmed": "true"}}, keywords=KEYWORDS)
    return {message[0] if isinstance(message, tuple) else message for _file, _line, message, *_rest in found}


@pytest.mark.parametrize("language", ["pl", "uk"])
@pytest.mark.parametrize("place", PLACES)
def test_every_text_is_translated(language, place):
    if not (GATEWAY / place).exists():
        pytest.skip("not there yet")
    catalogue = catalogues.merged(language)
    known = {
        message.id[0] if isinstance(message.id, tuple) else message.id for message in catalogue if message.id
    }
    assert sorted(msgids(place) - known) == []


@pytest.mark.parametrize("language", ["pl", "en", "uk"])
def test_no_text_is_translated_twice_differently(language):
    assert catalogues.conflicts(language) == []


@pytest.mark.parametrize("language", ["pl", "uk"])
def test_translations_keep_their_placeholders(language):
    for message in catalogues.merged(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = {name for text in ids for name in re.findall(r"%\(\w+\)[sd]|\{\w+\}", str(text))}
        for text in strings:
            assert set(re.findall(r"%\(\w+\)[sd]|\{\w+\}", str(text))) == wanted, message.id


def write(path: Path, *pairs: tuple[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = "".join(f'\nmsgid "{source}"\nmsgstr "{text}"\n' for source, text in pairs)
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n' + entries, encoding="utf-8"
    )


def test_files_are_merged_and_bound(tmp_path):
    write(tmp_path / "pl" / "parts.po", ("Pay", "Zapłać"), ("At home", "Woda w domu"))
    write(tmp_path / "pl" / "portal.po", ("Start", "Start"))
    [made] = catalogues.compile_catalogues(tmp_path)
    with made.open("rb") as file:
        texts = {message.id: message.string for message in read_mo(file)}
    assert texts["Pay"] == "Zapłać"
    assert texts["Start"] == "Start"
    assert texts["At home"] == "Woda w\u00a0domu"


def test_only_what_is_older_than_its_sources_is_made_again(tmp_path):
    source = tmp_path / "uk" / "parts.po"
    write(source, ("Pay", "Сплатити"))
    [made] = catalogues.compile_catalogues(tmp_path)
    assert catalogues.compile_catalogues(tmp_path) == []
    later = made.stat().st_mtime + 5
    os.utime(source, (later, later))
    assert catalogues.compile_catalogues(tmp_path) == [made]
    write(tmp_path / "uk" / "portal.po", ("Start", "Початок"))
    os.utime(tmp_path / "uk" / "portal.po", (later + 5, later + 5))
    assert catalogues.compile_catalogues(tmp_path) == [made]


def test_a_read_only_image_keeps_the_catalogues_it_brought(tmp_path, monkeypatch):
    source = tmp_path / "uk" / "parts.po"
    write(source, ("Pay", "Сплатити"))
    [made] = catalogues.compile_catalogues(tmp_path)
    later = made.stat().st_mtime + 5
    os.utime(source, (later, later))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert catalogues.compile_catalogues(tmp_path) == []


def test_a_conflict_is_found(tmp_path):
    write(tmp_path / "pl" / "parts.po", ("Open", "Otwarte"))
    write(tmp_path / "pl" / "portal.po", ("Open", "Otwórz"))
    [conflict] = catalogues.conflicts("pl", tmp_path)
    assert "parts.po and portal.po" in conflict


def test_polish_plurals(site):
    from flask_babel import ngettext

    with site.app.test_request_context():
        said = [ngettext("%(num)d day left", "%(num)d days left", n) for n in (1, 2, 5, 12, 22)]
        assert [text.replace("\u00a0", " ") for text in said] == [
            "został 1 dzień",
            "zostały 2 dni",
            "zostało 5 dni",
            "zostało 12 dni",
            "zostały 22 dni",
        ]
