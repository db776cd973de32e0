"""The wires: each class is one connection, opened once and closed once; its driver reconnects."""
