"""How fast the real server takes events in, beside the references that make a figure mean something.

`ydt-sim bench intake` measures; every figure stands beside its reference of the same run.
"""
