"""Barlow Twins' projector and loss in PyTorch, written from the paper (arXiv:2103.03230)."""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


def projector(inputs, sizes):
    """Linear layers with a norm and ReLU between them (section 3.2)."""
    layers = OrderedDict()
    for i, size in enumerate(sizes, start=1):
        layers[f"linear{i}"] = nn.Linear(inputs, size, bias=False)
        if i < len(sizes):
            layers[f"bn{i}"], layers[f"relu{i}"] = nn.BatchNorm1d(size), nn.ReLU()
        inputs = size
    return nn.Sequential(layers)


def cross_correlation(a, b):
    """Of embeddings [batch, features], normalised over the batch: [features, features] (algorithm 1)."""
    return F.batch_norm(a, None, None, training=True).T @ F.batch_norm(b, None, None, training=True) / len(a)


def barlow_twins(a, b, off_diagonal=0.0051):
    """Drives the views' cross-correlation to the identity (algorithm 1; lambda is the default)."""
    correlation = cross_correlation(a, b)
    on = (torch.diagonal(correlation) - 1).pow(2).sum()
    off = (correlation - torch.diag(torch.diagonal(correlation))).pow(2).sum()
    return on + off_diagonal * off
