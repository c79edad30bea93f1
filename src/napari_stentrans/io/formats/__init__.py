"""What others write, read into sections. One format a module, the large ones a folder.

============ =======================================================================
h5ad         AnnData in all its dialects, as h5ad or zarr
loom         loom
spatialdata  SpatialData
space_ranger Visium; Visium HD, its bins and its cells
tenx_matrix  count matrices of 10x, h5 or mtx: for the readers here
xenium       Xenium
merscope     MERSCOPE
cosmx        CosMx
stereo       Stereo-seq: molecules as text (gem), and HDF5 (gef)
listed       counts whose positions stand in spot names or in a list beside them:
             legacy ST, Slide-seq, Curio, any table of counts or 10x matrix
============ =======================================================================

A format is a module with `TITLE`, `TAKES` (options that mean something for it),
``sniff(path)`` and ``read(path, options)``; `io.reading` lists them in order.
"""
