"""Tensors of a framework as layers of the language: where their axes stand, and the layers found so far."""
