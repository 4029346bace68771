"""The evaluation network of the DARTS family in PyTorch, and the published cells, written from the papers."""

from collections import namedtuple

import torch
from torch import nn
from torch.nn import functional as F

from ops import FactorizedReduce, ReLUConvBN, Stem, conv, operation

Genotype = namedtuple("Genotype", "normal reduce")


def genes(text):
    """'sep3:0 skip:1 ...' to (operation, input) pairs; two follow each other for each of the four states."""
    names = {"max": "max_pool_3x3", "avg": "avg_pool_3x3", "skip": "skip_connect", "sep3": "sep_conv_3x3",
             "sep5": "sep_conv_5x5", "dil3": "dil_conv_3x3", "dil5": "dil_conv_5x5"}
    return [(names[gene.split(":")[0]], int(gene.split(":")[1])) for gene in text.split()]


PUBLISHED = {  # in every one of them the output is the concatenation of all four states
    "DARTS_V1": Genotype(  # arXiv:1806.09055, first order
        genes("sep3:1 sep3:0 skip:0 sep3:1 skip:0 sep3:1 sep3:0 skip:2"),
        genes("max:0 max:1 skip:2 max:0 max:0 skip:2 skip:2 avg:0")),
    "DARTS_V2": Genotype(  # arXiv:1806.09055, second order
        genes("sep3:0 sep3:1 sep3:0 sep3:1 sep3:1 skip:0 skip:0 dil3:2"),
        genes("max:0 max:1 skip:2 max:1 max:0 skip:2 skip:2 max:1")),
    "PDARTS": Genotype(  # arXiv:1904.12760, CIFAR-10
        genes("skip:0 dil3:1 skip:0 sep3:1 sep3:1 sep3:3 sep3:0 dil5:4"),
        genes("avg:0 sep5:1 sep3:0 dil5:2 max:0 dil3:1 dil3:1 dil5:3")),
    "PC_DARTS_cifar": Genotype(  # arXiv:1907.05737, CIFAR-10
        genes("sep3:1 skip:0 sep3:0 dil3:1 sep5:0 sep3:1 avg:0 dil3:1"),
        genes("sep5:1 max:0 sep5:1 sep5:2 sep3:0 sep3:3 sep3:1 sep3:2")),
    "PC_DARTS_image": Genotype(  # arXiv:1907.05737, ImageNet
        genes("skip:1 sep3:0 sep3:0 skip:1 sep3:1 sep3:3 sep3:1 dil5:4"),
        genes("sep3:0 skip:1 dil5:2 max:1 sep3:2 sep3:1 sep5:0 sep3:3")),
}


class Edge(nn.Module):
    """One chosen operation, under its name."""

    def __init__(self, name, channels, stride):
        super().__init__()
        self.name = name
        self.add_module(name, operation(name, channels, stride, affine=True, norm_pools=False))
        self.identity = name == "skip_connect" and stride == 1

    def forward(self, x, mask, keep):
        x = getattr(self, self.name)(x)
        if mask is None or self.identity:  # an identity is never dropped
            return x
        return x / keep * mask[:, None, None, None]


class FoundCell(nn.Module):
    def __init__(self, chosen, c_before, c_last, channels, reduction, reduction_before):
        super().__init__()
        first = FactorizedReduce if reduction_before else ReLUConvBN
        self.preprocess0 = first(c_before, channels, affine=True)
        self.preprocess1 = ReLUConvBN(c_last, channels, affine=True)
        self.sources = [source for _, source in chosen]
        self.edges = nn.ModuleList(
            Edge(name, channels, 2 if reduction and source < 2 else 1) for name, source in chosen)

    def forward(self, s0, s1, masks, keep):
        """masks: [8, N] of zeros and ones, or None."""
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for first in range(0, len(self.edges), 2):
            states.append(sum(self.edges[e](states[self.sources[e]], None if masks is None else masks[e], keep)
                              for e in (first, first + 1)))
        return torch.cat(states[2:], dim=1)


class Auxiliary(nn.Module):
    """A second classifier at 2/3 of the depth: 5x5 mean pooling to 2x2, two convolutions, linear."""

    def __init__(self, channels, classes, stride, widths):
        super().__init__()
        self.stride = stride
        self.conv1 = conv(channels, widths[0], 1)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.conv2 = conv(widths[0], widths[1], 2)
        self.bn2 = nn.BatchNorm2d(widths[1])
        self.classifier = nn.Linear(widths[1], classes)

    def forward(self, x):
        x = F.avg_pool2d(F.relu(x), 5, self.stride, count_include_pad=False)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return self.classifier(x.flatten(1))


class HalvingStem(nn.Module):
    """The stem of networks for ImageNet: 3x3 convolutions of stride 2 with norms, a ReLU before each but that of the image."""

    def __init__(self, inputs, widths, first):
        super().__init__()
        self.first = first
        for i, (a, b) in enumerate(zip([inputs] + widths, widths)):
            number = str(i + 1) if len(widths) > 1 else ""
            self.add_module("conv" + number, conv(a, b, 3, stride=2, padding=1))
            self.add_module("bn" + number, nn.BatchNorm2d(b))

    def forward(self, x):
        for i, layer in enumerate(self.children()):
            if isinstance(layer, nn.Conv2d) and not (self.first and i == 0):
                x = F.relu(x)
            x = layer(x)
        return x


class NetworkCIFAR(nn.Module):
    """Stem, cells built from a genotype, mean over the image, linear classifier; size is the image's side."""

    def __init__(self, C, classes, cells, genotype, auxiliary, inputs=3, size=32, auxiliary_widths=(128, 768), imagenet=False):
        super().__init__()
        if imagenet:  # arXiv:1806.09055, appendix A.3, as its code has it
            self.stem0, self.stem1 = HalvingStem(inputs, [C // 2, C], True), HalvingStem(C, [C], False)
            before, last, channels, reduced, size = C, C, C, True, size // 8
        else:
            self.stem = Stem(inputs, 3 * C)
            before, last, channels, reduced = 3 * C, 3 * C, C, False
        self.cells = nn.ModuleList()
        self.auxiliary_at = 2 * cells // 3
        for i in range(cells):
            reduction = i in (cells // 3, 2 * cells // 3)
            if reduction:
                channels *= 2
            chosen = genotype.reduce if reduction else genotype.normal
            self.cells.append(FoundCell(chosen, before, last, channels, reduction, reduced))
            before, last, reduced = last, 4 * channels, reduction
            if auxiliary and i == self.auxiliary_at:
                self.auxiliary = Auxiliary(last, classes, size // 4 - 5, auxiliary_widths)
        self.classifier = nn.Linear(last, classes)

    def forward(self, x, masks=None, keep=1.0):
        """Logits and, in training with an auxiliary tower, its logits. masks: [cells, 8, N], or None."""
        auxiliary = None
        if hasattr(self, "stem"):
            s0 = s1 = self.stem(x)
        else:
            s0 = self.stem0(x)
            s1 = self.stem1(s0)
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, None if masks is None else masks[i], keep)
            if i == self.auxiliary_at and self.training and hasattr(self, "auxiliary"):
                auxiliary = self.auxiliary(s1)
        return self.classifier(s1.mean(dim=(2, 3))), auxiliary
