"""Expression at one sequencing depth: as if each spot had the counts of the median one.

In a noisy gene, spots that were sequenced deeply stand out for that alone. It is a way
of looking: methods take depth into account by themselves, and files hold counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def evened(
    values: NDArray[np.floating], depth: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Divide values by the depth of their position.

    Parameters
    ----------
    values : ndarray, shape (position,) or (position, gene)
        Counts, expected counts, or their standard deviation.
    depth : ndarray, shape (position,)
        Library size over that of the median spot. Where it is zero there are no counts,
        and values are left as they are.
    """
    divisor = np.where(depth > 0, depth, 1.0).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values / divisor, dtype=np.float32)
