"""DIST, the convolutional network of Zhao, Wang and Hu (2023), as a baseline.

Written anew from the paper (Briefings in Bioinformatics 24, bbad013) and the settings
that its authors document.
"""
