"""Every text has its Polish, English and Ukrainian: `python -m deploy.local.check_catalogues` (make
check-catalogues).

gateway: each msgid of its templates and Python is translated in `translations/<language>/*.po`, none is
fuzzy, each translation has the placeholders of its msgid, two files do not contradict each other. A msgid is
its own English. notify: the three files of texts have the same keys with the same values to fill in.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("pl", "en", "uk")
SOURCE_LANGUAGE = "en"
LAZY = {"_l": None, "lazy_gettext": None, "_n": (1, 2)}
NAMED = re.compile(r"%\((\w+)\)[a-z]|\{(\w*)\}")
FILLED_IN = re.compile(r"\{\{\s*(.*?)\s*\}\}|\{%-?\s*(.*?)\s*-?%\}")


@dataclass(frozen=True)
class Text:
    """A msgid as the sources use it."""

    msgid: str
    plural: str
    context: str
    place: str


def used_texts(part: Path) -> list[Text]:
    """Every msgid of a part's templates and Python, once."""
    mapping, options = _method_map(part / "translations" / "babel.cfg")
    found: dict[tuple[str, str], Text] = {}
    extracted = extract_from_dir(
        part, method_map=mapping, options_map=options, keywords={**DEFAULT_KEYWORDS, **LAZY}
    )
    for name, line, message, _, context in extracted:
        singular, plural = (message[0], message[1]) if isinstance(message, tuple) else (message, "")
        text = Text(singular, plural, context or "", f"{part.name}/{name}:{line}")
        known = found.get((text.msgid, text.context))
        if singular and (known is None or (plural and not known.plural)):
            found[text.msgid, text.context] = text
    return list(found.values())


def _method_map(path: Path) -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    with path.open(encoding="utf-8") as file:
        mapping, options = parse_mapping_cfg(file, path.name)
    return mapping, options


def check_gettext(part: Path) -> list[str]:
    """Faults of a part's gettext catalogues."""
    texts = used_texts(part)
    return [
        fault
        for language in LANGUAGES
        for fault in _check_language(language, texts, sorted((part / "translations" / language).glob("*.po")))
    ]


def _check_language(language: str, texts: list[Text], files: list[Path]) -> Iterator[str]:
    translations: dict[tuple[str, str], Message] = {}
    origins: dict[tuple[str, str], str] = {}
    catalogue = Catalog(locale=language)
    for path in files:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
        for message in catalogue:
            if not message.id:
                continue
            key = (_first(message.id), message.context or "")
            where = f"{language}/{path.name}"
            if message.fuzzy:
                yield f"{where}: '{key[0]}' is fuzzy"
            if key in translations and translations[key].string != message.string:
                yield f"{where}: '{key[0]}' is translated otherwise in {origins[key]}"
            translations.setdefault(key, message)
            origins.setdefault(key, path.name)
            yield from _check_placeholders(where, message)
    for text in texts:
        known = translations.get((text.msgid, text.context))
        if known is None and language == SOURCE_LANGUAGE:
            continue
        strings = _strings(known) if known is not None else []
        if not strings or not all(strings):
            yield f"{language}: '{text.msgid}' has no translation ({text.place})"
        elif text.plural and len(strings) != catalogue.num_plurals:
            yield f"{language}: '{text.msgid}' needs {catalogue.num_plurals} forms ({text.place})"


def _check_placeholders(where: str, message: Message) -> Iterator[str]:
    wanted = set().union(*(_placeholders(one) for one in _all(message.id)))
    for string in _strings(message):
        # A form for "one" may say the number in a word.
        excess = _placeholders(string) - wanted
        missing = wanted - _placeholders(string) - ({"num", "count"} if message.pluralizable else set())
        if string and (excess or missing):
            yield f"{where}: '{_first(message.id)}' and its translation fill in different values"


def _placeholders(text: str) -> set[str]:
    return {named or braced for named, braced in NAMED.findall(text)}


def _first(msgid: object) -> str:
    return str(msgid[0] if isinstance(msgid, tuple | list) else msgid)


def _all(msgid: object) -> list[str]:
    return [str(one) for one in msgid] if isinstance(msgid, tuple | list) else [str(msgid)]


def _strings(message: Message) -> list[str]:
    return [one or "" for one in _all(message.string)] if message.string else []


def check_texts(directory: Path) -> list[str]:
    """Faults of YAML texts, one file for each language, with `{{ … }}` to fill in."""
    loaded = {
        language: dict(_flatten(yaml.safe_load((directory / f"{language}.yaml").read_text("utf-8"))))
        for language in LANGUAGES
    }
    keys = sorted(set().union(*loaded.values()))
    faults = []
    for key in keys:
        missing = [language for language in LANGUAGES if key not in loaded[language]]
        if missing:
            faults.append(f"{directory.name}: {key} is missing in {', '.join(missing)}")
            continue
        values = {language: _filled_in(loaded[language][key]) for language in LANGUAGES}
        faults += [
            f"{directory.name}/{language}.yaml: {key} fills in other values than {SOURCE_LANGUAGE}"
            for language in LANGUAGES
            if values[language] != values[SOURCE_LANGUAGE]
        ]
        empty = [language for language in LANGUAGES if not loaded[language][key].strip()]
        if empty and len(empty) < len(LANGUAGES):
            faults.append(f"{directory.name}: {key} is empty in {', '.join(empty)}")
    return faults


def _flatten(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flatten(inner, f"{prefix}.{number}")
    else:
        yield prefix, "" if value is None else str(value)


def _filled_in(text: str) -> set[str]:
    return {value for value, _ in FILLED_IN.findall(text) if value}


def main() -> int:
    """Check both parts; a sentence for each fault."""
    gateway, notify = ROOT / "gateway", ROOT / "services" / "notify" / "documents" / "texts"
    faults = [*check_gettext(gateway), *check_texts(notify)]
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"catalogues: {len(used_texts(gateway))} texts, {len(faults)} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
