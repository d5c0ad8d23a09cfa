"""Bezpieczeństwo: password, app with codes, recovery codes, devices; the second step of a log-in; proving who one is.

One set of views for both doors: the portal and the console register them under the same names (`add_views`). Identity
knows by the session whose account it is.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from ebok.identity.v1 import factors_pb2, sessions_pb2
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.browsers import describe
from chassis.errors import FailedPrecondition, Refusal
from gateway.web import notices, reasons
from gateway.web.calls import as_gateway, clients
from gateway.web.cookies import CONSOLE_PATH, in_console
from gateway.web.errors import lead_to_step_up
from gateway.web.forms import Form
from gateway.web.languages import gettext as _
from gateway.web.languages import local_path
from gateway.web.qr import qr_svg
from gateway.web.sessions import address, challenge, complete_log_in, realm

CODE_LENGTH_MAX = 40
PASSWORD_LENGTH_MAX = 128
SETUP = "app_setup"  # Where the cookie keeps the challenge of an app that is being set up.
View = str | Response | tuple[str, int]


def add_views(blueprint: Blueprint) -> None:
    """Register the pages of an account's security."""
    both, post = ["GET", "POST"], ["POST"]
    pages: tuple[tuple[str, str, Callable[..., Any], list[str]], ...] = (
        ("/logowanie/kod", "log_in_code", log_in_code, both),
        ("/bezpieczenstwo", "security", overview, ["GET"]),
        ("/bezpieczenstwo/potwierdz", "step_up", step_up, both),
        ("/bezpieczenstwo/haslo", "change_password", change_password, both),
        ("/bezpieczenstwo/aplikacja", "set_up_app", set_up_app, both),
        ("/bezpieczenstwo/kody", "renew_codes", renew_codes, post),
        ("/bezpieczenstwo/urzadzenia", "end_others", end_others, post),
        ("/bezpieczenstwo/urzadzenia/<uuid:session_id>", "end_session", end_session, post),
    )
    for path, name, view, methods in pages:
        blueprint.add_url_rule(path, name, view, methods=methods)


def here(name: str, **values: Any) -> str:
    """The address of a page of this door."""
    return url_for(f"{'console' if in_console() else 'portal'}.{name}", **values)


def way_on() -> str:
    """Where `next` leads, within this door; else where a log-in ends."""
    otherwise = here("desk") if in_console() else here("start")
    wanted = local_path(request.args.get("next"), otherwise=otherwise)
    return wanted if not in_console() or wanted.startswith(CONSOLE_PATH + "/") else otherwise


def log_in_code() -> View:
    """The second step: a code of the app or a recovery code; of staff who have no app yet, set one up."""
    if current_user.is_authenticated:
        return redirect(way_on(), code=303)
    asked = challenge()
    if asked is None:
        notices.info(str(reasons.REASONS["CHALLENGE_ENDED"]))
        return redirect(here("log_in", next=request.args.get("next") or None), code=303)
    form = Form.of_request()
    if form.sent:
        code = form.text("code", length_max=CODE_LENGTH_MAX)
        if form.ok:
            try:
                codes = complete_log_in(code, trust=bool(form.value("remember")) and not in_console())
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                return recovery_page(codes, way_on()) if codes else redirect(way_on(), code=303)
    if asked.kind == sessions_pb2.CHALLENGE_KIND_ENROL:
        return _enrol_page(form, asked, frame="layouts/public.html")
    spare = "zapasowy" in request.args
    page = render_template("security/code.html", form=form, spare=spare, back=request.args.get("next"))
    return page, form.status


def overview() -> View:
    """What protects the account, and where one is logged in."""
    factors = _factors()
    asked = sessions_pb2.ListSessionsRequest(session_token=current_user.get_id(), realm=realm())
    found = as_gateway(clients().identity.sessions.ListSessions, asked).sessions
    devices = [(one, describe(one.user_agent) or _("Unknown browser")) for one in found]
    return render_template("security/overview.html", factors=factors, devices=devices, layout=layout())


def step_up() -> View:
    """Prove once more who one is: by a code when there is an app, else by the password; then back."""
    back = local_path(request.args.get("next"), otherwise=here("security"))
    factors = _factors()
    by_code = factors.HasField("totp_since")
    form = Form.of_request()
    if form.sent:
        asked = sessions_pb2.StepUpRequest(
            session_token=current_user.get_id(), realm=realm(), address=address()
        )
        if by_code:
            asked.code = form.text("code", length_max=CODE_LENGTH_MAX)
        else:
            asked.password = form.secret("password", length_max=PASSWORD_LENGTH_MAX)
        if form.ok:
            try:
                as_gateway(clients().identity.sessions.StepUp, asked)
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                return redirect(back, code=303)
    page = render_template("security/step_up.html", form=form, by_code=by_code, layout=layout())
    return page, form.status


