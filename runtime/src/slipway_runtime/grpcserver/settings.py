"""What the gRPC server can be told. Values only: nothing of gRPC is imported for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrpcSettings:
    """Where it listens, and what it takes."""

    port: int | None = None
    """None: there is no gRPC, and none of its libraries is imported. 0: any port that is free."""
    message_size: int | None = None
    """Bytes of the largest message; None: what HTTP takes as a body."""
