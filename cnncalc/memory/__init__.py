"""Memory of a network in bytes: named numbers, never one vague figure."""

from cnncalc.memory.inference import fused_sum, peaks
from cnncalc.memory.saved import saved_bytes
from cnncalc.memory.training import Moment, Optimizer, training, training_bytes

__all__ = ["Moment", "Optimizer", "fused_sum", "peaks", "saved_bytes", "training", "training_bytes"]