def change_password() -> View:
    """The old one, the new one; everywhere else one is logged out."""
    if not is_proven():
        return lead_to_step_up(request.path)
    form = Form.of_request()
    if form.sent:
        asked = factors_pb2.ChangePasswordRequest(
            session_token=current_user.get_id(),
            realm=realm(),
            current_password=form.secret("current_password", length_max=PASSWORD_LENGTH_MAX),
            new_password=form.secret("new_password", length_max=PASSWORD_LENGTH_MAX),
            address=address(),
        )
        if form.ok:
            try:
                as_gateway(clients().identity.factors.ChangePassword, asked)
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                notices.ok(_("The new password is set."), _("We logged you out everywhere else."))
                return redirect(here("security"), code=303)
    return render_template("security/password.html", form=form, layout=layout()), form.status


def set_up_app() -> View:
    """QR code and key for the app; a code of it sets it up, in place of another one."""
    if not is_proven():
        return lead_to_step_up(request.path)
    form = Form.of_request()
    if form.sent and session.get(SETUP):
        asked = factors_pb2.EnrolTotpRequest(
            session_token=current_user.get_id(),
            realm=realm(),
            challenge_token=session[SETUP],
            code=form.text("code", length_max=CODE_LENGTH_MAX),
            address=address(),
        )
        if form.ok:
            try:
                codes = as_gateway(clients().identity.factors.EnrolTotp, asked).recovery_codes
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                session.pop(SETUP)
                return recovery_page(list(codes), here("security"))
    return _enrol_page(form, _setup(), frame=layout())


def renew_codes() -> View:
    """Ten other recovery codes."""
    asked = factors_pb2.RenewRecoveryCodesRequest(session_token=current_user.get_id(), realm=realm())
    codes = as_gateway(clients().identity.factors.RenewRecoveryCodes, asked).recovery_codes
    return recovery_page(list(codes), here("security"))


def end_session(session_id: UUID) -> View:
    """Log out on another device."""
    _end(str(session_id))
    notices.ok(_("That device is logged out."))
    return redirect(here("security"), code=303)


def end_others() -> View:
    """Log out on all other devices."""
    _end("")
    notices.ok(_("You are logged out on all other devices."))
    return redirect(here("security"), code=303)


def recovery_page(codes: list[str], on: str) -> View:
    """The codes, this once."""
    return render_template("security/recovery_codes.html", codes=codes, on=on, layout=layout())


def _enrol_page(form: Form, asked: sessions_pb2.Challenge, *, frame: str) -> View:
    key = " ".join(asked.secret[start : start + 4] for start in range(0, len(asked.secret), 4))
    code = qr_svg(asked.uri, _("QR code for an app with codes"), element_id="qr-app")
    is_log_in = not current_user.is_authenticated
    page = render_template(
        "security/enrol.html", form=form, qr=code, key=key, layout=frame, is_log_in=is_log_in
    )
    return page, form.status


def _setup() -> sessions_pb2.Challenge:
    """The challenge this browser is at, else a new one."""
    if token := session.get(SETUP):
        asked = sessions_pb2.GetChallengeRequest(challenge_token=token, realm=realm())
        try:
            found: sessions_pb2.Challenge = as_gateway(
                clients().identity.sessions.GetChallenge, asked
            ).challenge
        except FailedPrecondition:
            session.pop(SETUP)
        else:
            return found
    begun = factors_pb2.BeginTotpRequest(session_token=current_user.get_id(), realm=realm())
    fresh: sessions_pb2.Challenge = as_gateway(clients().identity.factors.BeginTotp, begun).challenge
    session[SETUP] = fresh.challenge_token
    return fresh


def _factors() -> factors_pb2.Factors:
    asked = factors_pb2.GetFactorsRequest(session_token=current_user.get_id(), realm=realm())
    found: factors_pb2.Factors = as_gateway(clients().identity.factors.GetFactors, asked).factors
    return found


def is_proven() -> bool:
    """Whether changes are let through; asked before a form is shown, so that nothing has to be typed twice."""
    return request.method == "POST" or _factors().HasField("stepped_up_until")


def _end(session_id: str) -> None:
    asked = sessions_pb2.EndSessionsRequest(
        session_token=current_user.get_id(), realm=realm(), session_id=session_id
    )
    as_gateway(clients().identity.sessions.EndSessions, asked)


def layout() -> str:
    """The frame of a page in this door."""
    if in_console():
        return "layouts/console.html"
    return "layouts/portal.html" if current_user.customer_id else "layouts/public.html"
