"""PyTorch modules, exported and read as a graph of ATen ops."""
