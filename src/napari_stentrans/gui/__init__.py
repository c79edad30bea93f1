"""The napari side: layers, session state, workers and widgets."""
