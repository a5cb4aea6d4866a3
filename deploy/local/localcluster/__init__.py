"""A real Kubernetes on this machine: kind where Docker answers, else one node built from source.

Run it as `python -m localcluster`; deploy/local/README.md says what runs and how.
"""
