"""The Slipway operator: turns ModelDeployments into running, replaceable models."""
