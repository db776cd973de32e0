"""Inner loops of the scattered-storage search, as plain Python that numba can compile. Pure.

The walk is a path through stages (see `cover`). A stage offers options; an option belongs to a class, and the class says
which state of a partial walk becomes which. `reduced` is the cost of each option less the price of what it covers. Without
numba the same functions run as they are: same answers, slower.
"""

# One function each, however long: numba compiles a loop nest best when it is one.
# ruff: noqa: C901

from __future__ import annotations

import numpy as np

from mfc.picking.routing.compiled import compiled

FAR = 1e15


def sweep(stage_start, opt_class, reduced, cover, trans, done, begin, end, value, choice, missing):  # type: ignore[no-untyped-def]
    """Fill `value[k, s]`, the least reduced cost from stage k and state s to stage `end`, and the options that reach it.

    Takes what the best path from state 0 covers off `missing`. Returns its reduced cost, FAR when there is none.
    """
    states = trans.shape[1]
    articles = cover.shape[1]
    classes = trans.shape[0]
    best = np.empty(classes)
    best_option = np.empty(classes, np.int64)
    for s in range(states):
        value[end, s] = 0.0 if done[s] else FAR
    for k in range(end - 1, begin - 1, -1):
        for c in range(classes):
            best[c] = FAR
            best_option[c] = -1
        for o in range(stage_start[k], stage_start[k + 1]):
            c = opt_class[o]
            if reduced[o] < best[c]:
                best[c] = reduced[o]
                best_option[c] = o
        for s in range(states):
            value[k, s] = FAR
            choice[k, s] = -1
        for c in range(classes):
            if best_option[c] < 0:
                continue
            for s in range(states):
                t = trans[c, s]
                if t >= 0 and value[k + 1, t] + best[c] < value[k, s]:
                    value[k, s] = value[k + 1, t] + best[c]
                    choice[k, s] = best_option[c]
    if value[begin, 0] >= FAR / 2:
        return FAR
    s = 0
    for k in range(begin, end):
        o = choice[k, s]
        for p in range(articles):
            missing[p] -= cover[o, p]
        s = trans[opt_class[o], s]
    return value[begin, 0]


