"""How fast the real server takes events in, beside references that make the figures mean something.

`ydt-sim bench intake` measures; every figure stands beside its reference of the same run.
"""
