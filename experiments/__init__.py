"""Neural counterparts of the theory: a batched training engine, sweeps and a store of results.

``experiments.store`` reads stored results and needs NumPy alone; everything that trains lives in
``experiments.engine`` and needs PyTorch.  One module of this package is one experiment;
``python -m experiments`` lists them.
"""
