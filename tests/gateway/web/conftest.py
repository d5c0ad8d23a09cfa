"""A tiny site of four pages made of the parts, without any service behind it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest
from ebok.common.v1.paging_pb2 import PageResponse
from ebok.identity.v1.settings_pb2 import Settings
from flask import Blueprint, Flask, g, render_template, request, session
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, FileSystemLoader

from chassis import tracing
from chassis.clock import FixedClock
from chassis.errors import (
    Conflict,
    FailedPrecondition,
    Invalid,
    NotFound,
    PermissionDenied,
    RateLimited,
    Refusal,
    Unauthenticated,
    Unavailable,
    Violation,
)
from gateway.web import Preferences, chart_words, init_web, notices
from gateway.web.charts import Point, Stack, stack_chart, year_chart
from gateway.web.forms import Form
from gateway.web.paging import page_links, page_request
from gateway.web.qr import transfer_text

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 24, 5, 40, tzinfo=UTC)
MONTHS = [
    "styczeń",
    "luty",
    "marzec",
    "kwiecień",
    "maj",
    "czerwiec",
    "lipiec",
    "sierpień",
    "wrzesień",
    "październik",
    "listopad",
    "grudzień",
]
SHORT = ["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"]
THIS_YEAR = ["4.9", "4.4", "4.7", "4.8", "5.2", "5.6", "5.2", "4.8", "5.0", "6.0", "3.9"]
LAST_YEAR = ["5.1", "4.6", "5.0", "4.9", "5.4", "5.9", "5.7", "5.3", "5.1", "5.2", "4.8", "5.3"]

REFUSALS: dict[str, Refusal] = {
    "missing": NotFound(),
    "invalid": Invalid(),
    "state": FailedPrecondition(),
    "conflict": Conflict(),
    "denied": PermissionDenied(),
    "often": RateLimited(retry_after_s=300),
    "away": Unavailable(),
    "stranger": Unauthenticated(),
}


def year_points() -> list[Point]:
    """Water of 2026 until November, and of 2025."""
    return [
        Point(
            MONTHS[month],
            SHORT[month],
            Decimal(THIS_YEAR[month]) if month < len(THIS_YEAR) else None,
            Decimal(LAST_YEAR[month]),
            partial=month == 10,
        )
        for month in range(12)
    ]


def charge_stacks() -> list[Stack]:
    """Twelve months of three charges."""
    return [
        Stack(
            MONTHS[m], SHORT[m], (Decimal(60 + m), Decimal(90 + 2 * m), Decimal(13) if m % 2 else Decimal(0))
        )
        for m in range(12)
    ]


def _portal() -> Blueprint:
    pages = Blueprint("portal", __name__)
    names = "invoices payments ledger usage contracts tickets messages profile security help privacy"
    for name in names.split():
        pages.add_url_rule(f"/{name}", name, lambda: "")
    pages.add_url_rule("/logout", "log_out", lambda: "", methods=["POST"])

    @pages.get("/")
    def start() -> str:
        g.nav_counts = {"messages": 2}
        points, stacks = year_points(), charge_stacks()
        strong = chart_words.latest_whole(points)
        address = {"customer_id": "1", "label": "Lipowa 7", "detail": "Klient 204 118", "current": True}
        return render_template(
            "start.html",
            points=points,
            chart=year_chart(points, strong=strong, unit="m3"),
            say=chart_words.month_sentence(points, "m3"),
            title=chart_words.year_title("Woda", points, "m3", now_name="2026", before_name="2025"),
            stacks=stacks,
            stack=stack_chart(stacks, strong=11),
            names=["Woda", "Ścieki", "Abonament"],
            switcher={
                "action": "/choose",
                "items": [address, address | {"label": "Polna 2", "current": False}],
            },
        )

    @pages.route("/form", methods=["GET", "POST"])
    def form() -> tuple[str, int]:
        form = Form.of_request(initial={"day": "2026-11-24", "how": "all"})
        if form.sent:
            form.number("value")
            if form.ok and request.form.get("refuse"):
                form.refuse(Invalid(violations=[Violation("reading.value", "BELOW_PREVIOUS")]))
            if form.ok:
                notices.ok("Zapisane.", "Dziękujemy.")
        code = transfer_text(
            account="61109010140000071219812874", grosze=18420, recipient="Wodociągi Zdrój", title="FV/1"
        )
        return render_template("form.html", form=form, code=code), form.status

    @pages.get("/login")
    def login() -> str:
        return render_template("login.html", form=Form(initial={"email": "anna@poczta.example"}))

    @pages.get("/list")
    def listing() -> str:
        asked = page_request()
        links = page_links(PageResponse(next_cursor="n&x", previous_cursor="p" if asked.cursor else ""))
        return f"{asked.cursor}|{links.previous}|{links.next}|{links.first}"

    @pages.post("/refuse-only-posted")
    def refuse_posted() -> str:
        raise Unauthenticated()

    @pages.route("/refuse/<kind>", methods=["GET", "POST"])
    def refuse(kind: str) -> str:
        raise REFUSALS[kind]

    @pages.get("/boom")
    def boom() -> str:
        raise ValueError("a secret of the inside")

    @pages.get("/say")
    def say() -> str:
        notices.ok("Odczyt zapisany: 51 m³.", "<b>Odliczymy</b> 13 m³.")
        session["said"] = True
        return ""

    return pages


def _console() -> Blueprint:
    pages = Blueprint("console", __name__, url_prefix="/konsola")
    for name in ["customers", "tickets", "readings", "invoices", "payments", "tariffs", "search"]:
        pages.add_url_rule(f"/{name}", name, lambda: "")

    @pages.get("/")
    def desk() -> str:
        g.nav_counts = {"tickets": 8}
        job = {"url": "#job", "title": "Przebieg", "done": 9870, "total": 12431}
        staff = {"name": "Daria", "role": "konsultantka"}
        return render_template("customer.html", staff=staff, data_age=NOW, running_job=job)

    return pages


class Site:
    """The app and what a test may change of it."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.away = False
        self.preferences = Preferences()
        app = Flask("gateway", root_path=str(ROOT / "gateway"), static_folder=None)
        app.secret_key = "k" * 32
        app.config["MAX_CONTENT_LENGTH"] = 100_000
        own = FileSystemLoader(Path(__file__).parent / "pages")
        app.jinja_loader = ChoiceLoader([own, FileSystemLoader(ROOT / "gateway" / "templates")])
        init_web(
            app,
            settings=self._settings,
            preferences=lambda: self.preferences,
            login=lambda path: "/login?" + urlencode({"next": path}),
            clock=FixedClock(NOW),
        )
        app.before_request(lambda: tracing.enter(tracing.child_of(request.headers.get(tracing.HEADER, ""))))
        app.register_blueprint(_portal())
        app.register_blueprint(_console())
        self.app = app
        self.reset()

    def reset(self) -> None:
        """Anna's provider, nobody logged in, everything answers."""
        self.settings = Settings(
            provider_name="Wodociągi Zdrój",
            brand_colour="#0068b8",
            phone="74 600 10 20",
            emergency_phone="994",
            languages=["pl", "en", "uk"],
        )
        self.away = False
        self.preferences = Preferences()
        self.app.config["WTF_CSRF_ENABLED"] = True

    def _settings(self) -> Settings:
        if self.away:
            raise Unavailable()
        return self.settings


@pytest.fixture(scope="session")
def _one_site() -> Site:
    return Site()


@pytest.fixture
def site(_one_site: Site) -> Site:
    """The one app of the session, as it was at first."""
    _one_site.reset()
    return _one_site


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return site.app.test_client()


@pytest.fixture(params=["pl", "en", "uk"])
def every_language(site: Site, request: pytest.FixtureRequest) -> Iterator[str]:
    """The body of the test runs within a request in each of the languages."""
    with site.app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


def plain(html: str) -> str:
    """Text with ordinary spaces, for assertions."""
    return html.replace("\u00a0", " ").replace("&nbsp;", " ")
