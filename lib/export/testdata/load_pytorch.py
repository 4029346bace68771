"""Loads exported weights into DARTS' network: load_pytorch.py WEIGHTS IMAGES prints the logits as JSON.

    pip install torch==2.15.0 safetensors==0.8.0

The network has the modules and the names of NetworkCIFAR in the reference implementation of DARTS
(cnn/model.py and cnn/operations.py), written again for evaluation, without the auxiliary head, and
for images with any number of channels. Cells, channels, classes and genotype are read from the file.
"""

import json
import sys
from collections import namedtuple

import safetensors
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


class ReLUConvBN(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), nn.Conv2d(c_in, c_out, 1, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        return self.op(x)


class FactorizedReduce(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(c_in, c_out // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(c_in, c_out // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x):
        x = self.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))


def half(c, kernel, stride, dilation):
    padding = dilation * (kernel // 2)
    return [nn.ReLU(), nn.Conv2d(c, c, kernel, stride, padding, dilation, groups=c, bias=False),
            nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c)]


class SepConv(nn.Module):
    def __init__(self, c, kernel, stride):
        super().__init__()
        self.op = nn.Sequential(*half(c, kernel, stride, 1), *half(c, kernel, 1, 1))

    def forward(self, x):
        return self.op(x)


class DilConv(nn.Module):
    def __init__(self, c, kernel, stride):
        super().__init__()
        self.op = nn.Sequential(*half(c, kernel, stride, 2))

    def forward(self, x):
        return self.op(x)


OPS = {
    "avg_pool_3x3": lambda c, stride: nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False),
    "max_pool_3x3": lambda c, stride: nn.MaxPool2d(3, stride=stride, padding=1),
    "skip_connect": lambda c, stride: nn.Identity() if stride == 1 else FactorizedReduce(c, c),
    "sep_conv_3x3": lambda c, stride: SepConv(c, 3, stride),
    "sep_conv_5x5": lambda c, stride: SepConv(c, 5, stride),
    "dil_conv_3x3": lambda c, stride: DilConv(c, 3, stride),
    "dil_conv_5x5": lambda c, stride: DilConv(c, 5, stride),
}


class Cell(nn.Module):
    def __init__(self, genotype, c_before, c_last, c, reduction, reduction_before):
        super().__init__()
        self.preprocess0 = (FactorizedReduce if reduction_before else ReLUConvBN)(c_before, c)
        self.preprocess1 = ReLUConvBN(c_last, c)
        genes, self.concat = (genotype.reduce, genotype.reduce_concat) if reduction else (genotype.normal, genotype.normal_concat)
        self.indices = [source for _, source in genes]
        self._ops = nn.ModuleList(OPS[name](c, 2 if reduction and source < 2 else 1) for name, source in genes)

    def forward(self, s0, s1):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for i in range(0, len(self._ops), 2):
            states.append(self._ops[i](states[self.indices[i]]) + self._ops[i + 1](states[self.indices[i + 1]]))
        return torch.cat([states[i] for i in self.concat], dim=1)


class NetworkCIFAR(nn.Module):
    def __init__(self, C, num_classes, layers, genotype, inputs):
        super().__init__()
        c = 3 * C
        self.stem = nn.Sequential(nn.Conv2d(inputs, c, 3, padding=1, bias=False), nn.BatchNorm2d(c))
        before, last, c, reduction_before = c, c, C, False
        self.cells = nn.ModuleList()
        for i in range(layers):
            reduction = i in [layers // 3, 2 * layers // 3]
            if reduction:
                c *= 2
            cell = Cell(genotype, before, last, c, reduction, reduction_before)
            reduction_before = reduction
            self.cells.append(cell)
            before, last = last, len(cell.concat) * c
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(last, num_classes)

    def forward(self, x):
        s0 = s1 = self.stem(x)
        for cell in self.cells:
            s0, s1 = s1, cell(s0, s1)
        return self.classifier(self.global_pooling(s1).flatten(1))


weights, images = sys.argv[1:3]
with safe_open(weights, "pt") as f:
    genotype = eval(f.metadata()["genotype"], {"Genotype": Genotype})
state = load_file(weights)
width, inputs = state["stem.0.weight"].shape[:2]
layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("cells."))
net = NetworkCIFAR(width // 3, len(state["classifier.bias"]), layers, genotype, inputs)
net.load_state_dict(state)  # strict: no name is missing, none is unknown
net.eval()
with torch.no_grad():
    logits = net(load_file(images)["images"])
json.dump({
    "logits": logits.flatten().tolist(),
    "shapes": {name: list(a.shape) for name, a in net.state_dict().items() if not name.endswith("num_batches_tracked")},
    "versions": {"torch": torch.__version__, "safetensors": safetensors.__version__},
}, sys.stdout)
