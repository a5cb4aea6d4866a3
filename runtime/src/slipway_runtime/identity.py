"""Who answers: the model's name and version, and the revision of the deployment."""

from dataclasses import dataclass

from slipway_runtime.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Identity:
    """What the model is called, and which revision of the deployment this process serves."""

    name: str
    version: str
    revision: str

    def expect(self, name: str, version: str | None) -> None:
        """Refuse a request for any other model or version."""
        if name != self.name:
            raise RefusedError(404, f"unknown model '{name:.80}'; this server has '{self.name}'")
        if version not in (None, self.version):
            raise RefusedError(
                404,
                f"model '{name}' has no version '{version:.80}'; it has '{self.version}'",
            )
