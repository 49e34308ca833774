"""What each Keras layer is in the language, and why some are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.keras import activations, attention, dense, layout, merges, norms, windows
from cnncalc.importers.keras.call import shown
from cnncalc.importers.keras.merges import with_constants
from cnncalc.importers.tensors.trace import Held, UnmappedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cnncalc.importers.keras.call import Call


def dropout(call: Call) -> Held:
    """No effect at inference."""
    rate = call.argument("rate", default=0)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise UnmappedError(f"a rate of {shown(rate)}")
    return call.same("dropout", {"p": f"{rate:.6g}"}, call.x)


def residual(call: Call) -> Held:
    """`x + scale*y` (InceptionResNet's `CustomScaleLayer`)."""
    return merges.merge("add")(call)


def _each(names: Mapping[str, Callable[[Call], Held]]) -> dict[str, Callable[[Call], Held]]:
    return {name.format(ndim): mapper for name, mapper in names.items() for ndim in (1, 2, 3)}


def _all(names: Iterable[str], mapper: Callable[[Call], Held]) -> dict[str, Callable[[Call], Held]]:
    return dict.fromkeys(names, mapper)


LAYERS: dict[str, Callable[[Call], Held]] = {
    **_each(
        {
            "Conv{}D": windows.conv, "Convolution{}D": windows.conv, "DepthwiseConv{}D": windows.conv,
            "SeparableConv{}D": windows.conv, "SeparableConvolution{}D": windows.conv,
            "Conv{}DTranspose": windows.conv_transposed, "Convolution{}DTranspose": windows.conv_transposed,
            "MaxPooling{}D": windows.pool("maxpool"), "MaxPool{}D": windows.pool("maxpool"),
            "AveragePooling{}D": windows.pool("avgpool"), "AvgPool{}D": windows.pool("avgpool"),
            "GlobalAveragePooling{}D": windows.global_pool("gap"), "GlobalAvgPool{}D": windows.global_pool("gap"),
            "GlobalMaxPooling{}D": windows.global_pool("gmp"), "GlobalMaxPool{}D": windows.global_pool("gmp"),
            "AdaptiveAveragePooling{}D": windows.adaptive_pool("adaptive"),
            "AdaptiveMaxPooling{}D": windows.adaptive_pool("adaptive_max"),
            "ZeroPadding{}D": windows.border("pad"), "Cropping{}D": windows.border("crop"),
            "UpSampling{}D": windows.upsampling, "SpatialDropout{}D": dropout,
        }
    ),
    "Resizing": windows.resizing,
    "CenterCrop": windows.center_crop,
    **_all(norms.OPS, norms.norm),
    "UnitNormalization": norms.unit,
    **_all(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"), activations.layer),
    "PReLU": activations.prelu,
    **_all(("Dropout", "AlphaDropout", "GaussianDropout"), dropout),
    **_all(
        ("Identity", "ActivityRegularization", "Rescaling", "Normalization", "GaussianNoise", "Masking",
         "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix", "Equalization", "MixUp",
         "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
         "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue",
         "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation",
         "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "Solarization", "StochasticDepth",
         "FixedDropout"),
        with_constants,
    ),
    "Dense": dense.dense,
    "EinsumDense": dense.einsum_dense,
    "LayerScale": dense.scale,
    "LayerShift": dense.scale,
    "Add": merges.merge("add"),
    "Average": merges.merge("add"),
    "Subtract": merges.merge("sub"),
    "Multiply": merges.merge("mul"),
    "Maximum": merges.merge("max"),
    "Minimum": merges.merge("min"),
    "CustomScaleLayer": residual,
    "Concatenate": merges.concatenate,
    "Dot": merges.dot,
    "Flatten": layout.flatten,
    "Reshape": layout.reshape,
    "Permute": layout.permute,
    "RepeatVector": layout.repeat_vector,
    "MultiHeadAttention": attention.multi_head,
    "GroupQueryAttention": attention.grouped_query,
    "GroupedQueryAttention": attention.grouped_query,
    "Attention": attention.dot_product,
}  # fmt: skip

WRAPPERS = frozenset({"SpectralNormalization", "Wrapper"})
"""Hold a layer in `layer` and do nothing else at inference."""

_RECURRENT = "a recurrent layer has no receptive field of fixed windows"
_TEXT = "a layer on indices or text, not on maps"
_CODE = "its function is code, which is not run"
REFUSED = {
    **dict.fromkeys(
        ("RNN", "SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D",
         "ConvLSTM3D", "StackedRNNCells", "LSTMCell", "GRUCell", "SimpleRNNCell"), _RECURRENT
    ),
    **dict.fromkeys(
        ("Embedding", "ReversibleEmbedding", "CategoryEncoding", "Discretization", "HashedCrossing", "Hashing",
         "IndexLookup", "IntegerLookup", "StringLookup", "TextVectorization", "FeatureSpace"), _TEXT
    ),
    **dict.fromkeys(("Lambda",), _CODE),
    **dict.fromkeys(("LocallyConnected1D", "LocallyConnected2D"), "weights of their own at every position"),
    **dict.fromkeys(("MelSpectrogram", "STFTSpectrogram"), "a spectrogram is no layer of the language"),
    "TimeDistributed": "a layer for each time step",
    "AdditiveAttention": "attention whose scores are no products",
    "RandomCrop": "its inference crops or resizes depending on the input",
    "MaxNumBoundingBoxes": "it acts on boxes, not on maps",
    "Pipeline": "a chain of preprocessing layers",
    "TorchModuleWrapper": _CODE, "TFSMLayer": _CODE, "JaxLayer": _CODE, "FlaxLayer": _CODE,
}  # fmt: skip
"""Layers that Keras has and the language has not, and why."""
