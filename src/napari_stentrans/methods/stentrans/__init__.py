"""The Transformer that corrects kriging: the default method."""
