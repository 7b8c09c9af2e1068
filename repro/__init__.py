"""A test-driven reproduction harness for an aurora classification thesis.

The package is a library of plain functions. Pipeline scripts live in ``stages/``, the published numbers in
``expected/published/``. Arrays flow one way: stages, then the packages below, then the modules beside this file.
"""

__version__ = "0.1.0"
