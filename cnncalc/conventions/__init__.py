"""What other tools print for the same network, each as an identity over one ledger of element counts."""

from cnncalc.conventions.base import Convention, ConventionCount, TermCount, Variant
from cnncalc.conventions.counting import count
from cnncalc.conventions.table import CONVENTIONS

__all__ = ["CONVENTIONS", "Convention", "ConventionCount", "TermCount", "Variant", "count"]
