"""A browser's own words (`User-Agent`) as people call it: `Firefox, Windows`. For recognising, not for deciding."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """Browser and system, as far as they are known; empty for what names neither."""
    found = (
        next((word for sign, word in table if sign in user_agent), "") for table in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(word for word in found if word)
