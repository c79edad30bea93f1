"""The way every network of gene images is fitted; methods differ in the network."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

import numpy as np
import torch

from napari_stentrans.config import GeneImageConfig, RunConfig
from napari_stentrans.imports import importing
from napari_stentrans.methods.base import Enhancer, Fitted
from napari_stentrans.methods.device import memory_watched, resolve_device
from napari_stentrans.methods.gene_images.fitted import FittedImages
from napari_stentrans.methods.gene_images.lesson import make_lesson
from napari_stentrans.methods.gene_images.network import ImageNetwork
from napari_stentrans.methods.gene_images.noise import noise_steps
from napari_stentrans.methods.gene_images.raster import full_raster
from napari_stentrans.methods.gene_images.training import training_steps
from napari_stentrans.methods.interpolation.noise import CountNoise, leave_out_steps
from napari_stentrans.methods.interpolation.triangles import linear
from napari_stentrans.methods.parallel import seeded_torch
from napari_stentrans.progress import Steps
from napari_stentrans.section.section import Section

Settings = TypeVar("Settings", bound=GeneImageConfig)


class GeneImages(Enhancer, Generic[Settings]):
    """Trains a network to double the resolution of a section's gene images."""

    @abstractmethod
    def settings(self, section: Section, config: RunConfig) -> Settings:
        """Return this method's settings, complete for that section."""

    @abstractmethod
    def network(self, settings: Settings) -> ImageNetwork:
        """Return a new network, its weights drawn from the global generator."""

    @abstractmethod
    def optimiser(
        self, network: ImageNetwork, settings: Settings
    ) -> torch.optim.Optimizer:
        """Return the optimiser that the authors use."""

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """Train on the section itself, then measure the error on held-back spots."""
        device = resolve_device(config.device)
        settings = self.settings(section, config)
        raster = full_raster(section)
        lesson = make_lesson(section, np.random.default_rng(config.seed))
        with seeded_torch(config.seed):
            network = self.network(settings).to(device)
        with importing():  # the first optimiser brings 800 modules
            optimiser = self.optimiser(network, settings)
        with memory_watched(device, "a smaller batch"):
            trained = yield from training_steps(
                network, optimiser, lesson, settings, config.seed
            )
        folds = yield from leave_out_steps(section.pitch_rc, linear, config.seed)
        of_counts = CountNoise(section.by_gene, folds)
        noise = yield from noise_steps(network, lesson, of_counts, config.seed)
        rare_share = settings.rare_share
        return FittedImages(section, raster, trained, noise, rare_share)
