"""The command line: one module a command, each of which works without Kubernetes."""
