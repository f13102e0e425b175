"""The world outside: who is told or asked there, by which channels, and with what words."""
