"""The messages of the gRPC protocol: our definition, and what protoc makes of it."""
