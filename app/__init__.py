"""The shell: everything that touches the world (sockets, storage, the clock, people at doors)."""
