"""Who may pass: accounts, sessions, tokens, limits, and the record of every look at a location.

The only folder that may use the `secrets` module.
"""
