"""Sets of pixels on one axis, each an integer used as a bit mask; runs without holes need none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.geometry.limits import check_field

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class PixelSet(NamedTuple):
    """The pixels of [lo, hi), or those of them whose bit is set; `lo == hi` is the empty set."""

    lo: int
    hi: int
    bits: int | None = None
    """Bit `b` for pixel `lo + b`, the first and the last set; None: a run without holes."""

    @classmethod
    def of_mask(cls, lo: int, mask: int) -> PixelSet:
        """The set with bit `b` of the mask for pixel `lo + b`."""
        if not mask:
            return EMPTY
        first = (mask & -mask).bit_length() - 1
        mask >>= first
        lo += first
        return cls(lo, lo + mask.bit_length(), mask if mask & (mask + 1) else None)

    @classmethod
    def of_pixels(cls, pixels: Collection[int]) -> PixelSet:
        """The set of these pixels."""
        if not pixels:
            return EMPTY
        lo, hi = min(pixels), max(pixels) + 1
        if hi - lo == len(set(pixels)):
            return cls(lo, hi)
        check_field(1, hi - lo)
        places = bytearray((hi - lo + 7) // 8)
        for pixel in pixels:
            places[(pixel - lo) >> 3] |= 1 << ((pixel - lo) & 7)
        return cls(lo, hi, int.from_bytes(places, "little"))

    @property
    def mask(self) -> int:
        """Bit `b` for pixel `lo + b`."""
        return (1 << (self.hi - self.lo)) - 1 if self.bits is None else self.bits

    @property
    def touched(self) -> int:
        """How many pixels."""
        return self.hi - self.lo if self.bits is None else self.bits.bit_count()

    def pixels(self) -> Sequence[int]:
        """The pixels in order."""
        if self.bits is None:
            return range(self.lo, self.hi)
        places = bin(self.bits)[:1:-1]
        return [self.lo + bit for bit, set_ in enumerate(places) if set_ == "1"]

    def moved(self, by: int) -> PixelSet:
        """Every pixel `by` further on."""
        return PixelSet(self.lo + by, self.hi + by, self.bits)

    def clipped(self, n: int) -> PixelSet:
        """The pixels in [0, n)."""
        if self.lo >= 0 and self.hi <= n:
            return self
        lo, hi = max(self.lo, 0), min(self.hi, n)
        if lo >= hi:
            return EMPTY
        if self.bits is None:
            return PixelSet(lo, hi)
        return PixelSet.of_mask(lo, (self.bits >> (lo - self.lo)) & ((1 << (hi - lo)) - 1))

    def repeated(self, count: int, step: int) -> PixelSet:
        """The union of `count` copies, each `step` pixels after the one before.

        >>> PixelSet(0, 1).repeated(3, 2)
        PixelSet(lo=0, hi=5, bits=21)
        """
        lo, hi, bits = self
        if count == 1 or lo == hi:
            return self
        end = hi + (count - 1) * step
        if step == 0 or (bits is None and step <= hi - lo):
            return PixelSet(lo, end, bits)
        check_field(1, end - lo)
        mask, have = self.mask, 1
        while have < count:
            more = min(have, count - have)
            mask |= mask << more * step
            have += more
        return PixelSet(lo, end, mask if mask & (mask + 1) else None)


EMPTY = PixelSet(0, 0)


def union(one: PixelSet, other: PixelSet) -> PixelSet:
    """The pixels of either."""
    lo1, hi1, bits1 = one
    lo2, hi2, bits2 = other
    if lo1 == hi1:
        return other
    if lo2 == hi2:
        return one
    lo, hi = min(lo1, lo2), max(hi1, hi2)
    if bits1 is None and bits2 is None and max(lo1, lo2) <= min(hi1, hi2):
        return PixelSet(lo, hi)
    if bits1 is None and lo == lo1 and hi == hi1:
        return one
    if bits2 is None and lo == lo2 and hi == hi2:
        return other
    check_field(1, hi - lo)
    mask = one.mask << (lo1 - lo) | other.mask << (lo2 - lo)
    return PixelSet(lo, hi, mask if mask & (mask + 1) else None)


def union_all(sets: Sequence[PixelSet]) -> PixelSet:
    """The pixels of any, joined in pairs so that no mask is copied often."""
    while len(sets) > 1:
        sets = [union(*sets[at : at + 2]) if at + 1 < len(sets) else sets[at] for at in range(0, len(sets), 2)]
    return sets[0] if sets else EMPTY
