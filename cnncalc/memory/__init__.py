"""Memory of a network in bytes: named numbers, never one vague figure."""

from cnncalc.memory.figures import Memory, memory
from cnncalc.memory.inference import fused_sum, peaks
from cnncalc.memory.saved import saved_bytes
from cnncalc.memory.training import Moment, Optimizer, training

__all__ = ["Memory", "Moment", "Optimizer", "fused_sum", "memory", "peaks", "saved_bytes", "training"]
