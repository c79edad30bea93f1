"""Making the weights that ship with the package, from simulated tissue alone.

``python -m napari_stentrans.pretraining WEIGHTS`` makes them again. No measured section
takes part, so every real section is one that the weights have never seen.
"""
