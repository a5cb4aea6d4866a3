"""Helpers for the tests of the operator's own code."""
