"""The screens of the tiny warehouse system: what each station shows and accepts."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_wms import FakeWms

WEIGHT_TOLERANCE_G = 30
POSITIONS = 2


class RefusalError(Exception):
    """The code of a refused input."""


class Desk:
    """One station: its screen and who looks at it."""

    def __init__(self, wms: FakeWms, key: str, kind: str, token: str) -> None:
        self.wms, self.key, self.kind, self.token = wms, key, kind, token
        self.version, self.seq = 1, 0
        self.step = "badge"
        self.feedback: dict[str, Any] | None = None
        self.answers: dict[str, dict[str, Any]] = {}
        self.sockets: set[asyncio.Queue[dict[str, Any]]] = set()
        self.codes: list[str] = []

    def extra(self) -> dict[str, Any]:
        return {}

    def screen(self) -> dict[str, Any]:
        blank = {"location": None, "item": None, "batch": None, "qty": None, "totes": [], "lines": []}
        fixed = {"version": self.version, "station": self.key, "kind": self.kind, "step": self.step}
        rest = {"seal": None, "actions": [], "person": "Test", "title": self.step, "feedback": self.feedback}
        return blank | fixed | rest | self.extra()

    def changed(self) -> None:
        self.version += 1
        for queue in self.sockets:
            queue.put_nowait(self.screen())

    def input(self, code: str, qty: int | None = None) -> dict[str, Any]:
        self.codes.append(code)
        self.seq += 1
        try:
            self.handle(code, qty)
            verdict, reason = "accepted", "ok"
        except RefusalError as refusal:
            verdict, reason = "refused", str(refusal)
        self.feedback = {"seq": self.seq, "verdict": verdict, "code": reason, "text": "", "remedy": ""}
        self.changed()
        return {"verdict": verdict, "code": reason, "text": "", "remedy": "", "screen": self.screen()}

    def handle(self, code: str, qty: int | None) -> None:
        raise NotImplementedError

    def need(self, ok: object, why: str) -> None:
        if not ok:
            raise RefusalError(why)


class CartDesk(Desk):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.batch: list[str] = []  # order references by position - 1
        self.totes: list[str] = []
        self.tasks: list[dict[str, Any]] = []
        self.put_left: list[int] = []
        self.number = 0

    def extra(self) -> dict[str, Any]:
        rows = []
        task = self.tasks[0] if self.tasks else None
        for position, ref in enumerate(self.batch, start=1):
            label = self.totes[position - 1] if len(self.totes) >= position else ""
            row = {"position": position, "letter": "AB"[position - 1], "label": label, "order": ref}
            rows.append(row | self._state(position, label, task))
        result: dict[str, Any] = {"totes": rows, "batch": {"number": self.number, "stop": len(self.tasks)}}
        if task and self.step in ("pick", "put"):
            location = self.wms.world.locations[task["code"]]
            result["location"] = {"code": location.code, "label": location.label}
            result["item"] = {"sku": task["sku"], "gtin": self.wms.world.skus[task["sku"]].barcode}
            result["qty"] = sum(task["qty"].values())
        return result

    def _state(self, position: int, label: str, task: dict[str, Any] | None) -> dict[str, Any]:
        if self.step == "totes":
            return {"state": "done" if label else "wanted", "qty": 0}
        if self.step == "drop":
            return {"state": "full" if self.wms.booked[label] else "empty", "qty": 0}
        qty = task["qty"].get(position, 0) if task else 0
        wanted = position in (self.put_left if self.step == "put" else (task or {}).get("qty", {}))
        return {"state": "wanted" if wanted else "idle", "qty": qty}

    def release(self) -> None:
        if self.step == "wait" and self.wms.open_orders:
            self.number += 1
            self.batch = [
                self.wms.open_orders.pop(0) for _ in range(min(POSITIONS, len(self.wms.open_orders)))
            ]
            self.totes, self.step = [], "totes"
            self.changed()

    def handle(self, code: str, qty: int | None) -> None:
        if self.step == "badge":
            self.need(code == "U-1", "wrong_badge")
            self.step = "cart"
        elif self.step == "cart":
            self.need(code == "K-1", "wrong_cart")
            self.step = "wait"
            asyncio.get_running_loop().call_soon(self.release)
        elif self.step == "totes":
            self._tote(code)
        elif self.step == "pick":
            self._pick(code, qty)
        elif self.step == "put":
            self._put(code)
        elif self.step == "drop":
            self.need(code == "L-BELT1X", "wrong_belt")
            for label in self.totes:
                if self.wms.booked[label]:
                    self.wms.fate[label] = "pack"
                else:
                    self.wms.fate.pop(label)
            self.batch, self.totes, self.step = [], [], "wait"
            asyncio.get_running_loop().call_soon(self.release)
        else:
            raise RefusalError("not_now")

    def _tote(self, code: str) -> None:
        self.need(code.startswith("T-") and code not in self.wms.fate, "tote_in_use")
        self.wms.fate[code] = "cart"
        self.wms.booked[code] = Counter()
        self.wms.order_of[code] = self.batch[len(self.totes)]
        self.totes.append(code)
        if len(self.totes) == len(self.batch):
            self.tasks = self.wms.tasks_for(self.batch)
            self._next()

    def _next(self) -> None:
        self.step = "pick" if self.tasks else "drop"
        self.wms.light_up(self)

    def _pick(self, code: str, qty: int | None) -> None:
        task = self.tasks[0]
        location = self.wms.world.locations[task["code"]]
        barcode = self.wms.world.skus[task["sku"]].barcode
        if code in ("C-SHORT", f"short:{location.label}"):
            self._short(task, qty or 0)
            return
        self.need(code in (location.label, barcode, f"confirm:{location.label}"), "wrong_item")
        self.put_left = sorted(task["qty"])
        self.step = "put"
        self.wms.light_up(self)

    def _short(self, task: dict[str, Any], found: int) -> None:
        self.wms.shorts += 1
        for position in sorted(task["qty"]):
            had = task["qty"][position]
            task["qty"][position] = min(had, found)
            self.wms.orders[self.batch[position - 1]][task["sku"]] -= had - task["qty"][position]
            found -= task["qty"][position]
        task["qty"] = {position: qty for position, qty in task["qty"].items() if qty}
        if task["qty"]:
            self.put_left, self.step = sorted(task["qty"]), "put"
            self.wms.light_up(self)
        else:
            self.tasks.pop(0)
            self._next()

    def _put(self, code: str) -> None:
        task = self.tasks[0]
        position = next((p for p in self.put_left if code in (f"cart:{p}", self.totes[p - 1])), None)
        self.need(position, "wrong_tote")
        assert position
        self.put_left.remove(position)
        self.wms.booked[self.totes[position - 1]][task["sku"]] += task["qty"][position]
        if not self.put_left:
            self.tasks.pop(0)
            self._next()
        else:
            self.wms.light_up(self)


class PackDesk(Desk):
    tote = ""
    sscc = ""

    def extra(self) -> dict[str, Any]:
        seal = {"sscc": self.sscc} if self.step == "pack_seal" else None
        return {"seal": seal, "totes": [{"position": 1, "label": self.tote, "state": "wanted"}]}

    def handle(self, code: str, qty: int | None) -> None:
        if self.step == "badge":
            self.step = "pack_tote"
        elif self.step == "pack_tote":
            self.need(self.wms.fate.get(code) == "pack", "not_for_packing")
            self.tote, self.step = code, "pack_weigh"
        elif self.step == "pack_seal":
            self.need(code == f"00{self.sscc}", "wrong_label")
            self.wms.fate[self.tote] = "stage"
            self.wms.sscc_of[self.tote] = self.sscc
            self.step = "pack_tote"
        else:
            raise RefusalError("not_now")

    def weight(self, weight_g: int) -> None:
        if self.step != "pack_weigh":
            return
        skus = self.wms.world.skus
        content = sum(skus[sku].weight_g * qty for sku, qty in self.wms.booked[self.tote].items())
        self.seq += 1
        fits = abs(weight_g - 1500 - content) <= WEIGHT_TOLERANCE_G
        if fits:
            self.wms.last_sscc += 1
            self.sscc, self.step = f"{self.wms.last_sscc:018d}", "pack_seal"
        else:
            self.wms.fate[self.tote], self.step = "hospital", "pack_tote"
        verdict = "accepted" if fits else "refused"
        self.feedback = {"seq": self.seq, "verdict": verdict, "code": "weight", "text": "", "remedy": ""}
        self.changed()


class HospitalDesk(Desk):
    tote = ""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.counted: Counter[str] = Counter()

    def extra(self) -> dict[str, Any]:
        if self.step not in ("hospital_count", "hospital_fix"):
            return {}
        return {
            "lines": [self._line(sku) for sku in self._skus()],
            "totes": [{"position": 1, "label": self.tote, "state": "wanted"}],
            "actions": [{"code": "C-SHORT", "label": "Short", "needs_qty": True}],
        }

    def _skus(self) -> list[str]:
        return sorted(set(self.counted) | set(self.wms.booked[self.tote]))

    def _line(self, sku: str) -> dict[str, Any]:
        expected, counted = self.wms.booked[self.tote][sku], self.counted[sku]
        fix = "ok" if expected == counted else "remove" if counted > expected else "fetch"
        home = next((row.code for row in self.wms.world.locations.values() if (sku, 10) in row.stock), "")
        line = {"sku": sku, "expected": expected, "counted": counted, "fix": fix, "location": home}
        return line | {"difference": counted - expected}

    def _first(self, fix: str) -> str:
        return next((sku for sku in self._skus() if self._line(sku)["fix"] == fix), "")

    def handle(self, code: str, qty: int | None) -> None:
        by_barcode = {sku.barcode: sku.sku for sku in self.wms.world.skus.values()}
        if self.step == "badge":
            self.step = "hospital_tote"
        elif self.step == "hospital_tote":
            self.need(self.wms.fate.get(code) == "hospital", "not_for_hospital")
            self.tote, self.step, self.counted = code, "hospital_count", Counter()
        elif code in by_barcode:
            self.counted[by_barcode[code]] += 1
        elif self.step == "hospital_count":
            self.need(code == "C-DONE", "count_first")
            self.step = "hospital_fix"
        elif code == "C-REMOVED":
            self.need(self._first("remove"), "nothing_to_remove")
            self.counted[self._first("remove")] = self.wms.booked[self.tote][self._first("remove")]
        elif code == "C-SHORT":
            self.need(self._first("fetch"), "nothing_to_fetch")
            sku = self._first("fetch")
            lacking = self.wms.booked[self.tote][sku] - self.counted[sku]
            self.wms.booked[self.tote][sku] -= lacking
            self.wms.orders[self.wms.order_of[self.tote]][sku] -= lacking
        else:
            raise RefusalError("not_now")
        if self.step == "hospital_fix" and all(self._line(sku)["fix"] == "ok" for sku in self._skus()):
            self.wms.fate[self.tote], self.step = "pack", "hospital_tote"
