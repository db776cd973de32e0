"""The weight gate, the hospital, and the way back to the bench."""

from __future__ import annotations

import pytest

from mfc.dispatch.models import Shipment
from mfc.inventory.models import StockMove, ToteUse
from mfc.orders.models import Order, OrderLine
from mfc.packing.models import PackJob, Parcel
from tests.proof import broken_invariants, unchanged
from tests.walk import Walk
from tests.world import HOSPITAL_LANE, PACK_LANE, World


@pytest.fixture
def tote(world: World, walk: Walk) -> str:
    """A tote with 3 SOAP and 2 TEA on the belt; Pat is at the bench, Lee at the hospital."""
    walk.picked_tote(SOAP=3, TEA=2)
    walk.badge("pack-1", "Pat")
    walk.badge("hosp-1", "Lee")
    return world.totes[0]


RIGHT_G = 1500 + 3 * 100 + 2 * 200


def reject(walk: Walk, tote: str, weight_g: int) -> None:
    walk.scan("pack-1", tote)
    assert walk.weigh("pack-1", weight_g).code == "weight_out_of_tolerance"
    assert walk.scan("hosp-1", tote).verdict == "accepted"


def count(walk: Walk, **units: int) -> None:
    for code, qty in units.items():
        for _ in range(qty):
            assert walk.scan("hosp-1", walk.world.gtins[code]).verdict == "accepted"


# tolerance: the larger of 10 g and 2 % of 700 g = 14 g, below half of the lightest unit (50 g)
@pytest.mark.parametrize("weight_g", [RIGHT_G - 14, RIGHT_G, RIGHT_G + 14])
def test_a_weight_inside_the_tolerance_prints_the_label(walk: Walk, tote: str, weight_g: int) -> None:
    walk.scan("pack-1", tote)
    assert walk.weigh("pack-1", weight_g).verdict == "accepted"
    job = PackJob.objects.get()
    assert (job.state, job.expected_g, job.measured_g, job.tolerance_g) == ("weighed", RIGHT_G, weight_g, 14)
    assert len(job.sscc) == 18


@pytest.mark.parametrize(("weight_g", "side"), [(RIGHT_G - 15, "light"), (RIGHT_G + 15, "heavy")])
def test_a_weight_outside_the_tolerance_sends_the_tote_to_the_hospital(
    walk: Walk, tote: str, weight_g: int, side: str
) -> None:
    walk.scan("pack-1", tote)
    said = walk.weigh("pack-1", weight_g)
    assert (said.verdict, said.code) == ("refused", "weight_out_of_tolerance")
    assert said.text == (
        f"Tote {tote}: 15 g too {side}: {weight_g} g measured, {RIGHT_G} g expected, 14 g allowed."
    )
    job = PackJob.objects.get()
    assert (job.state, job.sscc) == ("rejected", "")
    assert walk.ask(tote) == HOSPITAL_LANE
    with unchanged():
        assert walk.scan("pack-1", tote).code == "tote_not_here"


def test_one_unit_too_few_is_always_seen(walk: Walk, tote: str) -> None:
    walk.scan("pack-1", tote)
    assert walk.weigh("pack-1", RIGHT_G - 100).verdict == "refused"


def test_a_second_weight_after_the_label_changes_nothing(walk: Walk, tote: str) -> None:
    walk.scan("pack-1", tote)
    walk.weigh("pack-1", RIGHT_G)
    with unchanged():
        assert walk.weigh("pack-1", RIGHT_G + 500).verdict == "none"


def test_a_weight_without_a_tote_asks_for_the_scan(walk: Walk, tote: str) -> None:
    with unchanged():
        said = walk.weigh("pack-1", RIGHT_G)
    assert (said.verdict, said.code) == ("refused", "unexpected_scan")
    assert said.remedy == "Scan the tote, then put it on the scale."


def test_somebody_leaning_on_the_scale_is_not_a_tote(walk: Walk, tote: str) -> None:
    walk.scan("pack-1", tote)
    with unchanged():
        assert walk.weigh("pack-1", 199).verdict == "none"
        assert walk.weigh("pack-2", RIGHT_G).verdict == "none"  # nobody works there


