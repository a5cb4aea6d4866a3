"""The children as they should be: pure functions from a spec to whole objects, one builder a kind.

Nothing here reads the cluster, the clock or the environment, and nobody changes a returned object.
"""
