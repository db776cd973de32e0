"""Simple rules that build batches in milliseconds: first come, seed, savings. Starts, and rivals in the bench.

First come first served fills one cart after the other; the seed rule grows a batch around the longest walk
(Gibson and Sharp 1992); savings joins batches and routes again after each joint (Clarke and Wright 1964,
variant ii of de Koster, van der Poort and Wolters 1999). Pure.
"""

from __future__ import annotations

import numpy as np

from mfc.picking.batching.problem import Task
from mfc.picking.routing.compiled import compiled
from mfc.picking.routing.kernels import Ints, scratch_for, scratch_width, tour, tours

# Candidates a seed looks at, most alike first: what lies far apart does not become a good batch.
SEED_CANDIDATES = 60


def lengths_alone(job: Task) -> Ints:
    """Return the walk of every order for itself."""
    alone = np.zeros(len(job.masks), np.int64)
    tours(job.place, job.masks, scratch_for(job.place), alone)
    return alone


def first_come(job: Task) -> Ints:
    """Fill one cart after the other in the order given; returns the batch of every order."""
    batch_of = np.zeros(len(job.masks), np.int64)
    batch, load, kinds = 0, np.zeros(len(job.limits), np.int64), 0
    for order in range(len(job.masks)):
        load = load + job.loads[order]
        kinds |= int(job.kinds[order])
        if (load > job.limits).any() or not job.allowed[kinds]:
            batch, load, kinds = batch + 1, job.loads[order].copy(), int(job.kinds[order])
        batch_of[order] = batch
    return batch_of


def packed(job: Task) -> Ints:
    """Fill as few carts as best fit decreasing finds, wherever the orders lie; returns the batch of every order."""
    batch_of = np.zeros(len(job.masks), np.int64)
    share = (job.loads / np.maximum(job.limits, 1)).max(axis=1)
    load = np.zeros((0, len(job.limits)), np.int64)
    kinds = np.zeros(0, np.int64)
    for order in np.argsort(-share, kind="stable"):
        together = load + job.loads[order]
        fits = np.flatnonzero((together <= job.limits).all(axis=1) & job.allowed[kinds | job.kinds[order]])
        if len(fits):
            batch = fits[np.argmax((together[fits] / np.maximum(job.limits, 1)).max(axis=1))]
        else:
            batch = len(load)
            load = np.vstack([load, np.zeros((1, len(job.limits)), np.int64)])
            kinds = np.append(kinds, 0)
        load[batch] += job.loads[order]
        kinds[batch] |= job.kinds[order]
        batch_of[order] = batch
    return batch_of


@compiled
def pair_savings(job: Task, alone: Ints, savings: Ints) -> None:
    """Fill [order, order] with the walking two orders save in one batch; very negative when they do not fit."""
    orders = job.masks.shape[0]
    scratch = scratch_of(job)
    union = np.zeros(job.masks.shape[1], np.int64)
    for a in range(orders):
        savings[a, a] = -(1 << 40)
        for b in range(a + 1, orders):
            saved = -(1 << 40)
            if fits_together(job, a, b):
                for word in range(union.shape[0]):
                    union[word] = job.masks[a, word] | job.masks[b, word]
                saved = alone[a] + alone[b] - tour(job.place, union, scratch)
            savings[a, b] = saved
            savings[b, a] = saved


@compiled
def scratch_of(job: Task) -> Ints:
    return np.empty((3, scratch_width(job.place)), np.int64)


@compiled
def fits_together(job: Task, a: int, b: int) -> bool:
    for column in range(job.limits.shape[0]):
        if job.loads[a, column] + job.loads[b, column] > job.limits[column]:
            return False
    return bool(job.allowed[job.kinds[a] | job.kinds[b]])


@compiled
def savings_batches(job: Task, alone: Ints, pairs: Ints) -> Ints:
    """Join the two batches that save most until none fit; `pairs` from `pair_savings` is used up."""
    orders = job.masks.shape[0]
    batch_of = np.arange(orders)
    union = job.masks.copy()
    load = job.loads.copy()
    kinds = job.kinds.copy()
    length = alone.copy()
    alive = np.ones(orders, np.bool_)
    best = np.zeros(orders, np.int64)  # partner that saves most, for each batch
    scratch = scratch_of(job)
    both = np.zeros(job.masks.shape[1], np.int64)
    for a in range(orders):
        best[a] = np.argmax(pairs[a])
    while True:
        top = -1
        for a in range(orders):
            if alive[a] and (top < 0 or pairs[a, best[a]] > pairs[top, best[top]]):
                top = a
        if top < 0 or pairs[top, best[top]] < 0:
            return batch_of
        gone = best[top]
        length[top] = length[top] + length[gone] - pairs[top, gone]
        union[top] |= union[gone]
        load[top] += load[gone]
        kinds[top] |= kinds[gone]
        alive[gone] = False
        for order in range(orders):
            if batch_of[order] == gone:
                batch_of[order] = top
        for other in range(orders):
            if not alive[other]:
                continue
            pairs[other, gone] = -(1 << 40)
            if other == top:
                continue
            saved = -(1 << 40)
            fits = bool(job.allowed[kinds[top] | kinds[other]])
            for column in range(job.limits.shape[0]):
                if load[top, column] + load[other, column] > job.limits[column]:
                    fits = False
            if fits:
                for word in range(both.shape[0]):
                    both[word] = union[top, word] | union[other, word]
                saved = length[top] + length[other] - tour(job.place, both, scratch)
            pairs[top, other] = saved
            pairs[other, top] = saved
            if best[other] in (top, gone):
                best[other] = np.argmax(pairs[other])
            elif saved > pairs[other, best[other]]:
                best[other] = top
        best[top] = np.argmax(pairs[top])


