"""What no log of a suite may say: who the people of a journey are, and what opens something.

Looked for in every line of every part, after a journey. Ids of ours are not secret. Values that a test or the sandbox
made up are known beforehand; tokens are known by where they stand: links of mails, the suite's own secrets.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from demo.people import PASSWORD as STAFF_PASSWORD
from deploy.local.suite import Suite
from tests.journeys import town
from tests.journeys.people import PASSWORD
from tests.journeys.post import Post

LINK = re.compile(r"[?&](?:token|t)=([\w.~-]{16,})|\b([A-Z0-9]{5}-[A-Z0-9]{5})\b")
ADDRESS = re.compile(r"[\w.+-]+@(?:poczta|wodociagi-zdroj)\.example")
BEARER = re.compile(r"ey[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|\$argon2id\$|otpauth://|ebok_[\w]{20,}")
PRIVATE = re.compile(r"PRIVATE KEY|postgresql://\w+:[^@*]+@|amqp://\w+:[^@*]+@")
TELEPHONE = re.compile(r"\+48\d{9}\b")
PATTERNS = (ADDRESS, BEARER, PRIVATE, TELEPHONE)
SHORT = 6


def people() -> Iterator[str]:
    """Names, streets and addresses of mail of the town's customers."""
    for home in town.households():
        yield from (home.email, home.street, home.number)
    yield from ("Anna", "Celina", "Bartek", PASSWORD, STAFF_PASSWORD)


def secrets_of(suite: Suite) -> Iterator[str]:
    """What was mailed, and what the suite itself holds."""
    for letter in Post(str(suite.info["mailbox"])).letters():
        for found in LINK.findall(letter.text):
            yield from filter(None, found)
    for path in sorted(Path(suite.directory).glob("secret_key")):
        yield path.read_text("utf-8").strip()
    for path in sorted((Path(suite.info["keys_dir"]) / "private").glob("*.key")):
        yield max(path.read_text("utf-8").splitlines(), key=len)


def told(suite: Suite) -> list[str]:
    """The lines that say too much, or that are no line of JSON where they ought to be, each after its part."""
    words = words_of({*people(), *secrets_of(suite)})
    logs = {
        path: path.read_text("utf-8", errors="replace") for path in Path(suite.info["log"]).glob("*.log*")
    }
    assert '"event": "rpc"' in "".join(logs.values()), "the parts have logged nothing"
    return [
        f"{path.name}: {', '.join(found)}: {line[:300]}"
        for path, text in sorted(logs.items())
        for line in text.splitlines()
        if (found := faults_of(line, words))
    ]


def words_of(known: Iterable[str]) -> re.Pattern[str]:
    """Any of these as a word of its own; short ones of digits would be found in ids."""
    long = sorted(word for word in known if len(word) >= SHORT or word.isalpha())
    return re.compile("|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in long))


def faults_of(line: str, words: re.Pattern[str]) -> list[str]:
    """What a line should not say."""
    found = {one for pattern in (words, *PATTERNS) for one in pattern.findall(line)}
    if line.startswith("{") and not _is_one_line(line):
        found.add("no line of JSON")
    return sorted(found)


def _is_one_line(line: str) -> bool:
    try:
        said: Any = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and line.isprintable()
