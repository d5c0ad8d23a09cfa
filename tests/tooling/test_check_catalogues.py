"""A text that is missing, fuzzy or fills in something else in one language is found."""

from pathlib import Path

import pytest

from deploy.local.check_catalogues import LANGUAGES, check_gettext, check_texts

HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural}\\n"

"""
PLURALS = {
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "en": "nplurals=2; plural=(n != 1);",
    "uk": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}
ONE = 'msgid "Invoice %(number)s"\nmsgstr "{} %(number)s"\n\n'
MANY = (
    'msgid "%(num)d invoice"\nmsgid_plural "%(num)d invoices"\n'
    'msgstr[0] "{0} 1"\nmsgstr[1] "%(num)d {0}"\nmsgstr[2] "%(num)d {0}"\n\n'
)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A part with one page, translated into Polish and Ukrainian."""
    place = tmp_path / "page"
    (place / "templates").mkdir(parents=True)
    (place / "templates/a.html").write_text(
        "{{ _('Invoice %(number)s', number=1) }}{{ ngettext('%(num)d invoice', '%(num)d invoices', 2) }}"
    )
    for language in LANGUAGES:
        (place / "translations" / language).mkdir(parents=True)
        text = HEADER.format(plural=PLURALS[language])
        if language != "en":
            text += ONE.format("Faktura") + MANY.format("faktury")
        (place / "translations" / language / "portal.po").write_text(text)
    (place / "translations/babel.cfg").write_text("[jinja2: **.html]\n[python: **.py]\n")
    return place


def change(part: Path, language: str, old: str, new: str) -> list[str]:
    path = part / "translations" / language / "portal.po"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return check_gettext(part)


def test_english_is_its_own_translation(part: Path) -> None:
    assert check_gettext(part) == []


def test_a_missing_translation_is_found_with_its_place(part: Path) -> None:
    [fault] = change(part, "uk", 'msgid "Invoice %(number)s"', 'msgid "Invoices %(number)s"')
    assert fault == "uk: 'Invoice %(number)s' has no translation (page/templates/a.html:1)"


def test_an_empty_translation_is_none(part: Path) -> None:
    [fault] = change(part, "pl", '"Faktura %(number)s"', '""')
    assert "has no translation" in fault


def test_a_fuzzy_one_is_found(part: Path) -> None:
    [fault] = change(part, "pl", 'msgid "Invoice', '#, fuzzy\nmsgid "Invoice')
    assert fault == "pl/portal.po: 'Invoice %(number)s' is fuzzy"


def test_another_placeholder_is_found(part: Path) -> None:
    [fault] = change(part, "pl", "Faktura %(number)s", "Faktura %(numer)s")
    assert "fill in different values" in fault


def test_a_missing_plural_form_is_found(part: Path) -> None:
    [fault] = change(part, "pl", 'msgstr[2] "%(num)d faktury"\n', 'msgstr[2] ""\n')
    assert "'%(num)d invoice' has no translation" in fault


def test_two_files_may_not_contradict_each_other(part: Path) -> None:
    text = HEADER.format(plural=PLURALS["pl"]) + ONE.format("Rachunek")
    (part / "translations/pl/console.po").write_text(text)
    [fault] = check_gettext(part)
    assert "is translated otherwise in console.po" in fault


def test_texts_have_the_same_keys_and_values_in_every_language(tmp_path: Path) -> None:
    for language in LANGUAGES:
        (tmp_path / f"{language}.yaml").write_text("mail:\n  title: Hello {{ name }}\n  body: text\n")
    assert check_texts(tmp_path) == []
    (tmp_path / "uk.yaml").write_text("mail:\n  title: Вітаємо\n")
    name = tmp_path.name
    assert check_texts(tmp_path) == [
        f"{name}: mail.body is missing in uk",
        f"{name}/uk.yaml: mail.title fills in other values than en",
    ]
