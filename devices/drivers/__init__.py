"""One owner task per line: wires on one side, events and levels on the other."""
