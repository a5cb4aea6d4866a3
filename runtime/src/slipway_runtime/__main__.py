"""`python -m slipway_runtime`: the image's entrypoint."""

from slipway_runtime.cli.main import main

main()
