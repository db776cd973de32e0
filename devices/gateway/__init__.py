"""The process that owns the wires: drivers, spool and bus put together."""
