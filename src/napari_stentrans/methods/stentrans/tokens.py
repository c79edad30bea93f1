"""From kriged spots to what the network is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import KDTree
from torch import Tensor

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.stentrans.masking import typical_spacing
from napari_stentrans.methods.stentrans.network import Neighbourhood, Scene
from napari_stentrans.section.lattice import FloatArray, IntArray

_LEAST = 1e-4


@dataclass(frozen=True, eq=False)
class VisibleSpots:
    """Kriged spots: everything a scene needs besides its queries.

    Attributes
    ----------
    pitch_rc : ndarray, shape (spot, 2)
    scores : ndarray, shape (spot, channel)
        Library size and programmes, standardised.
    left_out
        Kriging of each spot from the others.
    strength : ndarray, shape (channel,)
        Change of all log expression with one unit of a channel.
    n_neighbours
        Spots that each token attends to.
    """

    pitch_rc: FloatArray
    scores: FloatArray
    left_out: ChannelEstimate
    strength: FloatArray
    n_neighbours: int

    def scene(
        self,
        query_rc: FloatArray,
        kriged: ChannelEstimate,
        *,
        exclude_self: bool = False,
    ) -> tuple[Scene, FloatArray]:
        """Scene of some queries, and the remoteness of each.

        With ``exclude_self`` the queries are the spots themselves, each unseen by
        itself.
        """
        first = 1 + int(exclude_self)
        wanted = np.arange(first, first + self.n_neighbours)
        near, distance = self._near(query_rc, kriged.mean, wanted)
        sd = np.sqrt(kriged.variance)
        remoteness = distance[:, 0]
        parts = [
            kriged.mean,
            sd,
            np.log(sd),
            np.broadcast_to(np.log1p(remoteness)[:, None], sd.shape),
        ]
        scene = Scene(
            self._spot_features,
            _stacked(parts, self._channel_facts),
            self._spot_near,
            near,
            _tensor(sd),
        )
        return scene, remoteness

    @cached_property
    def _spacing(self) -> float:
        return typical_spacing(self.pitch_rc)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.pitch_rc)

    @cached_property
    def _noise(self) -> FloatArray:
        """Noise variance of each channel, shape (channel,)."""
        missed = ((self.scores - self.left_out.mean) ** 2).mean(axis=0)
        noise: FloatArray = np.maximum(
            missed - self.left_out.variance.mean(axis=0), 0.05 * missed + _LEAST
        )
        return noise

    @cached_property
    def _seen(self) -> FloatArray:
        """Each spot's own score weighed against its surroundings."""
        share = self.left_out.variance / (self.left_out.variance + self._noise)
        seen: FloatArray = self.left_out.mean + share * (
            self.scores - self.left_out.mean
        )
        return seen

    @cached_property
    def _channel_facts(self) -> FloatArray:
        """What is the same for all tokens of a channel, shape (channel, fact)."""
        signal = self.left_out.mean.var(axis=0) + _LEAST
        of_all = self.strength**2 * signal
        is_library = np.arange(len(signal)) == 0
        share = np.sqrt(of_all / max(of_all[1:].max(initial=0.0), _LEAST))
        facts = [np.log(self._noise), np.log(signal), np.minimum(share, 2), is_library]
        return np.stack(facts, axis=1).astype(np.float64)

    @cached_property
    def _spot_features(self) -> Tensor:
        scores, left = self.scores, self.left_out
        sd = np.sqrt(left.variance)
        surprise = scores - left.mean
        parts = [scores, left.mean, self._seen, surprise, sd, surprise**2]
        return _stacked([np.clip(p, -6, 6) for p in parts], self._channel_facts)

    @cached_property
    def _spot_near(self) -> Neighbourhood:
        # half as many as a query has: most of the work is here
        wanted = np.arange(1, 1 + max(1, self.n_neighbours // 2))
        return self._near(self.pitch_rc, self.left_out.mean, wanted)[0]

    @cached_property
    def _content_unit(self) -> FloatArray:
        """Weight of each programme in the content distance, shape (programme,)."""
        signal = self.left_out.mean[:, 1:].var(axis=0)
        total = (self.strength[1:] ** 2 * signal).sum()
        unit: FloatArray = self.strength[1:] / np.sqrt(2 * max(total, _LEAST))
        return unit

    def _near(
        self, at_rc: FloatArray, content: FloatArray, wanted: IntArray
    ) -> tuple[Neighbourhood, FloatArray]:
        """Find the nearest spots, by their ranks from 1, and how they relate."""
        distance, spots = self._tree.query(at_rc, k=wanted)
        absent = ~np.isfinite(distance)
        absent[absent[:, 0], 0] = False  # a lone spot has nobody but itself
        spots = np.where(spots < self._tree.n, spots, 0)
        distance = np.where(np.isfinite(distance), distance, 0.0) / self._spacing
        near = Neighbourhood(
            torch.from_numpy(spots),
            _tensor(self._relation(distance, spots, content)),
            torch.from_numpy(absent),
        )
        return near, distance

    def _relation(
        self, distance: FloatArray, spots: IntArray, content: FloatArray
    ) -> FloatArray:
        """How positions relate to their spots, shape (position, neighbour, feature)."""
        here = content[:, None, 1:] * self._content_unit
        alike = [
            np.linalg.norm(there[spots] - here, axis=2)
            for there in (
                self.left_out.mean[:, 1:] * self._content_unit,
                self._seen[:, 1:] * self._content_unit,
            )
        ]
        library = np.abs(self._seen[:, 0][spots] - content[:, :1])
        parts = [distance, np.log1p(distance), *alike, alike[1] ** 2, library]
        relation: FloatArray = np.clip(np.stack(parts, axis=2), 0, 6)
        return relation


def _stacked(parts: list[NDArray[np.floating]], facts: FloatArray) -> Tensor:
    """Token features: parts of shape (token, channel), then those of the channel."""
    repeated = np.broadcast_to(facts, (len(parts[0]), *facts.shape))
    return _tensor(np.concatenate([np.stack(parts, axis=2), repeated], axis=2))


def _tensor(array: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
