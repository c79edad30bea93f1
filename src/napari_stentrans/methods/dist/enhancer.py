"""The `dist` method: DIST's convolutional network, trained on the section itself."""

from __future__ import annotations

import torch

from napari_stentrans.config import DistConfig, RunConfig
from napari_stentrans.methods.dist.network import DistNetwork
from napari_stentrans.methods.gene_images.enhancer import GeneImages
from napari_stentrans.methods.gene_images.network import ImageNetwork
from napari_stentrans.section.section import Section


class Dist(GeneImages[DistConfig]):
    """DIST: self-supervised, without transfer from other sections.

    Rasters, training pairs and loss are those of `published`, which has them from
    DIST. It starts as the nearest spot's counts, roughly, and learns from there.
    """

    name = "dist"
    summary = "DIST's convolutional network, trained on your section; a baseline."

    def settings(self, section: Section, config: RunConfig) -> DistConfig:  # noqa: ARG002 - the same for every section
        """Return the settings as they are."""
        return config.dist

    def network(self, settings: DistConfig) -> ImageNetwork:
        """Return a new network."""
        return DistNetwork(settings.width, settings.blocks, mask=settings.mask)

    def optimiser(
        self, network: ImageNetwork, settings: DistConfig
    ) -> torch.optim.Optimizer:
        """Return plain Adam."""
        return torch.optim.Adam(network.parameter_groups(settings.learning_rate))
