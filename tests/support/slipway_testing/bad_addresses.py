"""Addresses of models that the API refuses, with the words a user then reads."""

from typing import Final

from slipway_testing.specs import DIGEST, Bad, from_address

URI: Final = "spec.model.uri"
_SCHEME: Final = "must begin with https://, http://, s3://, pvc:// or oci://"
_USER: Final = "must not carry a user name or password; put them into a Secret"
_TOKEN: Final = "must not carry a signature or token"
_HOST: Final = "must name a host and a file, as in https://"
_BUCKET: Final = "must name a bucket and a key, as in s3://"
_CLAIM: Final = "must name a PersistentVolumeClaim and a file in it, as in pvc://"
_PIN: Final = "must pin the image by its digest"
_REPOSITORY: Final = "must name a registry and, in lower case, a repository"
_DOTS: Final = "must not have . or .. as a part of its path"
_ONNX: Final = "must be an ONNX file"

BAD_ADDRESSES: Final = [
    Bad(uri[:60], from_address(uri), URI, words)
    for uri, words in [
        ("", _SCHEME),
        ("iris.onnx", _SCHEME),
        ("/models/iris.onnx", _SCHEME),
        ("file:///etc/passwd", _SCHEME),
        ("ftp://models.example.com/iris.onnx", _SCHEME),
        ("gs://models/iris.onnx", _SCHEME),
        ("HTTPS://models.example.com/iris.onnx", _SCHEME),
        (" https://models.example.com/iris.onnx", _SCHEME),
        ("https:/models.example.com/iris.onnx", _SCHEME),
        ("https://models.example.com/my iris.onnx", "visible ASCII characters"),
        ("https://models.example.com/iris.onnx\n", "visible ASCII characters"),
        ("pvc://models/schön.onnx", "visible ASCII characters"),
        ("https://models.example.com/a\\b.onnx", "visible ASCII characters"),
        ("pvc://models/a%00b.onnx", "visible ASCII characters"),
        ("https://me:secret@models.example.com/iris.onnx", _USER),
        ("http://me@models.example.com/iris.onnx", _USER),
        ("s3://AKIAEXAMPLE:secret@models/iris.onnx", _USER),
        ("pvc://me:secret@models/iris.onnx", _USER),
        (f"oci://me:secret@registry.example.com/iris@{DIGEST}", _USER),
        ("https://m.example.com/a.onnx?X-Amz-Signature=abc", _TOKEN),
        ("https://m.example.com/a.onnx?v=1&sig=abc", _TOKEN),
        ("https://m.example.com/a.onnx?TOKEN=abc", _TOKEN),
        ("https://", _HOST),
        ("https://models.example.com", _HOST),
        ("https://models.example.com/", _HOST),
        ("https:///iris.onnx", _HOST),
        ("https://models.example.com?iris.onnx", _HOST),
        ("http://:8080/iris.onnx", _HOST),
        ("http://-models-/iris.onnx", _HOST),
        ("http://models.example.com:port/iris.onnx", _HOST),
        ("http://models.example.com:0/iris.onnx", _HOST),
        ("http://models.example.com:65536/iris.onnx", _HOST),
        ("s3://", _BUCKET),
        ("s3://models", _BUCKET),
        ("s3://models/", _BUCKET),
        ("s3:///iris.onnx", _BUCKET),
        ("s3://Models/iris.onnx", _BUCKET),
        ("s3://a/iris.onnx", _BUCKET),
        ("pvc://", _CLAIM),
        ("pvc://models", _CLAIM),
        ("pvc://models/", _CLAIM),
        ("pvc:///iris.onnx", _CLAIM),
        ("pvc://My_Claim/iris.onnx", _CLAIM),
        ("oci://registry.example.com/iris", _PIN),
        ("oci://registry.example.com/iris:1.0", _PIN),
        ("oci://registry.example.com/iris@sha256:abc", _PIN),
        (f"oci://registry.example.com/iris@sha512:{'a' * 128}", _PIN),
        (f"oci://registry.example.com/iris@sha256:{'A' * 64}", _PIN),
        (f"oci://iris@{DIGEST}", _REPOSITORY),
        (f"oci://registry.example.com/Iris@{DIGEST}", _REPOSITORY),
        ("https://models.example.com/iris.onnx#weights", "must not have a part after #"),
        ("s3://models/iris.onnx#1", "must not have a part after #"),
        ("s3://models/iris.onnx?versionId=1", "must not have a part after ?"),
        ("pvc://models/iris.onnx?", "must not have a part after ?"),
        (f"oci://registry.example.com/iris@{DIGEST}#a.onnx?b", "must not have a part after ?"),
        ("https://models.example.com/../iris.onnx", _DOTS),
        ("s3://models/./iris.onnx", _DOTS),
        ("pvc://models/a/%2E./iris.onnx", _DOTS),
        ("pvc://models/a%2f..%2Firis.onnx", _DOTS),
        ("pvc://models/a/../../etc/iris.onnx", _DOTS),
        (f"oci://registry.example.com/iris@{DIGEST}#../iris.onnx", _DOTS),
        ("https://models.example.com/iris/", "must name a file, not a folder"),
        ("s3://models/iris/", "must name a file, not a folder"),
        ("pvc://models/iris%2F", "must name a file, not a folder"),
        (f"oci://registry.example.com/iris@{DIGEST}#models/", "must name a file, not a folder"),
        ("https://models.example.com/iris.pt", _ONNX),
        ("s3://models/iris.pkl", _ONNX),
        ("pvc://models/iris.tar.gz", _ONNX),
        ("https://models.example.com/iris.PKL?revision=1", _ONNX),
        (f"https://models.example.com/{'a' * 2048}.onnx", "2048"),
    ]
]
