"""What a network of gene images must be able to do, and how it is run on many genes.

The only place that knows in what portions images go through a network, and that what
comes out below zero is zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_stentrans.methods.gene_images.raster import Images
from napari_stentrans.portions import portions

PIXELS_AT_ONCE = 60_000
"""Input pixels that are in work together: some hundred MB while training."""


class ImageNetwork(nn.Module, ABC):
    """Doubles the resolution of images, each on its own."""

    mask: bool
    """Whether it takes, beside the image, what of it was measured."""

    @property
    def n_channels(self) -> int:
        """Input channels."""
        return 1 + self.mask

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Refine images.

        Parameters
        ----------
        images : Tensor, shape (gene, channel, row, col)
            Counts, and where measured if the network has a mask.

        Returns
        -------
        Tensor, shape (gene, 4, row, col)
            The four pixels that each one becomes: (even, even), (even, odd), (odd,
            even), (odd, odd) row and column.
        """

    @abstractmethod
    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Parameters with the learning rate of each group."""

    def channels(self, images: Tensor, measured: Tensor) -> Tensor:
        """Stack images, shape (gene, row, col), and what of them was measured."""
        stacked = images[:, None]
        if self.mask:
            where = measured.expand_as(images)[:, None].to(images.dtype)
            stacked = torch.cat([stacked, where], dim=1)
        return stacked


def interleave(channels: Tensor) -> Tensor:
    """Merge four sub-pixel channels into one image of twice the size.

    Parameters
    ----------
    channels : Tensor, shape (gene, 4, row, col)
        Order: (even, even), (even, odd), (odd, even), (odd, odd).

    Returns
    -------
    Tensor, shape (gene, 2 * row, 2 * col)
    """
    return nn.functional.pixel_shuffle(channels, 2)[:, 0]


def image_portions(n_images: int, shape: tuple[int, ...]) -> list[slice]:
    """Slices of images that fit into memory together."""
    fitting = PIXELS_AT_ONCE // max(1, int(np.prod(shape[-2:])))
    return portions(n_images, max(1, fitting))


def refine(
    network: ImageNetwork, images: Images, measured: NDArray[np.bool_]
) -> Images:
    """Images of twice the resolution; nothing is below zero.

    Parameters
    ----------
    network
        In evaluation mode.
    images : ndarray, shape (gene, row, col)
        Counts.
    measured : ndarray of bool, shape (row, col)
        Pixels that were measured.

    Returns
    -------
    ndarray of float32, shape (gene, 2 * row, 2 * col)
    """
    device = next(network.parameters()).device
    with torch.inference_mode():
        seen = network.channels(
            torch.from_numpy(images).to(device), torch.from_numpy(measured).to(device)
        )
        refined: Images = interleave(network(seen)).clamp_min(0).cpu().numpy()
    return refined
