"""From the start of the process to its end: states, loading, draining."""
