"""The page at `/`: what the model takes and gives, and a place to paste a row and see the answer.

One file without anything from elsewhere, under a policy by which the browser runs this script and
no other. Asks `/predict` like every other client.
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from slipway_runtime import __version__, openapi
from slipway_runtime.model import Model
from slipway_runtime.signature import TensorSpec

_STYLE: Final = """
body {font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem}
table {border-collapse: collapse} td, th {text-align: left; padding: .2rem 1.5rem .2rem 0}
pre, textarea {background: #f4f4f4; color: inherit; padding: 1rem; font: 14px/1.4 monospace}
pre {overflow-wrap: anywhere; white-space: pre-wrap; margin: 0; min-height: 1.4em}
textarea {box-sizing: border-box; width: 100%; border: 1px solid #888}
button {font: inherit; padding: .3rem 1.5rem; margin: .5rem 0}
pre.bad {border-left: .3rem solid #c00}
@media (prefers-color-scheme: dark) {body {background: #111; color: #eee}
pre, textarea {background: #222} a {color: #8cf}}
"""

_SCRIPT: Final = """
const byId = (id) => document.getElementById(id);
const columns = JSON.parse(byId("columns").textContent);

function asJson(text) {
  if (/^\\s*[{[]/.test(text)) return text;
  const cells = text.trim().split(/[\\t;,]/).map((cell) => cell.trim());
  if (!columns.length) throw Error("paste a JSON object, such as the example");
  if (cells.length !== columns.length)
    throw Error(`${columns.length} values belong in a row (${columns.join(", ")}), ` +
                `not ${cells.length}`);
  return JSON.stringify(Object.fromEntries(columns.map((name, at) => [name, cells[at]])));
}

async function ask(text) {
  const response = await fetch("predict", {method: "POST", body: asJson(text)});
  const answer = await response.text();
  if (!response.ok) throw Error(JSON.parse(answer).error);
  return answer;
}

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = byId("answer");
  answer.textContent = "...";
  answer.className = "";
  try {
    answer.textContent = await ask(byId("row").value);
  } catch (error) {
    answer.className = "bad";
    answer.textContent = error.message;
  }
});
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and what its browser must know to show it safely."""

    html: str
    headers: dict[str, str]


def page(model: Model) -> Page:
    """Make the page of one model."""
    return Page(_html(model), _HEADERS)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def _html(model: Model) -> str:
    name, version = escape(model.identity.name), escape(model.identity.version)
    example = json.dumps(openapi.row_example(model.simple), ensure_ascii=False)
    columns = json.dumps(_columns(model)).replace("<", "\\u003c")
    hint = (
        "JSON, or its values in order, as a spreadsheet copies them" if _columns(model) else "JSON"
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{name} {version}</title>
<style>{_STYLE}</style>
<h1>{name} <small>{version}</small></h1>
<p>Served by Slipway {__version__}. Revision: {escape(model.identity.revision) or "none"}.</p>
<h2>Try it</h2>
<form id="form"><label for="row">A row: {hint}</label>
<textarea id="row" rows="6" spellcheck="false">
{escape(example)}</textarea>
<button>Predict</button></form>
<pre id="answer" aria-live="polite"></pre>
<h2>Inputs</h2>{_table(model.signature.inputs)}
<h2>Outputs</h2>{_table(model.signature.outputs)}
<h2>From a program</h2>
<pre>curl localhost:8080/predict -d '{escape(example)}'</pre>
<p><a href="docs">API</a> · <a href="v2/models/{name}">Metadata</a> ·
<a href="metrics">Metrics</a></p>
<script type="application/json" id="columns">{columns}</script>
<script>{_SCRIPT}</script></html>"""


def _columns(model: Model) -> list[str]:
    """Name the values of a row, where each is a single one."""
    fields = openapi.row_schema(model.simple)["properties"]
    return list(fields) if all(field["type"] != "array" for field in fields.values()) else []


def _table(specs: tuple[TensorSpec, ...]) -> str:
    rows = "".join(
        f"<tr><td>{escape(spec.name)}<td>{spec.datatype}<td>{spec.wire_shape}" for spec in specs
    )
    return f"<table><tr><th>name<th>datatype<th>shape (-1: any){rows}</table>"
