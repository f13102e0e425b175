"""The center itself, driven on a virtual clock through days of faults, and its promises checked."""
