"""Making the weights that ship with the package, from simulated tissue alone.

``python -m napari_stentrans.methods.stentrans.pretraining OUTPUT.npz`` makes them
again. No measured section takes part: the weights have never seen a real one.
"""
