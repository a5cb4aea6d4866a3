import base64
import json

from slipway_runtime.identity import Identity
from slipway_runtime.payload_log.events import (
    LARGEST_BODY,
    OVERHEAD,
    Occurrence,
    Payload,
    event,
)

IRIS = Identity("iris", "7", "iris-00001")


def payload(*pieces: bytes, content_type: str = "") -> Payload:
    made = Payload(content_type=content_type)
    for piece in pieces:
        made.add(piece)
    return made


def occurrence(request: Payload, response: Payload) -> Occurrence:
    return Occurrence("abc", "2026-01-02T03:04:05.678Z", "/predict", 200, 1.5, request, response)


def test_an_event_has_what_cloudevents_want_and_both_bodies_as_they_were() -> None:
    asked = payload(b'{"a":', b" 1}", content_type="application/json")
    written = event(IRIS, occurrence(asked, payload(b'{"b": 2}')))

    assert json.loads(written) == {
        "specversion": "1.0",
        "id": "abc",
        "source": "/v2/models/iris/versions/7",
        "type": "io.slipway.inference",
        "time": "2026-01-02T03:04:05.678Z",
        "subject": "/predict",
        "datacontenttype": "application/json",
        "revision": "iris-00001",
        "data": {
            "status": 200,
            "milliseconds": 1.5,
            "request": {"bytes": 8, "type": "application/json", "json": {"a": 1}},
            "response": {"bytes": 8, "json": {"b": 2}},
        },
    }
    assert b'{"a": 1}' in written, "not read and written anew: no digit of a number changes"


def test_what_is_not_json_is_kept_as_base64() -> None:
    for body in (b"\x00\xff", b"{broken", b'{"a": NaN}', b'{"a": 1}\x00\x00'):
        written = json.loads(event(IRIS, occurrence(payload(body), payload())))

        kept = written["data"]["request"]
        assert base64.b64decode(kept["base64"]) == body
        assert "json" not in kept
        assert written["data"]["response"] == {"bytes": 0}


def test_a_line_break_inside_of_a_body_does_not_break_the_line() -> None:
    """An event is one line of a file, and JSON may be written in many."""
    written = event(IRIS, occurrence(payload(b'{\n"a":\r\n1}'), payload()))

    assert b"\n" not in written
    assert json.loads(written)["data"]["request"]["json"] == {"a": 1}


def test_a_body_that_is_too_large_is_left_out_and_said_to_be() -> None:
    piece = b" " * (LARGEST_BODY // 2)
    large = payload(piece, piece, piece)

    assert large.pieces == []
    assert occurrence(large, payload(b"x")).size == 1 + OVERHEAD
    kept = json.loads(event(IRIS, occurrence(large, payload())))["data"]["request"]
    assert kept == {"bytes": 3 * len(piece), "left_out": f"larger than {LARGEST_BODY} bytes"}
