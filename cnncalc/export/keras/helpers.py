"""Functions that an exported Keras file holds where a layer needs them."""

from __future__ import annotations

import re

_HELPERS = {
    "LayerScale": '''
class LayerScale(layers.Layer):
    """A learned factor per channel."""

    def build(self, shape):
        self.gamma = self.add_weight(shape=(shape[-1],), initializer="ones", name="gamma")

    def call(self, x):
        return x * self.gamma
''',
    "LayerShift": '''
class LayerShift(layers.Layer):
    """A learned number per channel, added."""

    def build(self, shape):
        self.beta = self.add_weight(shape=(shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        return x + self.beta
''',
    "model_of": '''
def model_of(block, shape, name, **numbers):
    """A block as a model, whose weights are the same in all its calls."""
    x = keras.Input(shape)
    return keras.Model(x, block(x, name=name, **numbers), name=name)
''',
    "squeeze_excite": '''
def squeeze_excite(x, squeeze_channels, act, gate, trainable=True, name=None):
    """Squeeze and excitation."""
    channels = x.shape[-1]
    y = layers.GlobalAveragePooling{n}D(keepdims=True, name=f"{name}_pool")(x)
    y = layers.Conv{n}D(squeeze_channels, 1, activation=act, trainable=trainable, name=f"{name}_squeeze")(y)
    y = layers.Conv{n}D(channels, 1, activation=gate, trainable=trainable, name=f"{name}_excite")(y)
    return layers.Multiply(name=f"{name}_scale")([x, y])
''',
    "pixel_shuffle": '''
def pixel_shuffle(x, factor):
    """Channels to space."""
    _, height, width, channels = x.shape
    channels //= factor**2
    x = ops.reshape(x, (-1, height, width, channels, factor, factor))
    x = ops.transpose(x, (0, 1, 4, 2, 5, 3))
    return ops.reshape(x, (-1, height * factor, width * factor, channels))
''',
    "pixel_unshuffle": '''
def pixel_unshuffle(x, factor):
    """Space to channels."""
    _, height, width, channels = x.shape
    x = ops.reshape(x, (-1, height // factor, factor, width // factor, factor, channels))
    x = ops.transpose(x, (0, 1, 3, 5, 2, 4))
    return ops.reshape(x, (-1, height // factor, width // factor, channels * factor**2))
''',
    "channel_shuffle": '''
def channel_shuffle(x, groups):
    """The channels of all groups in turn."""
    _, *sizes, channels = x.shape
    x = ops.reshape(x, (-1, *sizes, groups, channels // groups))
    return ops.reshape(ops.swapaxes(x, -1, -2), (-1, *sizes, channels))
''',
    "attend": '''
def attend(query, key, value, heads):
    """Scaled dot-product attention over all positions."""
    q, k, v = (ops.reshape(x, (-1, math.prod(x.shape[1:-1]), heads, x.shape[-1] // heads)) for x in (query, key, value))
    x = ops.dot_product_attention(q, k, v)
    return ops.reshape(x, (-1, *query.shape[1:-1], value.shape[-1]))
''',
}


def helper(name: str) -> str:
    """The text of a function; `squeeze_excite_2d` is that for maps of two axes."""
    found = re.fullmatch(r"(.*)_([123])d", name)
    if found:
        return _HELPERS[found[1]].strip().replace("{n}", found[2])
    return _HELPERS[name].strip()
