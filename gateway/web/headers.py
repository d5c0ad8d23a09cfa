"""The headers of safety on every answer.

No inline style or script, no other host, no framing, nothing kept of a page: whoever presses Back at a
borrowed computer after logging out sees nothing. A view that serves something public sets its own
`Cache-Control`.
"""

from flask import Flask, Response, request

from gateway.web.cookies import MACHINES

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
POLICY_TEXT = "; ".join(f"{name} {value}" for name, value in POLICY.items())
HSTS_AGE_S = 2 * 365 * 24 * 3600
PERMISSIONS = (
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
    "payment=(), usb=(), browsing-topics=(), publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Within the site the referrer is what the form protection checks; outside nobody learns which page it
    # was.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def _protect(response: Response) -> Response:
    if request.path.startswith(MACHINES) and response.mimetype != "text/html":
        # Nobody draws this answer: what is about drawing would only cost time.
        response.headers["X-Content-Type-Options"] = FIXED["X-Content-Type-Options"]
    else:
        response.headers["Content-Security-Policy"] = POLICY_TEXT
        present = {name.lower() for name, _value in response.headers}
        for name, value in FIXED.items():
            if name.lower() not in present:
                response.headers.add(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={HSTS_AGE_S}; includeSubDomains"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def init_headers(app: Flask) -> None:
    """Protect each answer, errors included."""
    app.after_request(_protect)
