"""The control room's rules: what a call is, who is asked to attend, what happens when nobody does. Pure."""
