"""The pins: versions come from the go.mod files, and a build's key from all that goes into it."""

from pathlib import Path

import pytest

from localcluster import pins


def test_kubernetes_is_the_pinned_one() -> None:
    assert pins.version("kubernetes") == "v1.36.3"


def test_kubectl_has_the_version_of_the_servers() -> None:
    assert pins.version("kubectl") == pins.version("kubernetes")


@pytest.mark.parametrize("name", sorted(pins.BUILDS))
def test_every_build_names_a_module_that_its_go_mod_pins(name: str) -> None:
    assert pins.version(name).startswith("v")


@pytest.mark.parametrize("name", sorted(set(pins.BUILDS) - {"pause"}))
def test_every_pinned_module_has_its_checksums(name: str) -> None:
    build = pins.BUILDS[name]
    sums = (build.source / "go.sum").read_text()
    assert f"{build.module} {pins.version(name)} h1:" in sums


def test_every_staging_module_follows_kubernetes() -> None:
    go_mod = (pins.MODULES / "kubernetes" / "go.mod").read_text()
    staging = pins.version("kubernetes").replace("v1.", "v0.")
    replaced = [line for line in go_mod.splitlines() if "=>" in line]
    assert replaced
    assert all(line.endswith(staging) for line in replaced)


@pytest.mark.parametrize(
    "text",
    [
        "module m\n\nrequire example.org/thing v1.2.3\n",
        "module m\n\nrequire (\n\texample.org/other v9.9.9\n\texample.org/thing v1.2.3\n)\n",
        "module m\n\nrequire example.org/thing v1.2.3 // a reason\n",
    ],
)
def test_a_required_version_is_read(text: str) -> None:
    assert pins.required_version(text, "example.org/thing") == "v1.2.3"


def test_a_longer_module_path_is_not_mistaken_for_the_module() -> None:
    with pytest.raises(ValueError, match="does not require"):
        pins.required_version("module m\n\nrequire example.org/thing/v2 v2.0.0\n", "example.org/t")


def test_the_key_names_build_and_version() -> None:
    assert pins.version_key("etcd").startswith(f"etcd-{pins.version('etcd')}-")


def test_builds_of_one_module_have_different_keys() -> None:
    assert pins.version_key("kubectl") != pins.version_key("kubernetes")


def test_the_key_changes_with_the_checksums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pins.version_key("runc")
    copy = tmp_path / "runc"
    copy.mkdir()
    for path in pins.BUILDS["runc"].source.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "go.sum").write_text("other\n")
    monkeypatch.setattr(pins, "MODULES", tmp_path)
    pins.version_key.cache_clear()
    try:
        assert pins.version_key("runc") != before
    finally:
        pins.version_key.cache_clear()


def test_kubernetes_is_stamped_with_its_version_and_others_are_not() -> None:
    assert "gitVersion=v1.36.3" in pins.linker_flags("kubernetes")
    assert "gitMinor=36" in pins.linker_flags("kubectl")
    assert pins.linker_flags("etcd") == "-s -w"
