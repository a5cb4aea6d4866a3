"""Slipway's model runtime: fetch one model, load it, answer predictions over HTTP."""

__version__ = "0.1.0"
