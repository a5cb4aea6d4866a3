import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from runtime_testing import models
from slipway_runtime.engine import onnx
from slipway_runtime.identity import Identity
from slipway_runtime.model import Model
from slipway_runtime.predict import SimpleApi
from slipway_runtime.rules import parse
from slipway_runtime.server.home import Page, page

FEATURES = ["a", "b", "<c>", "d"]


class Elements(HTMLParser):
    """Collects what a page holds: elements with their attributes, and the text inside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def only(self, tag: str, **attributes: str) -> str:
        (text,) = [
            text
            for found, held, text in self.found
            if found == tag and attributes.items() <= held.items()
        ]
        return text


@pytest.fixture
def make(save: Any) -> Any:
    def made(content: bytes, rules: Any = ()) -> Page:
        engine = onnx.load(save(content))
        known = parse(json.dumps(rules), engine.signature)
        api = SimpleApi(engine.signature, known)
        return page(Model(Identity("<iris>", "1.2.0", "abc"), engine, known, api))

    return made


def hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_page_escapes_what_it_shows(make: Any) -> None:
    html = make(models.classifier(), [{"name": "X", "features": FEATURES}]).html

    assert "<iris>" not in html
    assert "&lt;iris&gt;" in html
    assert "<c>" not in html


def test_the_example_in_the_page_is_a_row_that_fits(make: Any) -> None:
    elements = Elements(make(models.classifier(), [{"name": "X", "features": FEATURES}]).html)

    assert json.loads(elements.only("textarea")) == dict.fromkeys(FEATURES, 1.0)
    assert json.loads(elements.only("script", id="columns")) == FEATURES


def test_a_model_of_lists_is_asked_in_json_only(make: Any) -> None:
    elements = Elements(make(models.classifier()).html)

    assert json.loads(elements.only("script", id="columns")) == []
    assert json.loads(elements.only("textarea")) == {"X": [1.0] * 4}


def test_the_browser_runs_the_script_of_the_page_and_no_other(make: Any) -> None:
    made = make(models.classifier())
    policy = made.headers["content-security-policy"]
    scripts = re.findall(r"<script>(.*?)</script>", made.html, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", made.html, re.DOTALL)

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"script-src ([^;]*);", policy) == [f"'{hash_of(scripts[0])}'"]
    assert re.findall(r"style-src ([^;]*);", policy) == [f"'{hash_of(styles[0])}'"]
    assert len(scripts) == len(styles) == 1


def test_the_page_brings_nothing_from_elsewhere(make: Any) -> None:
    for tag, attributes, _ in Elements(make(models.classifier()).html).found:
        assert "src" not in attributes, tag
        assert "style" not in attributes, tag
        assert not any(name.startswith("on") for name in attributes), tag
        assert not (attributes.get("href") or "").startswith(("http", "//", "/")), tag
