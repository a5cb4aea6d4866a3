"""Carry messages to something slow without ever waiting for it: a bounded queue, and its sinks."""