def test_a_tote_must_be_weighed_before_it_is_sealed(walk: Walk, tote: str) -> None:
    walk.scan("pack-1", tote)
    with unchanged():
        assert walk.scan("pack-1", "00340123450000000017", "C1").code == "unexpected_scan"


def test_only_the_printed_label_seals_the_tote(world: World, walk: Walk, tote: str) -> None:
    walk.scan("pack-1", tote)
    walk.weigh("pack-1", RIGHT_G)
    job = PackJob.objects.get()
    with unchanged():
        said = walk.scan("pack-1", "00340123450000000017", "C1")
        assert walk.scan("pack-1", world.gtins["TEA"]).code == "unexpected_scan"
    assert said.code == "wrong_label"
    assert said.text == f"That is label 340123450000000017; this tote's label is {job.sscc}."
    assert walk.scan("pack-1", f"00{job.sscc}", "C1").verdict == "accepted"
    parcel = Parcel.objects.get()
    assert (parcel.sscc, parcel.weight_g, parcel.sealed_by) == (job.sscc, RIGHT_G, world.people["Pat"])
    assert f"^FD>;>800{job.sscc}" in parcel.label_zpl or job.sscc in parcel.label_zpl
    assert Shipment.objects.get().state == "sealed"
    assert Order.objects.get().state == "packed"


def test_a_tote_with_nothing_to_pack_is_not_due_at_a_bench(world: World, walk: Walk, tote: str) -> None:
    with unchanged():
        assert walk.scan("pack-1", world.totes[5]).code == "tote_not_here"
        assert walk.scan("pack-1", world.gtins["TEA"]).code == "unexpected_scan"
        assert walk.scan("hosp-1", world.totes[5]).code == "tote_not_here"
        assert walk.scan("hosp-1", world.gtins["TEA"]).code == "unexpected_scan"


def test_a_right_count_goes_back_to_the_bench_and_decides_over_the_weight(walk: Walk, tote: str) -> None:
    reject(walk, tote, RIGHT_G + 60)
    count(walk, SOAP=3, TEA=2)
    assert walk.scan("hosp-1", "C-DONE").text == "The content is right. Put the tote back on the belt."
    job = PackJob.objects.get()
    assert (job.state, job.count_confirmed, job.station) == ("arriving", True, None)
    assert walk.ask(tote) == PACK_LANE
    walk.scan("pack-1", tote)
    assert walk.weigh("pack-1", RIGHT_G + 60).verdict == "accepted"
    job.refresh_from_db()
    assert job.reason.endswith("; accepted: counted by hand")
    assert broken_invariants() == {}


def test_a_unit_too_many_is_taken_out_and_booked_from_its_bin(world: World, walk: Walk, tote: str) -> None:
    assert world.position("TEA") == (8, 0, 0)
    reject(walk, tote, RIGHT_G + 200)
    count(walk, SOAP=3, TEA=3)
    assert walk.scan("hosp-1", "C-DONE").text == "The content differs: follow the lines on the screen."
    assert PackJob.objects.get().state == "fixing"
    said = walk.scan("hosp-1", "C-REMOVED")
    assert said.text == "1 × Tea caddy on the shelf. The content is right. Put the tote back on the belt."
    assert PackJob.objects.get().state == "arriving"
    move = StockMove.objects.get(kind="putback")
    assert (move.qty, move.from_location, move.to_location, move.reason) == (
        1,
        world.locations["A01-01"],
        world.locations["HOSP-SHELF"],
        "too many in the tote",
    )
    assert world.position("TEA") == (7, 0, 0)
    assert world.in_tote(tote) == {"SOAP": 3, "TEA": 2}
    assert broken_invariants() == {}


