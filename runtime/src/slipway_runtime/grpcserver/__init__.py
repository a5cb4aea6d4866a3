"""gRPC: the same model, scheduler and event loop as HTTP's, in the protocol's other form."""
