"""The doors, one module for each person who stands at one."""
