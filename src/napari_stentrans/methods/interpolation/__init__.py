"""The classical methods: each gene on its own, from the counts of nearby spots.

They are the baselines that a better method has to beat, and honest ones: outside the
spots they take the nearest one, never zero. All four have one shape: a *rule* looks at
where the spots and the wanted positions are and gives weights, and a prediction is the
weighted sum of the counts, of any number of genes.
"""

from __future__ import annotations

from napari_stentrans.methods.interpolation.enhancers import (
    Cubic,
    Gaussian,
    Linear,
    Nearest,
)

__all__ = ["Cubic", "Gaussian", "Linear", "Nearest"]
