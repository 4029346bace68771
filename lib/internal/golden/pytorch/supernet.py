"""The search network of DARTS and PC-DARTS in PyTorch, written from the papers (arXiv:1806.09055, arXiv:1907.05737)."""

import torch
from torch import nn
from torch.nn import functional as F

from ops import PRIMITIVES, FactorizedReduce, ReLUConvBN, Stem, operation

STATES = 4  # intermediate nodes of a cell of the DARTS space


def edges(states):
    """The number of edges of a cell."""
    return sum(2 + i for i in range(states))


EDGES = edges(STATES)


def channel_shuffle(x, groups):
    """Channel g*(C/groups)+i moves to i*groups+g, so that the next partial channels hold some of every group."""
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class MixedOp(nn.Module):
    """All primitives (or those named) on the first 1/K of the channels, summed by weight; the other channels by-pass them."""

    def __init__(self, channels, stride, k, names=PRIMITIVES):
        super().__init__()
        self.k, self.stride, self.names = k, stride, names
        self.skip_dropout = 0.0  # of single values behind a skip connection (arXiv:1904.12760, section 3.3)
        for name in names:
            self.add_module(name, operation(name, channels // k, stride, affine=False, norm_pools=True))

    def operate(self, name, x):
        y = getattr(self, name)(x)
        return F.dropout(y, self.skip_dropout) if name == "skip_connect" and self.skip_dropout else y

    def forward(self, x, weights):
        through = x.shape[1] // self.k
        mixed = sum(w * self.operate(name, x[:, :through]) for w, name in zip(weights, self.names))
        if self.k == 1:
            return mixed
        bypass = x[:, through:]
        if self.stride == 2:
            bypass = F.max_pool2d(bypass, 2, 2)
        return channel_shuffle(torch.cat([mixed, bypass], dim=1), self.k)


class Cell(nn.Module):
    """Two inputs, four states, one output: the states' concatenation. The edges into a state follow each other."""

    def __init__(self, c_before, c_last, channels, reduction, reduction_before, k, space=(PRIMITIVES,) * EDGES, states=STATES):
        super().__init__()
        self.reduction, self.states = reduction, states
        first = FactorizedReduce if reduction_before else ReLUConvBN
        self.preprocess0 = first(c_before, channels, affine=False)
        self.preprocess1 = ReLUConvBN(c_last, channels, affine=False)
        sources = [source for state in range(states) for source in range(2 + state)]
        self.edges = nn.ModuleList(
            MixedOp(channels, 2 if reduction and source < 2 else 1, k, names) for source, names in zip(sources, space))

    def forward(self, s0, s1, op_weights, edge_weights):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        edge = 0
        for _ in range(self.states):
            total = 0
            for x in list(states):
                y = self.edges[edge](x, op_weights[edge])
                total = total + (y if edge_weights is None else edge_weights[edge] * y)
                edge += 1
            states.append(total)
        return torch.cat(states[2:], dim=1)


def edge_softmax(betas, states=STATES):
    """Softmax of the betas of the edges that enter one state, for each state."""
    return torch.cat([F.softmax(part, dim=0) for part in betas.split([2 + i for i in range(states)])])


class SearchNetwork(nn.Module):
    """Stem, cells, mean over the image, linear classifier. K=1 is DARTS, without edge normalisation.

    space names the operations of each edge of normal and reduction cells, as many on every edge; progressive search has fewer than all."""

    def __init__(self, C, classes, cells, K, inputs=3, space=((PRIMITIVES,) * EDGES,) * 2, states=STATES):
        super().__init__()
        self.states = states
        width = 3 * C
        self.stem = Stem(inputs, width)
        before, last, channels, reduced = width, width, C, False
        self.cells = nn.ModuleList()
        for i in range(cells):
            reduction = i in (cells // 3, 2 * cells // 3)
            if reduction:
                channels *= 2
            self.cells.append(Cell(before, last, channels, reduction, reduced, K, space[reduction], states))
            before, last, reduced = last, states * channels, reduction
        self.classifier = nn.Linear(last, classes)
        self.architecture = nn.ParameterDict()
        for kind in ("normal", "reduce"):
            self.architecture["alphas_" + kind] = nn.Parameter(1e-3 * torch.randn(edges(states), len(space[0][0])))
            if K > 1:
                self.architecture["betas_" + kind] = nn.Parameter(1e-3 * torch.randn(edges(states)))

    def weights(self):
        """Name and parameter of all but alphas and betas."""
        return [(n, p) for n, p in self.named_parameters() if not n.startswith("architecture.")]

    def features(self, x):
        """Means over the image of the last cell's output, [N, channels]."""
        mix = {}
        for kind in ("normal", "reduce"):
            betas = self.architecture["betas_" + kind] if "betas_" + kind in self.architecture else None
            mix[kind] = (F.softmax(self.architecture["alphas_" + kind], dim=-1),
                         None if betas is None else edge_softmax(betas, self.states))
        s0 = s1 = self.stem(x)
        for cell in self.cells:
            s0, s1 = s1, cell(s0, s1, *mix["reduce" if cell.reduction else "normal"])
        return s1.mean(dim=(2, 3))

    def forward(self, x):
        return self.classifier(self.features(x))
