"""Models made with `onnx.helper`, weights without contents."""

from __future__ import annotations

from typing import Any

from tests.frameworks import needed

onnx = needed("onnx")
helper, TensorProto = onnx.helper, onnx.TensorProto


class Maker:
    """Adds node after node; every weight is external data that does not exist, as large as it says."""

    def __init__(self, *, opset: int = 17) -> None:
        self.opset = opset
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, name: str, *dims: int, kind: int = TensorProto.FLOAT) -> str:
        tensor = TensorProto(name=name, data_type=kind, dims=dims)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="nowhere.bin")
        self.weights.append(tensor)
        return name

    def ints(self, name: str, *values: int) -> str:
        self.weights.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def number(self, name: str, value: float) -> str:
        """A constant of one element; an integer is one in the file, too."""
        kind = TensorProto.INT64 if isinstance(value, int) else TensorProto.FLOAT
        self.weights.append(helper.make_tensor(name, kind, [], [value]))
        return name

    def floats(self, name: str, *values: float, dims: tuple[int, ...] | None = None) -> str:
        self.weights.append(helper.make_tensor(name, TensorProto.FLOAT, dims or [len(values)], values))
        return name

    def node(self, op: str, *inputs: str, name: str = "", outputs: int = 1, domain: str = "", **attributes: Any) -> str:
        stem = f"t{len(self.nodes)}"
        made = [stem, *(f"{stem}_{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(op, inputs, made, name=name, domain=domain, **attributes))
        return stem

    def model(self, inputs: dict[str, tuple[Any, ...]], *outputs: str) -> Any:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])

    def conv(self, x: str, path: str, channels: tuple[int, int], k: int, s: int = 1, *, norm: bool = True) -> str:
        """A convolution, padded by half, with its norm if it is not folded."""
        out, into = channels
        given = [self.weight(f"{path}.weight", out, into, k, k)]
        if not norm:
            given.append(self.weight(f"{path}.bias", out))
        y = self.node("Conv", x, *given, kernel_shape=[k, k], strides=[s, s], pads=[k // 2] * 4)
        if not norm:
            return y
        bn = path.replace("conv", "bn") if "conv" in path else path.removesuffix(".0") + ".1"
        names = [f"{bn}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
        return self.node("BatchNormalization", y, *(self.weight(name, out) for name in names))


def resnet18(*, norm: bool = True, batch: int | str = "batch", size: int | str = 224) -> Any:
    """He et al. 2015, as torchvision has it."""
    make = Maker()
    x = make.node("Relu", make.conv("x", "conv1", (64, 3), 7, 2, norm=norm), name="/relu/Relu")
    x = make.node("MaxPool", x, name="/maxpool/MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    into = 64
    for stage, out in enumerate((64, 128, 256, 512), 1):
        for block in range(2):
            path, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            scope = f"/layer{stage}/{path}"
            y = make.node(
                "Relu", make.conv(x, f"{path}.conv1", (out, into), 3, stride, norm=norm), name=f"{scope}/relu/Relu"
            )
            y = make.conv(y, f"{path}.conv2", (out, out), 3, norm=norm)
            if stride > 1:
                x = make.conv(x, f"{path}.downsample.0", (out, into), 1, stride, norm=norm)
            x = make.node("Relu", make.node("Add", y, x, name=f"{scope}/Add"), name=f"{scope}/relu_1/Relu")
            into = out
    x = make.node("Flatten", make.node("GlobalAveragePool", x, name="/avgpool/GlobalAveragePool"), name="/Flatten")
    x = make.node("Gemm", x, make.weight("fc.weight", 1000, 512), make.weight("fc.bias", 1000), transB=1)
    return make.model({"x": (batch, 3, size, size)}, x)
