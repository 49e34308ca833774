"""CNN048: an input that looks like HxWxC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import Report

MOST_CHANNELS = 4
"""Of an image: grey, two, RGB, RGBA."""
SMALLEST_IMAGE = 16
"""A side below this is a map of features rather than an image."""


@rule("CNN048", Severity.WARNING)
def channels_last_input(report: Report) -> Iterator[Problem]:
    """The last size of an input is at most 4 and the ones before it are an image's: HxWxC given for CxHxW.

    Channels come first here, as in PyTorch; TensorFlow and image files have them last. `224x224x3` is an image of 224
    channels, 224 high and 3 wide: every size and every count that follows is of another network. Inputs with a side
    below 16 (maps of features) are left alone.

    Bad:
        cnncalc: 1
        input: 224x224x3
        layers: [conv 64 k3 p1 relu]

    Good:
        cnncalc: 1
        input: 3x224x224
        layers: [conv 64 k3 p1 relu]
    """
    for name, (*image, channels) in report.inputs.items():
        if len(image) > 1 and channels <= MOST_CHANNELS and min(image) >= SMALLEST_IMAGE:
            shown = "x".join(map(str, report.inputs[name]))
            meant = "x".join(map(str, (channels, *image)))
            places = report.spec.places
            yield Problem(
                message=f"input {shown} has {image[0]} channels and a last axis of {channels}: channels seem last",
                help=f"channels come first: `{meant}`",
                at=places.get("input") or places.get("inputs"),
            )
