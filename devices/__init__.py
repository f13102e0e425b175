"""Handsets: what their messages mean and what can be told from a stream of them. Pure."""
