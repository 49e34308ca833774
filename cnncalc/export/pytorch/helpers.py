"""Modules that PyTorch does not have, as text; N stands for the number of axes."""

from __future__ import annotations

HELPERS = {
    "SeparableConv": '''
class SeparableConvNd(nn.Module):
    """Depthwise convolution, then a 1x1 convolution."""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, multiplier=1, bias=True,
        padding_mode="zeros",
    ):
        super().__init__()
        inner = in_channels * multiplier
        self.depthwise = nn.ConvNd(
            in_channels, inner, kernel_size, stride, padding, dilation, in_channels, bias=False,
            padding_mode=padding_mode,
        )
        self.pointwise = nn.ConvNd(inner, out_channels, 1, bias=bias)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))
''',
    "SqueezeExcitation": '''
class SqueezeExcitationNd(nn.Module):
    """A gate per channel from the whole map (Hu et al. 2017, arXiv:1709.01507)."""

    def __init__(self, channels, squeeze_channels, act, gate):
        super().__init__()
        self.pool = nn.AdaptiveAvgPoolNd(1)
        self.reduce = nn.ConvNd(channels, squeeze_channels, 1)
        self.act = act
        self.expand = nn.ConvNd(squeeze_channels, channels, 1)
        self.gate = gate

    def forward(self, x):
        return x * self.gate(self.expand(self.act(self.reduce(self.pool(x)))))
''',
    "ChannelLayerNorm": '''
class ChannelLayerNorm(nn.LayerNorm):
    """Norm of every position over its channels."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
''',
    "ChannelRMSNorm": '''
class ChannelRMSNorm(nn.RMSNorm):
    """Root mean square norm of every position over its channels."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
''',
    "SelfAttention": '''
class SelfAttention(nn.MultiheadAttention):
    """Every position attends to all others; tokens are (batch, positions, channels)."""

    def __init__(self, channels, num_heads):
        super().__init__(channels, num_heads, batch_first=True)

    def forward(self, x):
        return super().forward(x, x, x, need_weights=False)[0]
''',
    "ScaledDotProductAttention": '''
class ScaledDotProductAttention(nn.Module):
    """Every position attends to those of its window; query, key and value are (batch, positions, channels)."""

    def __init__(self, num_heads, num_kv_heads, windows=1):
        super().__init__()
        self.num_heads, self.num_kv_heads, self.windows = num_heads, num_kv_heads, windows

    def forward(self, query, key, value):
        query = self.split(query, self.num_heads)
        key, value = (
            self.split(x, self.num_kv_heads).repeat_interleave(self.num_heads // self.num_kv_heads, dim=1)
            for x in (key, value)
        )
        out = F.scaled_dot_product_attention(query, key, value)
        return out.transpose(1, 2).flatten(2).unflatten(0, (-1, self.windows)).flatten(1, 2)

    def split(self, x, heads):
        x = x.unflatten(1, (self.windows, -1)).flatten(0, 1)
        return x.unflatten(2, (heads, -1)).transpose(1, 2)
''',
    "Prepend": '''
class Prepend(nn.Module):
    """Learned tokens before the others; tokens are (batch, positions, channels)."""

    def __init__(self, count, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(count, channels))

    def forward(self, x):
        return torch.cat((self.weight.expand(x.shape[0], -1, -1), x), dim=1)
''',
    "Scale": '''
class Scale(nn.Module):
    """Learned factors."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        return x * self.weight
''',
    "Shift": '''
class Shift(nn.Module):
    """Learned offsets."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x + self.weight
''',
    "BlurPool": '''
class BlurPoolNd(nn.Module):
    """Strided pooling with a fixed binomial filter (Zhang 2019, arXiv:1904.11486)."""

    def __init__(self, channels, kernel_size, stride, padding, padding_mode):
        super().__init__()
        weight = torch.ones(())
        for size in kernel_size:
            row = torch.tensor([math.comb(size - 1, tap) / 2 ** (size - 1) for tap in range(size)])
            weight = weight.unsqueeze(-1) * row
        self.register_buffer("weight", weight.expand(channels, 1, *kernel_size).clone(), persistent=False)
        self.stride, self.padding, self.padding_mode = stride, padding, padding_mode

    def forward(self, x):
        x = F.pad(x, self.padding, mode=self.padding_mode)
        return F.convNd(x, self.weight, stride=self.stride, groups=x.shape[1])
''',
    "PixelShuffle": '''
class PixelShuffleNd(nn.Module):
    """Channels to space, for N axes."""

    def __init__(self, upscale_factor):
        super().__init__()
        self.factor = upscale_factor

    def forward(self, x):
        batch, channels, *sizes = x.shape
        count, r = len(sizes), self.factor
        x = x.reshape(batch, channels // r**count, *(r,) * count, *sizes)
        order = [place for axis in range(count) for place in (2 + count + axis, 2 + axis)]
        return x.permute(0, 1, *order).reshape(batch, -1, *(size * r for size in sizes))
''',
    "PixelUnshuffle": '''
class PixelUnshuffleNd(nn.Module):
    """Space to channels, for N axes."""

    def __init__(self, downscale_factor):
        super().__init__()
        self.factor = downscale_factor

    def forward(self, x):
        batch, channels, *sizes = x.shape
        count, r = len(sizes), self.factor
        x = x.reshape(batch, channels, *(part for size in sizes for part in (size // r, r)))
        x = x.permute(0, 1, *range(3, 3 + 2 * count, 2), *range(2, 2 + 2 * count, 2))
        return x.reshape(batch, -1, *(size // r for size in sizes))
''',
}
"""By name without the number of axes."""


def helper(name: str) -> str:
    """The text of a helper (`BlurPool2d`)."""
    if name in HELPERS:
        return HELPERS[name].strip("\n")
    return HELPERS[name[:-2]].strip("\n").replace("Nd", name[-2:]).replace("for N axes", f"for {name[-2]} axes")