@compiled
def seed_batches(job: Task, alone: Ints, near: Ints, more: int) -> Ints:
    """Grow batches around the longest walk left, each time by the order that saves most.

    Looked at are the orders near the seed and, as long as those leave room, `more` of the others.
    """
    orders = job.masks.shape[0]
    batch_of = np.full(orders, -1)
    union = np.zeros(job.masks.shape[1], np.int64)
    both = np.zeros(job.masks.shape[1], np.int64)
    scratch = scratch_of(job)
    load = np.zeros(job.limits.shape[0], np.int64)
    ranked = np.argsort(-alone)
    # Those that are left, in order of their walks; entries of placed orders are dropped now and then.
    waiting = ranked.copy()
    waiting_count = orders
    candidates = np.zeros(near.shape[1] + more, np.int64)
    batch = 0
    for seed in ranked:
        if batch_of[seed] >= 0:
            continue
        batch_of[seed] = batch
        union[:] = job.masks[seed]
        load[:] = job.loads[seed]
        kinds = job.kinds[seed]
        length = alone[seed]
        if batch % 16 == 0:
            kept = 0
            for position in range(waiting_count):
                if batch_of[waiting[position]] < 0:
                    waiting[kept] = waiting[position]
                    kept += 1
            waiting_count = kept
        count = 0
        for rank in range(near.shape[1]):
            if batch_of[near[seed, rank]] < 0:
                candidates[count] = near[seed, rank]
                count += 1
        stride = max(1, waiting_count // max(more, 1))
        for position in range(0, waiting_count, stride):
            if count < candidates.shape[0] and batch_of[waiting[position]] < 0:
                candidates[count] = waiting[position]
                count += 1
        while True:
            best, best_saved, best_length = -1, -1, 0
            for rank in range(count):
                order = candidates[rank]
                if batch_of[order] >= 0 or not job.allowed[kinds | job.kinds[order]]:
                    continue
                fits = True
                for column in range(load.shape[0]):
                    if load[column] + job.loads[order, column] > job.limits[column]:
                        fits = False
                if not fits:
                    continue
                for word in range(union.shape[0]):
                    both[word] = union[word] | job.masks[order, word]
                joint = tour(job.place, both, scratch)
                saved = length + alone[order] - joint
                if saved > best_saved:
                    best, best_saved, best_length = order, saved, joint
            if best < 0:
                break
            batch_of[best] = batch
            for word in range(union.shape[0]):
                union[word] |= job.masks[best, word]
            for column in range(load.shape[0]):
                load[column] += job.loads[best, column]
            kinds |= job.kinds[best]
            length = best_length
        batch += 1
    return batch_of


@compiled
def alike(job: Task, count: int) -> Ints:
    """Return for every order `count` others that visit the same aisles and few more; no walks are measured."""
    orders = job.masks.shape[0]
    width = job.place.blocks * job.place.words
    aisles = np.zeros(orders, np.int64)
    for order in range(orders):
        for aisle in range(min(job.place.aisles, 62)):
            for word in range(aisle * width, (aisle + 1) * width):
                if job.masks[order, word]:
                    aisles[order] |= 1 << aisle
    near = np.zeros((orders, count), np.int64)
    score = np.zeros(count, np.int64)
    for order in range(orders):
        filled = 0
        # From the order onwards, so that equal scores give everybody other neighbours.
        for step in range(1, orders):
            other = (order + step) % orders
            points = bits_in(aisles[order] & aisles[other]) * 2 - bits_in(aisles[order] ^ aisles[other])
            if filled == count and points <= score[count - 1]:
                continue
            spot = min(filled, count - 1)
            while spot > 0 and score[spot - 1] < points:
                score[spot] = score[spot - 1]
                near[order, spot] = near[order, spot - 1]
                spot -= 1
            score[spot] = points
            near[order, spot] = other
            filled = min(filled + 1, count)
    return near


@compiled
def bits_in(word: int) -> int:
    count = 0
    while word:
        word &= word - 1
        count += 1
    return count


def nearest(pairs: Ints, count: int) -> Ints:
    """Return for every order the `count` orders that save most with it, best first."""
    orders = len(pairs)
    count = max(1, min(count, orders - 1))
    if orders == 1:
        return np.zeros((1, 1), np.int64)
    return np.argsort(-pairs, axis=1, kind="stable")[:, :count].astype(np.int64)
