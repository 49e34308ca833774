"""A network as the parts of a Python file, in whatever framework: blocks, what differs between their calls, names."""
