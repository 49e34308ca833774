"""Every layer of Keras, one by one: what Keras builds, and what is read from its JSON."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

import cnncalc
from cnncalc.errors import SpecError
from cnncalc.importers.keras.layers import LAYERS, REFUSED, WRAPPERS
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.queries.unit import unit
from tests.oracle import keras_backend as oracle
from tests.oracle.keras_backend import keras
from tests.oracle.keras_layers import MAP, MERGES, OPERATIONS, REFUSALS, SINGLE, L, O

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


def model_of(make: Callable[..., Any], *shapes: Sequence[int]) -> Any:
    """A functional model around it; a layer itself is called."""

    def build() -> Any:
        inputs = [keras.Input(shape, name=f"in{number}") for number, shape in enumerate(shapes)]
        made = make()
        if isinstance(made, L.Layer) and len(inputs) > 1:
            return keras.Model(inputs, made(inputs))
        return keras.Model(inputs, made(*inputs))

    return oracle.weightless(build)


def agree(model: Any, *, first: bool = False) -> None:
    """Parameters, products of layers with kernels, and the output shapes are Keras'."""
    found = oracle.read(model)
    report = oracle.report(found)
    assert report.totals.params == oracle.trainable(model)
    if not has_products(model):
        assert report.totals.macs == oracle.macs(model)
    ours = [oracle.bare(tuple(shape)) for shape in report.outputs.values()]
    outputs = model.outputs
    wanted = [oracle.sizes(tensor, first=first) for tensor in outputs]
    assert ours == list(dict.fromkeys(wanted))


def has_products(model: Any) -> bool:
    """Whether tensors are multiplied with each other: what that takes is proven by formulas, in tests of their own."""
    kinds = {type(layer).__name__ for layer in oracle.layers(model)}
    return bool(kinds & {"MultiHeadAttention", "GroupedQueryAttention", "Attention", "Dot", "Matmul", "Einsum"})


@pytest.mark.parametrize("name", [*SINGLE, *MERGES, *OPERATIONS])
def test_a_layer_has_the_figures_of_keras(name: str) -> None:
    make, shapes = {**SINGLE, **MERGES, **OPERATIONS}[name]
    agree(model_of(make, *shapes))


def test_every_layer_of_keras_is_mapped_or_refused_with_a_reason() -> None:
    abstract = {"Layer", "InputLayer", "InputSpec", "Input"}
    kinds = {
        name
        for name in dir(L)
        if name[0].isupper() and inspect.isclass(found := getattr(L, name)) and issubclass(found, L.Layer)
    }
    assert kinds - abstract - LAYERS.keys() - REFUSED.keys() - WRAPPERS == set()


@pytest.mark.parametrize("name", REFUSALS)
def test_what_has_no_counterpart_is_refused_with_a_reason(name: str) -> None:
    make, shapes, reason = REFUSALS[name]
    with pytest.raises(SpecError, match=reason):
        oracle.read(model_of(make, *shapes))


def test_attention_has_the_products_of_its_formula() -> None:
    heads, key, value, out, n, m, c, d = 2, 3, 5, 7, 12, 9, 6, 8

    def attend(query: Any, other: Any) -> Any:
        return L.MultiHeadAttention(heads, key, value_dim=value, output_shape=out)(query, other)

    model = model_of(lambda: attend, (n, c), (m, d))
    projections = n * c * heads * key + m * d * heads * (key + value) + n * heads * value * out
    products = n * m * heads * (key + value)
    assert oracle.report(oracle.read(model)).totals.macs == projections + products


def test_a_product_has_the_multiplications_of_a_product() -> None:
    model = model_of(lambda: lambda x: O.matmul(x, O.transpose(x, (0, 1, 3, 2))), MAP)
    h, w, c = MAP
    assert oracle.report(oracle.read(model)).totals.macs == h * w * w * c


@pytest.mark.parametrize(
    "kind",
    ["Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "MaxPooling2D", "UpSampling2D", "GlobalAveragePooling2D",
     "ZeroPadding2D", "Cropping2D", "BatchNormalization"],
)  # fmt: skip
def test_a_layer_may_have_its_channels_first_among_others(kind: str) -> None:
    config: dict[str, Any] = {"axis": 1} if kind == "BatchNormalization" else {"data_format": "channels_first"}
    if kind.startswith("Conv"):
        config["filters"] = 5
    if "Conv" in kind:
        config["kernel_size"] = 3
    if kind == "Cropping2D":
        config["cropping"] = ((1, 2), (3, 0))
    made = model_of(lambda: getattr(L, kind)(**config), (6, 12, 10))
    agree(made, first=True)


class TestFields:
    """Which positions of the input an output reads, against autograd on PyTorch."""

    N = 13
    KINDS: ClassVar[dict[str, Callable[[], Any]]] = {
        **{
            f"conv {k} {s} {d} {pad}": partial(L.Conv1D, 1, k, strides=s, dilation_rate=d, padding=pad)
            for k in (1, 2, 3, 4)
            for s, d in ((1, 1), (2, 1), (3, 1), (1, 2))
            for pad in ("same", "valid", "causal")
        },
        **{
            f"transposed {k} {s} {pad}": partial(L.Conv1DTranspose, 1, k, strides=s, padding=pad)
            for k in (1, 2, 3, 4, 5)
            for s in (1, 2, 3)
            for pad in ("same", "valid")
        },
        **{
            f"average {k} {s} {pad}": partial(L.AveragePooling1D, k, strides=s, padding=pad)
            for k in (2, 3)
            for s in (1, 2, 3)
            for pad in ("same", "valid")
        },
        "separable": lambda: L.SeparableConv1D(1, 3, strides=2, padding="same"),
        "upsampled": lambda: L.UpSampling1D(3),
        "padded": lambda: keras.Sequential([L.ZeroPadding1D((0, 2)), L.Conv1D(1, 3, strides=2)]),
        "cut": lambda: L.Cropping1D((2, 1)),
        "every third": lambda: keras.Sequential([L.Conv1D(1, 3, padding="same"), L.MaxPooling1D(1, strides=3)]),
    }

    @pytest.mark.parametrize("name", KINDS)
    def test_every_output_reads_the_positions_that_have_a_gradient(self, name: str) -> None:
        torch = __import__("torch")
        inputs = keras.Input((self.N, 1))
        model = keras.Model(inputs, self.KINDS[name]()(inputs))
        for weight in model.trainable_weights:
            weight.assign(torch.ones(tuple(weight.shape)))
        x = torch.randn(1, self.N, 1, requires_grad=True)
        outputs = model(x)
        graph = cnncalc.build(cnncalc.parse(to_yaml(oracle.read(model))))
        last = graph.layers[-1]
        for place in range(outputs.shape[1]):
            (gradient,) = torch.autograd.grad(outputs[0, place].sum(), x, retain_graph=True)
            wanted = set(torch.nonzero(gradient[0, :, 0]).flatten().tolist())
            assert set(unit(graph, last.name, (place,)).axes[0].pixels) == wanted, place
