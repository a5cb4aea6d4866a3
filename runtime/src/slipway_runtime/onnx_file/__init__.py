"""What an ONNX file says about itself, read without running, loading or trusting it.

Written here rather than taken from the `onnx` package: that one weighs 53 MB with what it needs,
reads the whole model into memory, and parses hostile files in C++.
"""
