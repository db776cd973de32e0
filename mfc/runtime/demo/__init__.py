"""The demo: a whole floor started, watched and stopped with one command."""
