"""`slipway-runtime` with a bug on every path: whatever answers a request raises."""

from typing import Any, NoReturn

SECRET = "words of a bug, and the file it is in"


def fail(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError(SECRET)


def main() -> None:
    from slipway_runtime.cli.main import main as run
    from slipway_runtime.codec import oip
    from slipway_runtime.identity import Identity
    from slipway_runtime.lifecycle.repository import Repository
    from slipway_runtime.metrics import Metrics
    from slipway_runtime.predict import SimpleApi
    from slipway_runtime.server import asgi, pages

    for owner, name in (
        (oip, "read"),
        (Identity, "expect"),
        (Metrics, "render"),
        (SimpleApi, "read"),
        (Repository, "index"),
        (Repository, "load"),
        (Repository, "unload"),
        (asgi.Application, "_ready"),
        (asgi, "unavailable"),
        (pages, "Response"),
    ):
        setattr(owner, name, fail)
    run()


if __name__ == "__main__":
    main()
