"""The control room's rules: what a call is, who is asked, what happens when nobody comes. Pure."""
