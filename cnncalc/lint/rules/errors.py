"""Manuals of what the reader, the builder and the driver report, by code; none has a check of its own."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING

from cnncalc.errors import CODES
from cnncalc.lint.base import RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.base import Problem
    from cnncalc.report import Report


def manuals() -> dict[str, Rule]:
    """Everything that has a code, in order: the rules, and the errors below in the shape of rules.

    >>> from cnncalc.lint import rules
    >>> manuals()["CNN002"].name
    'empty-output'
    """
    known = {**RULES, **{code: _entry(code) for code in MANUALS}}
    return dict(sorted(known.items()))


def _entry(code: str) -> Rule:
    name, severity = CODES[code]
    return Rule(
        code=code,
        name=name,
        severity=severity,
        check=_found_elsewhere,
        per_layer=False,
        default=True,
        manual=cleandoc(MANUALS[code]),
    )


def _found_elsewhere(report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a check
    return iter(())


MANUALS: dict[str, str] = {
    "CNN001": """Inputs of an add, concat, mul or max whose shapes differ.

        Says which axis, by how much, and for each input its shape. An add needs equal shapes; a concat may differ in
        channels alone; a mul also takes a gate of Cx1x1 or 1xHxW. Sizes that differ by one usually come from a stride
        that met an odd size on one path only, sizes that differ by a factor from a forgotten stride.

        Bad: res(conv 8 k3 p1 | conv 16 k3 p1)
        Good: res(conv 8 k3 p1 | conv 16 k3 p1; project)
        Bad (8x33x33): res(conv 8 k3 s2 p1; maxpool 2)
        Good (8x33x33): res(conv 8 k3 s2 p1; maxpool 2 ceil)

        Reference: He et al. 2015, arXiv:1512.03385, section 3.3 (options A and B for shapes that differ).
        """,
    "CNN002": """A window that is larger than its padded input: the output would have no positions.

        `out = floor((n + before + after - k_eff) / stride) + 1` with `k_eff = dilation*(kernel_size - 1) + 1` comes out
        below 1. Says both numbers and the smallest input or padding that gives one position. Frameworks raise this when
        the first batch runs; the usual cause is an input smaller than the one the network was made for.

        Bad (8x5x5): conv 8 k7
        Good (8x5x5): conv 8 k5
        Bad (8x8x8): conv 8 k3 d4
        Good (8x8x8): conv 8 k3 d4 p4

        Reference: Dumoulin & Visin 2016, arXiv:1603.07285.
        """,
    "CNN003": """Channels that `groups` does not divide, or sizes and channels that a shuffle's factor does not divide.

        A grouped convolution needs input and output channels that are both multiples of `groups`; a pixel shuffle by r
        needs a multiple of `r**axes` channels; a pixel unshuffle sizes that r divides. Says what is left over and the
        nearest numbers that fit.

        Bad (10x8x8): conv 16 k3 g4
        Good (12x8x8): conv 16 k3 g4
        Bad (10x8x8): pixelshuffle 2
        Good (12x8x8): pixelshuffle 2

        Reference: Xie et al. 2016, arXiv:1611.05431 (groups); Shi et al. 2016, arXiv:1609.05158 (pixel shuffle).
        """,
    "CNN004": """A padding that cannot be carried out.

        Reflect padding must be smaller than the input, circular padding at most as large; a pool pads at most half of
        its kernel; `output_padding` stays below the larger of stride and dilation, because it only chooses among the
        sizes that the stride confuses. Says the largest value that is possible.

        Bad (8x4x4): conv 8 k9 p4 reflect
        Good (8x5x5): conv 8 k9 p4 reflect
        Bad: maxpool 2 s2 p2
        Good: maxpool 2 s2 p1
        Bad: convt 8 k3 s2 p1 op2
        Good: convt 8 k3 s2 p1 op1

        Reference: PyTorch, torch.nn.ReflectionPad2d, MaxPool2d and ConvTranspose2d.
        """,
    "CNN005": """A linear layer on a map that was not flattened.

        `linear` takes a vector, Cx1x1, or tokens. On a map, frameworks would apply it to the last axis, the width, and
        say nothing if the width happens to fit.

        Bad: linear 10
        Good: gap | linear 10
        Good: fc 10

        Reference: PyTorch, torch.nn.Linear (`*, H_in`: acts on the last dimension).
        """,
    "CNN901": """Text that is no YAML, or YAML that is refused.

        The position is where the text stops making sense. Refused besides: several documents, tags, `<<` merges, keys
        that are no text, and line ends that editors do not show as such. A layer line with `: ` in it, or with a comma
        inside brackets, is taken apart by YAML: put it in quotes.

        Bad:
            cnncalc: 1
            input: 3x32x32
            layers: [conv 8 k3

        Good:
            cnncalc: 1
            input: 3x32x32
            layers: [conv 8 k3]

        Reference: YAML 1.1 as libyaml reads it.
        """,
    "CNN902": """A number or a file beyond the limits.

        Limits keep any file from hanging the program: 4 MiB, nesting 50, 100,000 expanded layers, window numbers 2^24,
        channels and sizes 2^31, fields of 2^28 bits on an axis. No real network comes near them.

        Bad: conv 8 k20000000
        Good: conv 8 k3
        """,
    "CNN903": """A key that stands twice in one mapping.

        YAML libraries keep the last one and drop the first without a word. The message names both lines.

        Bad:
            cnncalc: 1
            input: 3x32x32
            input: 1x28x28
            layers: [conv 8 k3]

        Good:
            cnncalc: 1
            input: 3x32x32
            layers: [conv 8 k3]

        Reference: YAML 1.2.2, section 3.2.1.3: keys are unique.
        """,
    "CNN904": """A word that nobody knows: a key, an op, an option, the name of a layer.

        The nearest known word is suggested, and the words that other frameworks use for the same thing
        (`filters`, `Conv2D`).

        Bad: con 8 k3
        Good: conv 8 k3
        """,
    "CNN905": """A value that cannot be: of the wrong kind, out of range, or in conflict with another one.

        Says what would be right.

        Bad: conv 8 k0
        Good: conv 8 k1
        """,
    "CNN906": """Something that is missing: an option without a default, the input, the other side of a merge.

        Bad: conv 8
        Good: conv 8 k3
        """,
    "CNN910": """An ignore that silences nothing.

        A comment `# cnncalc: ignore[...]` or an entry of `lint: {ignore: ...}` for which no finding is left. Delete it,
        so that it does not hide a later mistake.

        Bad:
            cnncalc: 1
            input: 3x32x32
            layers:
              - conv 8 k3  # cnncalc: ignore[CNN012]

        Good:
            cnncalc: 1
            input: 3x32x32
            layers:
              - conv 8 k3
        """,
    "CNN911": """A code that does not exist, or that cannot be ignored.

        In an ignore comment, in `lint:`, in pyproject.toml or on the command line. What keeps a file from being read
        (CNN901 to CNN906) and remarks about ignores cannot be ignored.

        Bad:
            cnncalc: 1
            input: 3x32x32
            layers:
              - conv 8 k3  # cnncalc: ignore[CNN999]

        Good:
            cnncalc: 1
            input: 3x32x32
            layers:
              - conv 8 k3
        """,
}
