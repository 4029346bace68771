"""The operations of the DARTS search space in PyTorch, written from the papers (arXiv:1806.09055, arXiv:1907.05737).

Attribute names are the names of the weights in the golden files: doc.go of this package lists them.
Every norm is torch's BatchNorm2d (eps 1e-5, momentum 0.1); convolutions have no bias.
"""

import torch
from torch import nn
from torch.nn import functional as F

PRIMITIVES = (
    "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect",
    "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
)


def conv(inputs, outputs, size, stride=1, padding=0, dilation=1, groups=1):
    return nn.Conv2d(inputs, outputs, size, stride, padding, dilation, groups, bias=False)


def depthwise(channels, size, stride, dilation=1):
    """A convolution of each channel by itself that keeps height and width (up to the stride)."""
    return conv(channels, channels, size, stride, dilation * (size // 2), dilation, groups=channels)


class Zero(nn.Module):
    """The operation `none`: zeros of the right size, through which no gradient flows."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return x[:, :, :: self.stride, :: self.stride] * 0


class ReLUConvBN(nn.Module):
    """ReLU, 1x1 convolution, norm: what brings a cell's inputs to the cell's channels."""

    def __init__(self, inputs, outputs, affine):
        super().__init__()
        self.conv = conv(inputs, outputs, 1)
        self.bn = nn.BatchNorm2d(outputs, affine=affine)

    def forward(self, x):
        return self.bn(self.conv(F.relu(x)))


class FactorizedReduce(nn.Module):
    """Halves height and width: half of the output channels look at even positions, half at odd ones."""

    def __init__(self, inputs, outputs, affine):
        super().__init__()
        self.conv1 = conv(inputs, outputs // 2, 1, stride=2)
        self.conv2 = conv(inputs, outputs - outputs // 2, 1, stride=2)
        self.bn = nn.BatchNorm2d(outputs, affine=affine)

    def forward(self, x):
        x = F.relu(x)
        return self.bn(torch.cat([self.conv1(x), self.conv2(x[:, :, 1:, 1:])], dim=1))


class SepConv(nn.Module):
    """Twice: ReLU, depthwise convolution, pointwise convolution, norm. The first depthwise one has the stride."""

    def __init__(self, channels, size, stride, affine):
        super().__init__()
        self.depthwise1 = depthwise(channels, size, stride)
        self.pointwise1 = conv(channels, channels, 1)
        self.bn1 = nn.BatchNorm2d(channels, affine=affine)
        self.depthwise2 = depthwise(channels, size, 1)
        self.pointwise2 = conv(channels, channels, 1)
        self.bn2 = nn.BatchNorm2d(channels, affine=affine)

    def forward(self, x):
        x = self.bn1(self.pointwise1(self.depthwise1(F.relu(x))))
        return self.bn2(self.pointwise2(self.depthwise2(F.relu(x))))


class DilConv(nn.Module):
    """ReLU, depthwise convolution with dilation 2, pointwise convolution, norm."""

    def __init__(self, channels, size, stride, affine):
        super().__init__()
        self.depthwise = depthwise(channels, size, stride, dilation=2)
        self.pointwise = conv(channels, channels, 1)
        self.bn = nn.BatchNorm2d(channels, affine=affine)

    def forward(self, x):
        return self.bn(self.pointwise(self.depthwise(F.relu(x))))


class Pool(nn.Module):
    """3x3 pooling; a search follows it by a norm without scale and bias. Averages leave the padding out."""

    def __init__(self, kind, channels, stride, norm):
        super().__init__()
        self.kind, self.stride = kind, stride
        self.bn = nn.BatchNorm2d(channels, affine=False) if norm else nn.Identity()

    def forward(self, x):
        if self.kind == "max":
            return self.bn(F.max_pool2d(x, 3, self.stride, padding=1))
        return self.bn(F.avg_pool2d(x, 3, self.stride, padding=1, count_include_pad=False))


class Stem(nn.Module):
    """3x3 convolution of the image and a norm, which is affine in a search, too."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = conv(inputs, outputs, 3, padding=1)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


def operation(name, channels, stride, affine, norm_pools):
    """One primitive. A found network has affine norms and bare pools, a search network the opposite."""
    if name == "none":
        return Zero(stride)
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels, affine)
    kind, rest = name.split("_", 1)
    if rest == "pool_3x3":
        return Pool(kind, channels, stride, norm_pools)
    size = int(name[-1])
    return {"sep": SepConv, "dil": DilConv}[kind](channels, size, stride, affine)
