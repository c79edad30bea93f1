"""The network of DIST: a few residual convolutions on top of the repeated input."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from napari_stentrans.methods.gene_images.network import ImageNetwork

_SPREAD = 0.1
"""Variance of the initial weights of a pixel's inputs, together: small, since what the
network gives is added to the image."""
_HEAD_RATE = 0.001
"""The last layer learns at this share of the rate."""


class DistNetwork(ImageNetwork):
    """Unrolled steps of a variational scheme, each a residual block of convolutions.

    Every pixel becomes four: its own value, plus what the network makes of its
    surroundings.

    Parameters
    ----------
    width
        Features of a pixel.
    blocks
        Residual blocks.
    mask
        Take a second channel, which says what was measured. Not published.
    """

    def __init__(self, width: int, blocks: int, *, mask: bool = False) -> None:
        super().__init__()
        self.mask = mask
        widths = [self.n_channels] + [width] * blocks
        self.blocks = nn.Sequential(*(_Block(before, width) for before in widths[:-1]))
        self.head = _convolution(width, 4)

    def forward(self, images: Tensor) -> Tensor:
        """Refine images, shape (gene, channel, row, col)."""
        refined: Tensor = self.head(self.blocks(images)) + images[:, :1]
        return refined

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Blocks, and the head at a thousandth of the learning rate."""
        return [
            {"params": self.blocks.parameters(), "lr": learning_rate},
            {"params": self.head.parameters(), "lr": learning_rate * _HEAD_RATE},
        ]


class _Block(nn.Module):
    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.enter = _convolution(before, width)
        self.first = _convolution(width, width)
        self.second = _convolution(width, width)

    def forward(self, images: Tensor) -> Tensor:
        entered = self.enter(images)
        mixed: Tensor = self.second(self.first(entered.relu())) + entered
        return mixed.relu()


def _convolution(before: int, after: int) -> nn.Conv2d:
    layer = nn.Conv2d(before, after, 3, padding=1)
    nn.init.normal_(layer.weight, std=(_SPREAD / (9 * before)) ** 0.5)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
