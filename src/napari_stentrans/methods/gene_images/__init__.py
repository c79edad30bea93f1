"""Networks that take each gene for an image of its own: rasters, training, fields.

What `published` and `dist` share. A section becomes a small picture a gene, one pixel a
site; a network doubles its resolution; it is trained on the section itself, to get the
picture back from every second row and column of it. All genes share the weights, and
no gene knows of another.
"""
