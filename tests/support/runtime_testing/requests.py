"""Requests, and what they are read against, without a model or a server."""

from types import SimpleNamespace

from slipway_runtime.codec.form import Form
from slipway_runtime.identity import Identity
from slipway_runtime.rules import Rules
from slipway_runtime.signature import Signature


def form(signature: Signature) -> Form:
    """The form of the requests of a model with this signature and no rules."""
    known = SimpleNamespace(identity=Identity("m", "1", ""), signature=signature, rules=Rules({}))
    return Form(known)
