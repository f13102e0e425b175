"""People made of code: they press, answer, drive and decide, and know only the server's doors."""
