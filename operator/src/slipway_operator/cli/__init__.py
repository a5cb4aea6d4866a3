"""The `slipway` command.

It speaks to users; it must not be imported by the operator, which is installed without it.
"""
