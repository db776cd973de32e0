"""Sans-IO codecs: bytes and registers <-> meaning. No clock, no socket, no state beyond a bounded buffer."""