def test_a_foreign_unit_is_taken_out_as_found_stock(world: World, walk: Walk, tote: str) -> None:
    reject(walk, tote, RIGHT_G + 350)
    count(walk, SOAP=3, TEA=2, MUG=1)
    walk.scan("hosp-1", "C-DONE")
    assert walk.scan("hosp-1", "C-REMOVED").verdict == "accepted"
    assert PackJob.objects.get().state == "arriving"
    assert world.balance("HOSP-SHELF", "MUG").on_hand == 1
    assert broken_invariants() == {}


def test_a_missing_unit_is_fetched(world: World, walk: Walk, tote: str) -> None:
    reject(walk, tote, RIGHT_G - 100)
    count(walk, SOAP=2, TEA=2)
    walk.scan("hosp-1", "C-DONE")
    with unchanged():
        assert walk.scan("hosp-1", world.gtins["TEA"]).code == "wrong_item"  # none of it is missing
    said = walk.scan("hosp-1", world.gtins["SOAP"])
    assert said.text == "3 × Olive soap. The content is right. Put the tote back on the belt."
    assert PackJob.objects.get().state == "arriving"
    assert world.in_tote(tote) == {"SOAP": 3, "TEA": 2}
    assert broken_invariants() == {}


def test_a_missing_unit_that_is_not_found_is_short(world: World, walk: Walk, tote: str) -> None:
    reject(walk, tote, RIGHT_G - 100)
    count(walk, SOAP=2, TEA=2)
    walk.scan("hosp-1", "C-DONE")
    said = walk.scan("hosp-1", "C-SHORT")
    assert said.text == "1 × Olive soap are short. The content is right. Put the tote back on the belt."
    line = OrderLine.objects.get(sku__code="SOAP")
    assert (line.qty_picked, line.qty_short, line.short_reason) == (
        2,
        1,
        "missing in the tote, not found again",
    )
    assert world.in_tote(tote) == {"SOAP": 2, "TEA": 2}
    assert broken_invariants() == {}


def test_both_kinds_of_difference_are_mended_line_by_line(world: World, walk: Walk, tote: str) -> None:
    reject(walk, tote, RIGHT_G + 100)
    count(walk, SOAP=2, TEA=3)
    walk.scan("hosp-1", "C-DONE")
    assert walk.scan("hosp-1", "C-REMOVED").text == "1 × Tea caddy on the shelf."
    assert PackJob.objects.get().state == "fixing"
    with unchanged():
        assert walk.scan("hosp-1", "C-REMOVED").code == "nothing_expected"
    walk.scan("hosp-1", world.gtins["SOAP"])
    assert PackJob.objects.get().state == "arriving"
    assert broken_invariants() == {}


def test_a_tote_that_turns_out_empty_closes_the_order_unfilled(world: World, walk: Walk, tote: str) -> None:
    reject(walk, tote, 1500)
    walk.scan("hosp-1", "C-DONE")
    assert walk.scan("hosp-1", "C-SHORT").verdict == "accepted"
    assert walk.scan("hosp-1", "C-SHORT").text.endswith("Nothing is left: back to the stack.")
    job = PackJob.objects.get()
    assert (job.state, Order.objects.get().state) == ("emptied", "unfilled")
    assert ToteUse.objects.get().closed_at == world.clock.now()
    assert world.in_tote(tote) == {}
    assert broken_invariants() == {}


def test_counting_commands_out_of_turn_are_refused(walk: Walk, tote: str) -> None:
    reject(walk, tote, RIGHT_G + 100)
    with unchanged():
        assert walk.scan("hosp-1", "C-REMOVED").code == "unexpected_scan"
        assert walk.scan("hosp-1", "C-SHORT").code == "unexpected_scan"
        assert walk.scan("hosp-1", tote).code == "unexpected_scan"


def test_a_tote_is_counted_again_from_zero_when_it_comes_a_second_time(walk: Walk, tote: str) -> None:
    reject(walk, tote, RIGHT_G + 100)
    count(walk, SOAP=3, TEA=2)
    walk.scan("hosp-1", "C-DONE")
    assert walk.scan("hosp-1", tote).verdict == "accepted"  # a person may count a tote that is on its way
    assert PackJob.objects.get().counted == {}
