"""The ways in which things go wrong, each told in words a user understands.

`RefusedError` and `InferenceError` end one request, `ModelError` and `StartError` the process.
Nothing else leaves the program as an error, and none ever carries a stack trace.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why there is no model to serve. The operator shows these words to the user."""

    MODEL_NOT_FOUND = "ModelNotFound"
    CHECKSUM_MISMATCH = "ChecksumMismatch"
    FORMAT_REJECTED = "FormatRejected"
    FETCH_FAILED = "FetchFailed"
    SOURCE_REFUSED = "SourceRefused"
    MODEL_TOO_LARGE = "ModelTooLarge"
    LOAD_FAILED = "LoadFailed"
    WARMUP_FAILED = "WarmupFailed"
    ACCELERATOR_MISSING = "AcceleratorMissing"


class ModelError(Exception):
    """The model cannot be fetched, loaded or warmed: the process ends with this."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class StartError(Exception):
    """The process cannot start in the way it was told to; the words say what to change."""


class RefusedError(Exception):
    """One request that is not answered with a prediction, and the HTTP status that says so."""

    def __init__(
        self, status: int, message: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class InferenceError(Exception):
    """The model failed on a request that its signature admits: nobody's input is to blame."""


class OutOfMemoryError(InferenceError):
    """The model asked for more memory than the container may use."""


class StoppedError(InferenceError):
    """The run was ended by its token before it had an answer."""


def bad_request(message: str) -> RefusedError:
    """The client sent something the model cannot take."""
    return RefusedError(400, message)


def too_large(words: str) -> ModelError:
    """The model does not fit into the container's memory."""
    return ModelError(
        Reason.LOAD_FAILED,
        "the model needs more memory than the container's limit; raise "
        f"spec.runtime.resources.limits.memory ({words})",
    )


def unavailable(message: str) -> RefusedError:
    """It is not the client's fault, and trying again soon is right."""
    return RefusedError(503, message, (("retry-after", "1"),))
