"""What a TorchScript archive says about itself, read without running, loading or trusting it.

TorchScript is code: nothing here makes it safe. What is refused here is what is none.
"""
