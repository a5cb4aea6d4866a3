"""Settings come from the environment, and a wrong one is refused in plain words."""

import pytest

from slipway_operator.settings import SETTINGS, SettingsError, read_settings

NEEDED = {"SLIPWAY_RUNTIME_IMAGE": "runtime:1"}


def test_only_the_runtime_image_is_needed() -> None:
    settings = read_settings(NEEDED)

    assert settings.defaults.image == "runtime:1"
    assert settings.defaults.model_size_limit == 4 * 2**30
    assert settings.watch_namespaces == ()
    assert settings.identity


def test_namespaces_are_a_list_of_words() -> None:
    settings = read_settings({**NEEDED, "SLIPWAY_WATCH_NAMESPACES": "a, b,,c "})

    assert settings.watch_namespaces == ("a", "b", "c")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLIPWAY_RUNTIME_IMAGE", ""),
        ("SLIPWAY_MODEL_SIZE_LIMIT", "large"),
        ("SLIPWAY_MODEL_SIZE_LIMIT", "0"),
        ("SLIPWAY_IMAGE_PULL_POLICY", "Sometimes"),
        ("SLIPWAY_PORT", "http"),
        ("SLIPWAY_WORKERS", "-1"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**NEEDED, name: value})


def test_every_setting_says_what_it_means() -> None:
    assert all(setting.meaning for setting in SETTINGS)
