"""The parts of a Python file of `nn.Module` classes."""
