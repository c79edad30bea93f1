"""The stEnTrans network of Xue, Zhu, Wang and Min (2024), for comparison.

Written anew from the paper (arXiv 2407.08224) and from what the released network can be
seen to do, its flaws included; the default method of this package is another one.
"""
