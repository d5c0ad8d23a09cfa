"""The texts of the gateway: gettext catalogues with English msgids, several files for each language.

`translations/<language>/<domain>.po` are the sources (parts, errors, portal, console); they are merged into
the one catalogue that is looked up, `translations/<language>/LC_MESSAGES/messages.mo`, which is made, not
kept. Merging binds spaces (see `typography`), so nobody has to type non-breaking ones.
"""

import os
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from gateway.web.languages import LANGUAGES
from gateway.web.typography import bind_spaces

TRANSLATIONS = Path(__file__).parent.parent / "translations"


def sources(language: str, directory: Path = TRANSLATIONS) -> list[Path]:
    """The source files of a language, in the order in which they are merged."""
    return sorted((directory / language).glob("*.po"))


def merged(language: str, directory: Path = TRANSLATIONS) -> Catalog:
    """All files of a language as one catalogue. Of two translations of one msgid the first file's counts."""
    whole = Catalog(locale=language, charset="utf-8")
    for path in sources(language, directory):
        for message in _read(path, language):
            if whole.get(message.id, message.context) is None:
                whole.add(message.id, _bound(message, language), context=message.context)
    return whole


def conflicts(language: str, directory: Path = TRANSLATIONS) -> list[str]:
    """Msgids that two files translate differently: one of the pages would not read as its author meant."""
    first: dict[tuple[str, str | None], tuple[object, str]] = {}
    found = []
    for path in sources(language, directory):
        for message in _read(path, language):
            key = (str(message.id), message.context)
            known, origin = first.setdefault(key, (message.string, path.name))
            if known != message.string:
                found.append(f"{language}: {message.id!r} differs in {origin} and {path.name}")
    return found


def _read(path: Path, language: str) -> list[Message]:
    """The translated messages of a file; a fuzzy one is not translated yet."""
    with path.open("rb") as file:
        part = read_po(file, locale=language)
    return [message for message in part if message.id and _translated(message) and not message.fuzzy]


def _translated(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def _bound(message: Message, language: str) -> str | tuple[str, ...]:
    if isinstance(message.string, tuple | list):
        return tuple(bind_spaces(text, language) for text in message.string)
    return bind_spaces(str(message.string), language)


def compile_catalogues(directory: Path = TRANSLATIONS, *, always: bool = False) -> list[Path]:
    """Make the compiled catalogues that are missing or older than a source; answers the files written.

    Written beside and renamed, so processes that start together never read half a file.
    """
    written = []
    for language in LANGUAGES:
        target = directory / language / "LC_MESSAGES" / "messages.mo"
        paths = sources(language, directory)
        if not paths or (not always and _fresh(target, paths)):
            continue
        if target.exists() and not os.access(target.parent, os.W_OK):
            # A read-only image brings its catalogues along; times of files say nothing after copying.
            continue
        target.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            write_mo(file, merged(language, directory))
        Path(name).chmod(0o644)
        Path(name).replace(target)
        written.append(target)
    return written


def _fresh(target: Path, paths: list[Path]) -> bool:
    if not target.exists():
        return False
    made = target.stat().st_mtime_ns
    return all(path.stat().st_mtime_ns <= made for path in [*paths, paths[0].parent])
