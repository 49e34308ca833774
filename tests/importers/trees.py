"""Random networks as an importer would find them: modules in modules, many of them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from cnncalc.importers.layers import Imported, Layer
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.importers.layers import Shape

    Draw = Callable[[Any], Any]
    Recipe = dict[str, Any]

ACTIVATIONS = ("relu", "silu", "sigmoid", "hswish")
NAMES = ("conv", "body", "0", "fc", "層", "a-b", "x", "add1", "relu1", "i", "c", "s", "has_se", "3x3", "down", "1", "2")
PIECES = ("conv", "conv", "pool", "residual", "residual", "branches", "gate", "split", "dense", "call", "act", "norm")
SIDE = 16


@st.composite
def networks(draw: Draw) -> Imported:
    """A network of a few kinds of modules, each used several times with other numbers and small variations."""
    return _Maker(draw).network()


class _Maker:
    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.layers: list[Layer] = []
        self.shapes: dict[str, Shape] = {}
        self.kinds: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.has_kinds = draw(st.booleans())
        self.recipes: list[Recipe] = []
        self.owners: dict[tuple[Any, ...], str] = {}
        """Weights -> the first layer with such."""

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def often(self) -> bool:
        return bool(self.draw(st.integers(0, 3)))

    def rarely(self) -> bool:
        return not self.draw(st.integers(0, 5))

    def network(self) -> Imported:
        inputs: dict[str, Shape] = {"input": (4, SIDE, SIDE)}
        if self.rarely():
            inputs = dict.fromkeys(self.choose(("left", "right side"), ("a-b", "a_b"), ("x", "body")), (4, SIDE, SIDE))
        self.shapes |= inputs
        for _ in range(self.draw(st.integers(1, 3))):
            self.recipes.append(self.recipe(depth=self.draw(st.integers(0, 1))))
        end = self.choose(*inputs)
        ends = list(inputs)
        for at in range(self.draw(st.integers(1, 5))):
            how = self.choose("stage", "stage", "one", "conv", "skip")
            name = f"stage{at}" if self.often() else f"{self.choose(*NAMES)}.{at}"
            if how == "stage":
                end = self.stage(name, end)
            elif how == "one":
                end = self.module(name, self.choose(*self.recipes), self.numbers(), end)
            elif how == "conv":
                end = self.conv(name, end, self.choose(4, 8, 16), 3, 1)
            else:
                end = self.skip(name, end, ends)
            ends.append(end)
        outputs = [end]
        if self.rarely():
            outputs = list(dict.fromkeys([self.choose(*ends), end]))
        if not self.layers:
            end = self.add("only", "relu", (end,), self.shapes[end])
            outputs = [end]
        return Imported(
            name=self.choose("net", "Netz 網", "a.b-c", "null", "1e5", 'a"b: #', "\x7f\u2028\ud800"),
            inputs=inputs,
            layers=tuple(self.layers),
            outputs=tuple(outputs),
            kinds=self.kinds,
        )

    def recipe(self, depth: int) -> Recipe:
        """What the modules of a kind have in common."""
        kind = self.choose("Bottleneck", "Block", "Sequential", "conv", "Stage", "c", "s", "ブロック")
        pieces = []
        for at in range(self.draw(st.integers(1, 4))):
            what = self.choose(*PIECES)
            piece: Recipe = {
                "what": what,
                "name": self.choose(f"{what}{at}", f"{what}{at}", f"{self.choose(*NAMES)}_{at}", str(at)),
            }
            piece["k"], piece["out"] = self.choose(1, 3), self.choose("c", "c", "4c", "x", "n")
            piece["act"], piece["norm"] = self.choose(*ACTIVATIONS, None), self.choose("bn", "bn", None, "gn")
            piece["named"], piece["rule"] = self.often(), self.choose("identity", "project", "if_same", "project first")
            if what in ("residual", "branches", "call") and depth > 0:
                piece["inner"] = [self.recipe(depth - 1) for _ in range(2)]
            elif what == "call":
                piece["what"] = "conv"
            pieces.append(piece)
        return {"kind": kind, "pieces": pieces}

    def numbers(self) -> dict[str, Any]:
        """What differs from one module of a kind to the next."""
        return {
            "c": self.choose(4, 4, 8, 16),
            "s": self.choose(1, 1, 1, 2),
            "k": self.choose(1, 3, 3, 5),
            "act": self.choose("relu", "relu", "silu", None),
            "n": self.choose(4, 12, 20),
            "gate": self.often(),
        }

    def stage(self, name: str, end: str) -> str:
        """Copies numbered from 0, the first one with a stride perhaps."""
        recipe, numbers = self.choose(*self.recipes), self.numbers()
        grows = self.choose(0, 0, 0, 4)
        for copy in range(self.draw(st.integers(1, 4))):
            own = {**numbers, "s": numbers["s"] if copy == 0 else 1, "n": numbers["n"] + grows * copy}
            if self.rarely():
                own = self.numbers()
            end = self.module(f"{name}.{copy}", recipe, own, end)
        return end

    def module(self, path: str, recipe: Recipe, numbers: dict[str, Any], end: str) -> str:
        if self.has_kinds:
            self.kinds[path] = recipe["kind"]
        for piece in recipe["pieces"]:
            end = self.piece(f"{path}.{piece['name']}", piece, numbers, end)
        return end

    def piece(self, path: str, piece: Recipe, numbers: dict[str, Any], end: str) -> str:  # noqa: C901, PLR0911 - a piece each
        what = piece["what"]
        shape = self.shapes[end]
        if what == "conv":
            return self.unit(path, piece, numbers, end, numbers["s"])
        if what == "pool":
            return self.window(path, "maxpool", end, 3, 1, {}, named=piece["named"])
        if what == "act":
            return self.add(path, numbers["act"] or "relu", (end,), shape, named=piece["named"])
        if what == "norm":
            return self.add(path, "bn", (end,), shape)
        if what == "call":
            return self.module(path, piece["inner"][0], numbers, end)
        if what == "gate":
            if not numbers["gate"]:
                return end
            made = self.add(f"{path}.pool", "gap", (end,), (shape[0], 1, 1))
            made = self.conv(f"{path}.fc1", made, max(1, shape[0] // 4), 1, 1)
            made = self.conv(f"{path}.fc2", made, shape[0], 1, 1)
            return self.add(f"{path}.mul", "mul", (end, made), shape, named=False)
        if what == "split":
            if shape[0] % 2:
                return end
            half = shape[0] // 2
            one = self.slice(f"{path}.slice_a", end, 0, half)
            two = self.slice(f"{path}.slice_b", end, half, 2 * half)
            two = self.unit(f"{path}.conv", {**piece, "out": "x"}, numbers, two, 1)
            return self.add(f"{path}.cat", "concat", (one, two), (half + self.shapes[two][0], *shape[1:]), named=False)
        if what == "dense":
            made = self.unit(f"{path}.grow", piece, numbers, end, 1)
            return self.concat(f"{path}.cat", (end, made))
        if what == "branches":
            return self.branches(path, piece, numbers, end)
        return self.residual(path, piece, numbers, end)

    def branches(self, path: str, piece: Recipe, numbers: dict[str, Any], end: str) -> str:
        ends = []
        for at in range(2):
            if "inner" in piece:
                ends.append(self.module(f"{path}.b{at}", piece["inner"][at], numbers, end))
            else:
                ends.append(self.unit(f"{path}.b{at}", {**piece, "k": 1 + 2 * at}, numbers, end, 1))
        if piece["rule"] == "identity":
            ends.insert(0, end)
        if len({self.shapes[each][1:] for each in ends}) > 1 or len(set(ends)) < 2:
            return ends[-1]
        return self.concat(f"{path}.cat", tuple(ends))

    def residual(self, path: str, piece: Recipe, numbers: dict[str, Any], end: str) -> str:
        """A main path and, depending on the kind, what is added to it."""
        shape = self.shapes[end]

        def project(out: int) -> str:
            made = self.window(f"{path}.down.0", "conv", end, 1, numbers["s"], {"out_channels": out, "bias": False})
            return self.add(f"{path}.down.1", "bn", (made,), self.shapes[made])

        first = None
        if piece["rule"] == "project first" and (numbers["s"] != 1 or shape[0] != numbers["c"]):
            first = project(numbers["c"])
        if "inner" in piece:
            main = self.module(f"{path}.main", piece["inner"][0], numbers, end)
        else:
            main = self.unit(f"{path}.a", {**piece, "out": "c"}, numbers, end, numbers["s"])
            main = self.unit(f"{path}.b", {**piece, "out": "c", "act": None}, numbers, main, 1)
        skip = first or end
        if first is None and self.shapes[main] != shape:
            if piece["rule"] in ("if_same", "identity"):
                return main
            skip = project(self.shapes[main][0])
        if self.shapes[skip] != self.shapes[main] or skip == main:
            return main
        inputs = (skip, main) if piece["rule"] == "project first" else (main, skip)
        made = self.add(f"{path}.add", "add", inputs, self.shapes[main], named=False)
        return self.add(f"{path}.out", piece["act"], (made,), self.shapes[made]) if piece["act"] else made

    def skip(self, name: str, end: str, ends: list[str]) -> str:
        """A concatenation with something from long before, as in a U-Net."""
        alike = [each for each in ends if self.shapes[each][1:] == self.shapes[end][1:] and each != end]
        if not alike:
            return end
        return self.concat(f"{name}.cat", (self.choose(*alike), end))

    def unit(self, path: str, piece: Recipe, numbers: dict[str, Any], end: str, stride: int) -> str:
        """A convolution with what follows it."""
        channels = self.shapes[end][0]
        out = {"c": numbers["c"], "4c": 4 * numbers["c"], "x": channels, "n": numbers["n"]}[piece["out"]]
        k = piece["k"] if piece["k"] == 1 else numbers["k"]
        options: dict[str, Any] = {"out_channels": out, "bias": piece["norm"] is None}
        if out == channels and self.rarely():
            options["groups"] = channels
        made = self.window(f"{path}.conv", "conv", end, k, stride, options)
        if piece["norm"]:
            made = self.add(
                f"{path}.norm",
                piece["norm"],
                (made,),
                self.shapes[made],
                {"num_groups": 2} if piece["norm"] == "gn" else {},
            )
        act = numbers["act"] if piece["act"] == "relu" else piece["act"]
        return self.add(f"{path}.act", act, (made,), self.shapes[made], named=piece["named"]) if act else made

    def conv(self, path: str, end: str, out: int, k: int, stride: int) -> str:
        return self.window(path, "conv", end, k, stride, {"out_channels": out, "bias": True})

    def window(
        self, path: str, op: str, end: str, k: int, stride: int, options: dict[str, Any], *, named: bool = True
    ) -> str:
        channels, *sizes = self.shapes[end]
        if min(sizes) < 4:
            stride = 1
        shape = (options.get("out_channels", channels), *((size + 2 * (k // 2) - k) // stride + 1 for size in sizes))
        options = {**options, "kernel_size": k, "stride": stride, "padding": k // 2}
        made = self.add(path, op, (end,), shape, options, named=named)
        if op == "conv":
            self.share(channels, options)
        return made

    def share(self, channels: int, options: dict[str, Any]) -> None:
        """Perhaps let the last layer reuse the weights of one like it."""
        weights = channels, *(options.get(key) for key in ("out_channels", "kernel_size", "bias", "groups"))
        owner = self.owners.setdefault(weights, self.layers[-1].name)
        if owner != self.layers[-1].name and self.rarely():
            self.layers[-1] = replace(self.layers[-1], shares=owner)

    def slice(self, path: str, end: str, start: int, stop: int) -> str:
        shape = (stop - start, *self.shapes[end][1:])
        return self.add(path, "slice", (end,), shape, {"channels": f"{start}:{stop}"}, named=False)

    def concat(self, path: str, inputs: tuple[str, ...]) -> str:
        channels = sum(self.shapes[name][0] for name in inputs)
        return self.add(path, "concat", inputs, (channels, *self.shapes[inputs[0]][1:]), named=False)

    def add(
        self,
        path: str,
        op: str,
        inputs: tuple[str, ...],
        shape: Shape,
        options: dict[str, Any] | None = None,
        *,
        named: bool = True,
    ) -> str:
        name, more = path, 1
        while name in self.shapes:
            more += 1
            name = f"{path}_{more}"
        self.layers.append(Layer(name=name, op=op, options=options or {}, inputs=inputs, shape=shape, is_named=named))
        self.shapes[name] = shape
        return name
