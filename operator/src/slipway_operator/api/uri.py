"""The addresses a model may come from, as CEL rules: one form for each scheme.

Whether an address is allowed by the operator's policy is not decided here.
"""

from typing import Final

from slipway_operator.api.base import Rule

_PORT: Final = (
    "(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?"
)
_HOST: Final = rf"([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]){_PORT}"
_CLAIM: Final = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
_BUCKET: Final = "[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]"
_IMAGE: Final = f"[-a-zA-Z0-9.]+{_PORT}(/[-a-z0-9._]+)+(:[-A-Za-z0-9_.]+)?"
_DIGEST: Final = "@sha256:[0-9a-f]{64}(#|$)"
_SIGNATURES: Final = "x-amz-signature|x-goog-signature|signature|sig|token|access_token|api_key"
# Model files that are no ONNX, so that a slip is told before anything is fetched.
_FOREIGN: Final = "pt|pth|torchscript|pkl|pickle|joblib|h5|keras|pb|tflite|safetensors|zip|tgz|gz"


def _matches(pattern: str) -> str:
    return f"self.matches(r'{pattern}')"


URI_RULES: Final = (
    Rule(
        _matches("^(https|http|s3|pvc|oci)://"),
        "must begin with https://, http://, s3://, pvc:// or oci://",
    ),
    Rule(
        _matches(r"^[!-\[\]-~]*$") + " && !self.contains('%00')",
        "must consist of visible ASCII characters without spaces and backslashes; "
        "in an https or http address write %20 for a space",
    ),
    Rule(
        "!" + _matches("^(https?|s3|pvc)://[^/?#]*@|^oci://[^/?#@]*@[^/?#]*/"),
        "must not carry a user name or password; "
        "put them into a Secret and name it in credentials.secretName",
    ),
    Rule(
        "!" + _matches(f"(?i)[?&]({_SIGNATURES})="),
        "must not carry a signature or token, which everybody who reads this object would see; "
        "put credentials into a Secret and name it in credentials.secretName",
    ),
    Rule(
        f"!{_matches('^https?://')} || {_matches(f'^https?://([^/?#]*@)?{_HOST}/[^?#]')}",
        "must name a host and a file, as in https://models.example.com/iris/model.onnx",
    ),
    Rule(
        f"!self.startsWith('s3://') || {_matches(f'^s3://([^/]*@)?{_BUCKET}/[^/]')}",
        "must name a bucket and a key, as in s3://models/iris/model.onnx",
    ),
    Rule(
        f"!self.startsWith('pvc://') || {_matches(f'^pvc://([^/]*@)?{_CLAIM}/[^/]')}",
        "must name a PersistentVolumeClaim and a file in it, as in pvc://models/iris/model.onnx",
    ),
    Rule(
        f"!self.startsWith('oci://') || {_matches(_DIGEST)}",
        "must pin the image by its digest, as in oci://registry.example.com/iris@sha256:..., "
        "because a tag can change under a running model",
    ),
    Rule(
        f"!{_matches('^oci://.*' + _DIGEST)} || {_matches(f'^oci://([^/@]*@)?{_IMAGE}{_DIGEST}')}",
        "must name a registry and, in lower case, a repository, as in "
        "oci://registry.example.com/team/iris@sha256:...",
    ),
    Rule(
        "self.startsWith('oci://') || !self.contains('#')",
        "must not have a part after #; only an oci address may, to name the file in the image",
    ),
    Rule(
        f"{_matches('^https?://')} || !self.contains('?')",
        "must not have a part after ?; only an https or http address may",
    ),
    Rule(
        "!" + _matches(r"(?i)(/|#|%2f)(\.|%2e){1,2}(/|[?#]|%2f|$)"),
        "must not have . or .. as a part of its path",
    ),
    Rule(
        "!" + _matches("(?i)(/|%2f)([?#]|$)"),
        "must name a file, not a folder: remove the slash at the end, or add the file's name",
    ),
    Rule(
        "!" + _matches(rf"(?i)\.({_FOREIGN})([?#]|$)"),
        "must be an ONNX file, whose name usually ends in .onnx; "
        "export the model to ONNX to serve it",
    ),
)
