"""How large a receptive field may become before it is refused."""

from __future__ import annotations

from cnncalc.errors import LayerError

FIELD_BITS = 2**28
"""Phases times extent on one axis."""
PHASE_BITS = 256
"""What one phase counts as at least: its bookkeeping takes that much, whatever it sees."""
NETWORK_BITS = 2**34
"""All fields of a network together (2 GiB)."""
JUMP = 2**53
"""Pixels between two periods of a field."""


def check_field(phases: int, extent: int) -> None:
    """Refuse (CNN902) a field of so many phases and pixels; to be called before it is held in memory."""
    if phases * max(extent, PHASE_BITS) > FIELD_BITS:
        raise LayerError(
            "CNN902",
            f"the receptive field takes {phases} x {extent} bits (phases x extent) on one axis, "
            f"more than the limit of {FIELD_BITS}",
            help="use smaller kernels, dilations, up-sampling factors or maps",
        )


def check_jump(shift: int) -> None:
    """Refuse (CNN902) a field whose units lie absurdly far apart."""
    if shift > JUMP:
        raise LayerError(
            "CNN902",
            f"neighbouring positions see pixels {shift} apart, more than the limit of {JUMP}",
            help="use smaller strides",
        )


def check_network(held_bits: int) -> None:
    """Refuse (CNN902) a network whose fields take so much in all."""
    if held_bits > NETWORK_BITS:
        raise LayerError(
            "CNN902",
            f"the receptive fields up to here take more than the limit of {NETWORK_BITS // 8 // 2**20} MiB; "
            "those of this layer and the later ones are left out",
            help="use smaller kernels, dilations, up-sampling factors or maps, or fewer layers",
        )
