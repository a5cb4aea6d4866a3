"""What the protocol asks beside predictions: health, metadata, and the model repository.

Each method takes a message and returns one, or raises. Knows nothing of calls; what is told is made
where HTTP's is.
"""

from typing import Final

from slipway_runtime import description
from slipway_runtime.errors import bad_request, unavailable
from slipway_runtime.identity import Identity
from slipway_runtime.lifecycle.repository import Repository
from slipway_runtime.lifecycle.state import State
from slipway_runtime.messages import open_inference_pb2 as pb
from slipway_runtime.metrics import Metrics
from slipway_runtime.signature import Signature

NAME: Final = pb.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name


class Service:
    """Answers for one process."""

    def __init__(
        self, identity: Identity, state: State, metrics: Metrics, repository: Repository
    ) -> None:
        self._identity = identity
        self._state = state
        self._metrics = metrics
        self._repository = repository

    async def server_live(self, _: pb.ServerLiveRequest) -> pb.ServerLiveResponse:
        """Whoever can answer is alive."""
        return pb.ServerLiveResponse(live=True)

    async def server_ready(self, _: pb.ServerReadyRequest) -> pb.ServerReadyResponse:
        """Tell whether new requests are wanted."""
        return pb.ServerReadyResponse(ready=self._state.ready)

    async def model_ready(self, asked: pb.ModelReadyRequest) -> pb.ModelReadyResponse:
        """Tell whether new requests for this model are wanted; an unknown one is not ready."""
        versions = ("", self._identity.version)
        known = asked.name == self._identity.name and asked.version in versions
        return pb.ModelReadyResponse(ready=known and self._state.ready)

    async def server_metadata(self, _: pb.ServerMetadataRequest) -> pb.ServerMetadataResponse:
        """Tell who serves."""
        told = description.server(control=self._repository.controlled)
        return pb.ServerMetadataResponse(**told)

    async def model_metadata(self, asked: pb.ModelMetadataRequest) -> pb.ModelMetadataResponse:
        """Tell what the model takes and gives."""
        return pb.ModelMetadataResponse(**description.model(*self._loaded(asked)))

    async def model_config(self, asked: pb.ModelConfigRequest) -> pb.ModelConfigResponse:
        """Tell how the model is served."""
        config = description.config(*self._loaded(asked))
        return pb.ModelConfigResponse(config=pb.ModelConfig(**config))

    async def model_statistics(
        self, asked: pb.ModelStatisticsRequest
    ) -> pb.ModelStatisticsResponse:
        """Tell what was counted."""
        if asked.name:
            self._identity.expect(asked.name, asked.version or None)
        told = description.statistics(self._identity, self._metrics)
        return pb.ModelStatisticsResponse(model_stats=[pb.ModelStatistics(**told)])

    async def repository_index(
        self, asked: pb.RepositoryIndexRequest
    ) -> pb.RepositoryIndexResponse:
        """List the models."""
        entries = self._repository.index(ready=asked.ready)
        listed = [pb.RepositoryIndexResponse.ModelIndex(**entry) for entry in entries]
        return pb.RepositoryIndexResponse(models=listed)

    async def load(self, asked: pb.RepositoryModelLoadRequest) -> pb.RepositoryModelLoadResponse:
        """Load the model, anew if it is loaded already."""
        if asked.parameters:
            name = next(iter(asked.parameters))
            raise bad_request(
                f"the model's file and configuration are given at start; {name[:60]!r} "
                "cannot be overridden"
            )
        await self._repository.load(asked.model_name)
        return pb.RepositoryModelLoadResponse()

    async def unload(
        self, asked: pb.RepositoryModelUnloadRequest
    ) -> pb.RepositoryModelUnloadResponse:
        """Unload the model."""
        self._repository.unload(asked.model_name)
        return pb.RepositoryModelUnloadResponse()

    def _loaded(
        self, asked: pb.ModelMetadataRequest | pb.ModelConfigRequest
    ) -> tuple[Identity, str, Signature]:
        self._identity.expect(asked.name, asked.version or None)
        model = self._state.model
        if model is None:
            raise unavailable(f"not ready: {self._state.words}")
        return model.identity, model.engine.platform, model.signature
