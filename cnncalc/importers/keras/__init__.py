"""Keras files and JSON, read as data."""
