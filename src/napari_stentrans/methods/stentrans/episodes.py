"""Training episodes: part of a section with some spots hidden, kriged afresh.

Everything a method could know about the hidden spots is recomputed from the others, so
an episode looks exactly like the real task. Targets are cross-fitted scores.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import Tensor

from napari_stentrans.methods.kriging.channels import ChannelKriging, Estimate
from napari_stentrans.methods.kriging.enhancer import FittedKriging, sloped
from napari_stentrans.methods.stentrans.masking import random_mask, typical_spacing
from napari_stentrans.methods.stentrans.network import Neighbourhood
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Scene:
    """What the network is shown: visible spots, and positions to correct.

    Attributes
    ----------
    spot_features : Tensor, shape (visible spot, 3 * channel)
        Scores, leave-one-out kriging, and its standard deviation.
    query_features : Tensor, shape (query, 2 * channel)
        Kriged scores and their standard deviation.
    spot_near, query_near
        Neighbourhoods among the visible spots.
    query_sd : Tensor, shape (query, programme)
        Unit of the correction.
    """

    spot_features: Tensor
    query_features: Tensor
    spot_near: Neighbourhood
    query_near: Neighbourhood
    query_sd: Tensor

    def flipped(self, signs: Tensor) -> Scene:
        """Return the scene with the signs of channels flipped; shape (channel,)."""
        ones = torch.ones_like(signs)
        return replace(
            self,
            spot_features=self.spot_features * torch.cat([signs, signs, ones]),
            query_features=self.query_features * torch.cat([signs, ones]),
        )

    def to(self, device: torch.device) -> Scene:
        """Return the scene on a device."""
        near = [
            Neighbourhood(
                n.spots.to(device), n.distance.to(device), n.absent.to(device)
            )
            for n in (self.spot_near, self.query_near)
        ]
        return Scene(
            self.spot_features.to(device),
            self.query_features.to(device),
            near[0],
            near[1],
            self.query_sd.to(device),
        )


@dataclass(frozen=True, eq=False)
class Episode:
    """A scene whose answers are known.

    Attributes
    ----------
    scene
        What the network sees.
    residual : Tensor, shape (query, programme)
        Cross-fitted score less the kriged one.
    spots : ndarray, shape (query,)
        Which spot of the section each query is.
    remoteness : ndarray, shape (query,)
        Distance to the nearest visible spot, in typical spacings.
    """

    scene: Scene
    residual: Tensor
    spots: IntArray
    remoteness: FloatArray


@dataclass(frozen=True, eq=False)
class VisibleSpots:
    """Kriged spots as tokens: everything a scene needs besides its queries."""

    pitch_rc: FloatArray
    scores: FloatArray
    left_out: Estimate
    n_neighbours: int

    def scene(
        self, query_rc: FloatArray, kriged: Estimate, *, exclude_self: bool = False
    ) -> tuple[Scene, FloatArray]:
        """Scene of some queries, and the remoteness of each.

        With ``exclude_self`` the queries are the spots themselves, each unseen by
        itself.
        """
        spacing = typical_spacing(self.pitch_rc)
        tree = KDTree(self.pitch_rc)
        spot_near = _neighbourhood(tree, self.pitch_rc, self.n_neighbours, spacing)
        query_near = _neighbourhood(
            tree, query_rc, self.n_neighbours, spacing, skip=int(exclude_self)
        )
        loo_sd, sd = np.sqrt(self.left_out.variance), np.sqrt(kriged.variance)
        scene = Scene(
            _tensor(np.concatenate([self.scores, self.left_out.mean, loo_sd], axis=1)),
            _tensor(np.concatenate([kriged.mean, sd], axis=1)),
            spot_near,
            query_near,
            _tensor(sd[:, 1:]),
        )
        return scene, query_near.distance[:, 0].numpy().astype(np.float64)


def make_episode(
    kriging: FittedKriging,
    members: IntArray,
    n_neighbours: int,
    rng: np.random.Generator,
) -> Episode:
    """Hide some of the members (spots of the section) and krige them from the rest."""
    pitch_rc = kriging.section.pitch_rc[members]
    hidden = random_mask(pitch_rc, rng)
    visible = members[~hidden]
    channels = ChannelKriging(
        kriging.section.pitch_rc[visible],
        kriging.programmes.scores[visible],
        kriging.channels.mixture,
        size=len(visible),
    )
    left_out = sloped(run_to_end(channels.leave_one_out_steps()), kriging.slope)
    kriged = run_to_end(channels.predict_steps(pitch_rc[hidden]))
    kriged = sloped(kriged, kriging.slope)
    tokens = VisibleSpots(channels.pitch_rc, channels.channels, left_out, n_neighbours)
    scene, remoteness = tokens.scene(pitch_rc[hidden], kriged)
    spots = members[hidden]
    residual = kriging.crossed[spots, 1:] - kriged.mean[:, 1:]
    return Episode(scene, _tensor(residual), spots, remoteness)


def _neighbourhood(
    tree: KDTree, query_rc: FloatArray, n: int, spacing: float, skip: int = 0
) -> Neighbourhood:
    distance, spots = tree.query(query_rc, k=np.arange(1 + skip, n + skip + 1))
    absent = ~np.isfinite(distance)
    if absent[:, 0].any():  # a lone spot has nobody but itself
        absent[:, 0] = False
    return Neighbourhood(
        torch.from_numpy(np.where(spots < tree.n, spots, 0)),
        _tensor(np.where(np.isfinite(distance), distance, 0.0) / spacing),
        torch.from_numpy(absent),
    )


def _tensor(array: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
