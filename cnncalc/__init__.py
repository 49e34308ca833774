"""cnncalc: exact numbers of convolutional networks, without a framework."""

__version__ = "0.1.0"
