"""The `published` method: the network of the paper, trained honestly."""

from __future__ import annotations

import torch

from napari_stentrans.config import PublishedConfig, RunConfig
from napari_stentrans.methods.gene_images.enhancer import GeneImages
from napari_stentrans.methods.gene_images.network import ImageNetwork
from napari_stentrans.methods.published.network import PublishedNetwork
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.section import Section

_ON_HEX = {"patch": 8, "heads": 8}
_ELSEWHERE = {"patch": 3, "heads": 4}


class Published(GeneImages[PublishedConfig]):
    """The stEnTrans network, trained on the visible spots as its authors train it.

    Raw counts of every gene in more than 10 % of the spots, from every second row and
    column to all. It differs from the released code in that batches are smaller (and
    epochs fewer, for the same error at held-back spots; see docs/published.md), a
    tenth of the spots are no targets (they tell the error), outputs below zero are
    zero, and rare genes are flat (``rare_share``).

    A position takes the nearest pixel of the network's output, which has twice the
    resolution of the visible spots: the pixel it lies on, between visible spots; the
    nearest one for positions finer than that, or outside.

    It sees a missing site as one without expression, unless ``mask`` is on.
    """

    name = "published"
    summary = "The released stEnTrans network, trained on your section; a baseline."

    def settings(self, section: Section, config: RunConfig) -> PublishedConfig:
        """Fill in what the authors use for such an array."""
        chosen = config.published
        is_hex = section.lattice.kind is LatticeKind.HEX
        usual = _ON_HEX if is_hex else _ELSEWHERE
        open_ = {
            name: value for name, value in usual.items() if not getattr(chosen, name)
        }
        return chosen.model_copy(update=open_)

    def network(self, settings: PublishedConfig) -> ImageNetwork:
        """Return a new network."""
        return PublishedNetwork(
            settings.patch,
            settings.heads,
            settings.depth,
            residual=settings.residual,
            mask=settings.mask,
        )

    def optimiser(
        self, network: ImageNetwork, settings: PublishedConfig
    ) -> torch.optim.Optimizer:
        """Return Adam with the moments of the released code."""
        groups = network.parameter_groups(settings.learning_rate)
        return torch.optim.Adam(groups, betas=(0.5, 0.6), eps=1e-6)
