"""The engine's own pieces against what theory says of them: waiting lines, travel, assignment."""