def extend(  # type: ignore[no-untyped-def]
    stage_start,
    opt_class,
    opt_cost,
    reduced,
    cover,
    trans,
    done,
    begin,
    end,
    demand,
    rest,
    weights,
    value,
    limit,
    width,
    most,
):
    """Enumerate partial walks that could still cost at most `limit`; keep at most `width` for each stage and state.

    `rest[k]` is what the stages from k on can cover. Returns (cost, was anything cut off by `width`, options of the best
    walk by stage, labels). Cost FAR: none was found. `most` bounds all labels together; when it is passed the answer
    counts as cut off.
    """
    stages = end - begin
    articles = len(demand)
    all_states = trans.shape[1]
    constant = 0.0
    for p in range(articles):
        constant += weights[p] * demand[p]
    limit -= constant
    parent = np.empty(1024, np.int64)
    chosen = np.empty(1024, np.int64)
    level_start = np.zeros(end + 1, np.int64)
    total = 1
    parent[0] = -1
    chosen[0] = -1
    costs = np.zeros(1, np.int64)
    reds = np.zeros(1)
    states = np.zeros(1, np.int64)
    covers = np.zeros((1, articles), np.int16)
    have = np.empty(articles, np.int16)
    cut = False
    for k in range(begin, end):
        first, last = stage_start[k], stage_start[k + 1]
        room = 1024
        new_cost = np.empty(room, np.int64)
        new_red = np.empty(room)
        new_key = np.empty(room)
        new_state = np.empty(room, np.int64)
        new_parent = np.empty(room, np.int64)
        new_option = np.empty(room, np.int64)
        new_cover = np.empty((room, articles), np.int16)
        count = 0
        for i in range(len(costs)):
            for o in range(first, last):
                t = trans[opt_class[o], states[i]]
                if t < 0:
                    continue
                ahead = value[k + 1, t]
                red = reds[i] + reduced[o]
                if red + ahead > limit:
                    continue
                possible = True
                for p in range(articles):
                    got = covers[i, p] + cover[o, p]
                    if got > demand[p]:
                        red += weights[p] * (got - demand[p])
                        got = demand[p]
                    elif got + rest[k + 1, p] - rest[end, p] < demand[p]:
                        possible = False
                        break
                    have[p] = got
                if not possible or red + ahead > limit:
                    continue
                if count == room:
                    room *= 2
                    new_cost = np.concatenate((new_cost, np.empty(room // 2, np.int64)))
                    new_red = np.concatenate((new_red, np.empty(room // 2)))
                    new_key = np.concatenate((new_key, np.empty(room // 2)))
                    new_state = np.concatenate((new_state, np.empty(room // 2, np.int64)))
                    new_parent = np.concatenate((new_parent, np.empty(room // 2, np.int64)))
                    new_option = np.concatenate((new_option, np.empty(room // 2, np.int64)))
                    new_cover = np.concatenate((new_cover, np.empty((room // 2, articles), np.int16)))
                for p in range(articles):
                    new_cover[count, p] = have[p]
                new_cost[count] = costs[i] + opt_cost[o]
                new_red[count] = red
                new_key[count] = red + ahead
                new_state[count] = t
                new_parent[count] = level_start[k] + i
                new_option[count] = o
                count += 1
        # A label that dominates another has no larger key, so it comes first.
        order = np.argsort(new_key[:count], kind="mergesort")
        kept = np.empty(count, np.int64)
        before = np.full(count, -1, np.int64)
        latest = np.full(all_states, -1, np.int64)
        held = np.zeros(all_states, np.int64)
        kept_count = 0
        for index in order:
            t = new_state[index]
            if held[t] >= width:
                cut = True
                continue
            dominated = False
            j = latest[t]
            while j >= 0:
                other = kept[j]
                if new_cost[other] <= new_cost[index]:
                    dominated = True
                    for p in range(articles):
                        if new_cover[other, p] < new_cover[index, p]:
                            dominated = False
                            break
                    if dominated:
                        break
                j = before[j]
            if dominated:
                continue
            kept[kept_count] = index
            before[kept_count] = latest[t]
            latest[t] = kept_count
            held[t] += 1
            kept_count += 1
        if kept_count == 0:
            return FAR, cut, chosen[:0], total
        if total + kept_count > most:
            return FAR, True, chosen[:0], total
        while total + kept_count > len(parent):
            parent = np.concatenate((parent, np.empty(len(parent), np.int64)))
            chosen = np.concatenate((chosen, np.empty(len(chosen), np.int64)))
        costs = np.empty(kept_count, np.int64)
        reds = np.empty(kept_count)
        states = np.empty(kept_count, np.int64)
        covers = np.empty((kept_count, articles), np.int16)
        level_start[k + 1] = total
        for j in range(kept_count):
            index = kept[j]
            costs[j] = new_cost[index]
            reds[j] = new_red[index]
            states[j] = new_state[index]
            covers[j] = new_cover[index]
            parent[total + j] = new_parent[index]
            chosen[total + j] = new_option[index]
        total += kept_count
    best, where = FAR, -1
    for i in range(len(costs)):
        # The last stage has nothing after it, so whatever came through covers everything.
        if done[states[i]] and costs[i] < best:
            best, where = costs[i] * 1.0, level_start[end] + i
    options = np.empty(stages if where >= 0 else 0, np.int64)
    k = stages - 1
    while where > 0 and k >= 0:
        options[k] = chosen[where]
        where = parent[where]
        k -= 1
    return best, cut, options, total


fast_sweep = compiled(sweep)
fast_extend = compiled(extend)
