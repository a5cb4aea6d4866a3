"""Which cluster is used: what the user says, and a clear refusal of what makes no sense."""

from pathlib import Path

import pytest

from localcluster import checkout, cluster
from localcluster.__main__ import main
from localcluster.commands import Failure
from localcluster.external import External
from localcluster.kind import Kind
from localcluster.native import Native


@pytest.mark.parametrize(("choice", "kind"), [("native", Native), ("kind", Kind)])
def test_the_environment_decides(choice: str, kind: type) -> None:
    assert isinstance(cluster.chosen("slipway", {"CLUSTER": choice}), kind)


def test_an_external_cluster_is_the_one_of_the_users_kubeconfig() -> None:
    env = {"CLUSTER": "external", "KUBECONFIG": "/home/me/config"}
    assert cluster.chosen("slipway", env) == External("/home/me/config")


def test_an_unknown_choice_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Failure, match="native, kind, external"):
        cluster.chosen("slipway", {"CLUSTER": "minikube"})


@pytest.mark.parametrize("kubeconfig", ["", str(checkout.kubeconfig())])
def test_an_external_cluster_needs_a_kubeconfig_of_its_own(kubeconfig: str) -> None:
    with pytest.raises(Failure, match="needs KUBECONFIG"):
        External(kubeconfig).up()


def test_an_external_clusters_images_are_the_users() -> None:
    with pytest.raises(Failure, match="OPERATOR_IMAGE"):
        External("/home/me/config").has_image("localhost/slipway-operator:1")


@pytest.mark.parametrize(
    "words", [["--instance", "Bad_Name", "up"], ["load", "/no/such/archive"], ["fly"], []]
)
def test_bad_words_are_refused_with_the_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "python -m localcluster images" in capsys.readouterr().out


def test_images_of_the_users_own_are_taken_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "IMAGES_ENV", tmp_path / "images.env")
    monkeypatch.setenv("CLUSTER", "external")
    monkeypatch.setenv("OPERATOR_IMAGE", "registry.example/operator:1")
    monkeypatch.setenv("RUNTIME_IMAGE", "registry.example/runtime:1")
    assert main(["images"]) == 0
    assert (tmp_path / "images.env").read_text() == (
        "OPERATOR_IMAGE=registry.example/operator:1\nRUNTIME_IMAGE=registry.example/runtime:1\n"
    )
