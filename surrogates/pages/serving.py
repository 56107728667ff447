"""A local web page of this project: on the loopback address alone, below a path that only its user knows."""

import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neuron_models.foundation.errors import InputError, require
from surrogates.pages.page import environment

HOST = "127.0.0.1"
Views = Mapping[str, Callable[..., Any]]
"""What answers a path below the token."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; media-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def guarded_app(largest: int) -> Any:
    """A Flask application that other sites cannot reach, by a name or by a script, whose answers carry strict headers.

    An `InputError` in a view is answered by 409 and its line.

    Args:
        largest: bytes of a request.
    """
    import flask

    app = flask.Flask("wormtwin", static_folder=None)
    app.config["TRUSTED_HOSTS"] = [HOST, "localhost"]  # a name that another site points here is refused
    app.config["MAX_CONTENT_LENGTH"] = largest

    def refuse(error: Exception) -> tuple[dict, int]:
        return {"error": str(error)}, 409

    def require_own_origin() -> Any:
        origin = flask.request.headers.get("Origin")
        if origin is None or origin == flask.request.host_url.rstrip("/"):
            return None
        return {"error": f"this page answers none of another origin ({origin:.80})"}, 403

    def harden(response: Any) -> Any:
        response.headers.update(_HEADERS)
        return response

    app.before_request(require_own_origin)
    app.register_error_handler(InputError, refuse)
    app.after_request(harden)
    return app


def add_page(
    app: Any,
    token: str,
    name: str,
    *packages: str,
    views: Views,
    posts: Views,
    scripts: Sequence[str] = (),
    **facts: Any,
) -> Any:
    """Answer below a token with a page of packages' templates: `name.html`, `name.css`, and its scripts.

    Args:
        app: of `guarded_app`.
        token: the only folder that the application answers below.
        name: of the page and its style.
        packages: whose `templates` hold the files.
        views: what answers when the page reads a path below the token, such as `state` or `frame/<int:index>`.
        posts: what answers when the page sends something to a path.
        scripts: files that the page asks for; `name.js` when none is given.
        facts: what the page's template is filled with.

    Returns:
        The application.
    """
    import flask

    templates, root = environment(*packages), f"/{token}"

    def text(file: str, kind: str, **given: Any) -> Callable[[], Any]:
        return lambda: flask.Response(templates.get_template(file).render(**given), mimetype=kind)

    app.add_url_rule(f"{root}/", "page", text(f"{name}.html", "text/html", **facts))
    app.add_url_rule(f"{root}/{name}.css", "style", text(f"{name}.css", "text/css"))
    for script in scripts or (f"{name}.js",):
        app.add_url_rule(f"{root}/{script}", script, text(script, "text/javascript"))
    for path, view in views.items():
        app.add_url_rule(f"{root}/{path}", f"read {path}", view)
    for path, view in posts.items():
        app.add_url_rule(f"{root}/{path}", f"send {path}", view, methods=["POST"])
    return app


def serve_app(make: Callable[[str], Any], port: int) -> None:
    """Serve an application on the loopback address, and print where, until Ctrl-C.

    Args:
        make: makes it for a token, the only folder that it answers below.
        port: 0 takes a free one.

    Raises:
        InputError: the port cannot be had.
    """
    from werkzeug.serving import make_server

    bound = bind(port)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    token = secrets.token_urlsafe(16)  # other users and pages of this machine can reach the port, too
    with bound, contextlib.suppress(KeyboardInterrupt):
        server = make_server(HOST, 0, make(token), threaded=True, fd=bound.fileno())
        address = f"http://{HOST}:{bound.getsockname()[1]}/{token}/"
        print(f"Open {address} in a browser on this machine; Ctrl-C ends it.", flush=True)
        try:
            server.serve_forever()
        finally:
            server.server_close()


def bind(port: int) -> socket.socket:
    """Take a port of the loopback address.

    Raises:
        InputError: there is no such port, or it is in use.
    """
    require(0 <= port <= 65535, f"--port must be from 0 to 65535, got {port}")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise InputError(f"port {port} cannot be had ({reason}): give another by --port, or 0 for a free one") from None
