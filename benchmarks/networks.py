"""The networks that are measured, as text."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "configs"
HEAD = "cnncalc: 1\nname: benchmark\ninput: 3x64x64\n"


def line_by_line(layers: int) -> str:
    """One op a line, with channel counts that differ, so that few lines are alike."""
    kinds = ("  - conv {width} k3 p1", "  - bn", "  - relu")
    lines = [kinds[i % 3].format(width=16 + i // 3 % 97) for i in range(layers)]
    return HEAD + "layers:\n" + "\n".join(lines) + "\n"


def repeated(layers: int) -> str:
    """The same number of layers from one block and a count."""
    body = "blocks:\n  unit(c):\n    - conv c k3 p1\n    - bn\n    - relu\n"
    return HEAD + body + f"layers:\n  - {{use: unit, c: 64, repeat: {layers // 3}}}\n"


def residual(layers: int) -> str:
    """Residual units, four layers each with the sum."""
    body = "blocks:\n  unit(c):\n    - residual: [conv c k3 p1 bn relu]\n"
    return HEAD + body + f"layers:\n  - conv 64 k3 p1\n  - {{use: unit, c: 64, repeat: {layers // 4}}}\n"


VOCODER = """cnncalc: 1
name: vocoder with 256-fold up-sampling
input: 80x200
blocks:
  fields(c, k):
    - each: [d]
      rows: [[1], [3], [5]]
      do:
        - residual:
            - leaky
            - {op: conv, out: c, k: k, d: d, padding: half}
            - leaky
            - {op: conv, out: c, k: k, padding: half}
  up(c, k, s):
    - leaky
    - {op: convt, out: c, k: k, s: s, padding: (k-s)//2}
    - branches:
        - [{use: fields, c: c, k: 3}]
        - [{use: fields, c: c, k: 7}]
        - [{use: fields, c: c, k: 11}]
      merge: add
layers:
  - conv 512 k7 p3
  - up 256 16 8
  - up 128 16 8
  - up 64 4 2
  - up 32 4 2
  - leaky
  - conv 1 k7 p3 tanh
"""

WAVENET = """cnncalc: 1
name: five stacks of dilations 1 to 512
input: 1x65536
blocks:
  stack(c):
    - each: [d]
      rows: [[1], [2], [4], [8], [16], [32], [64], [128], [256], [512]]
      do:
        - residual:
            - branches:
                - [{op: conv, out: c, k: 2, d: d, padding: causal, act: tanh}]
                - [{op: conv, out: c, k: 2, d: d, padding: causal, act: sigmoid}]
              merge: mul
            - conv c k1
layers:
  - conv 32 k2 causal
  - {use: stack, c: 32, repeat: 5}
  - conv 256 k1 relu
  - conv 256 k1
"""

SPECIAL = {"vocoder, 256-fold up-sampling": VOCODER, "five WaveNet stacks": WAVENET}
