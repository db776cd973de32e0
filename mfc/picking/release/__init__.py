"""When to start which orders: pure decisions over a situation, the same in the worker and in the model of the site."""

from mfc.picking.release.policy import Policy, Settings, decide
from mfc.picking.release.situation import Decision, Go, Join, Situation, Visit, Wait, Walk

__all__ = ["Decision", "Go", "Join", "Policy", "Settings", "Situation", "Visit", "Wait", "Walk", "decide"]
