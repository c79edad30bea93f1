"""What a method says of the channels (library size, programmes) at some positions."""

from __future__ import annotations

from dataclasses import dataclass

from napari_stentrans.section.lattice import FloatArray


@dataclass(frozen=True, eq=False)
class ChannelEstimate:
    """Channels predicted at some positions.

    Attributes
    ----------
    mean, variance : ndarray, shape (position, channel)
        Of the value without noise.
    """

    mean: FloatArray
    variance: FloatArray
