"""Published instance forms and their traps, on small files built here; and the checker that believes nothing."""

from __future__ import annotations

import gzip
import itertools
import json
import tarfile
from argparse import Namespace
from pathlib import Path

import pytest

from mfc.picking.routing import route
from tests.bench import checker, published
from tests.bench.grids import site_of_graph, site_of_sections
from tests.bench.instances import graphs, sections
from tests.bench.instances.files import File, read
from tests.bench.instances.references import References, plain


def sections_text(
    places: list[tuple[int, int]],
    *,
    depot: str = "bottom",
    aisle: int = 0,
    cells: int = 6,
    kind: str = "Order_batching",
    comment: str = "Muter and Oncan (2015)",
    name: str = "20_24_0.txt",
    orders: list[list[int]] | None = None,
) -> str:
    head = f"""NAME : {name}
TYPE : {kind}
COMMENT : {comment}
PICKER_CAPACITY : 2
LAYOUT : single-block
NUM_AISLES : 3
NUM_CELLS : {cells}
DEPOT_AISLE : {aisle}
DEPOT_LOCATION : {depot}
DISTANCE_AISLE_TO_AISLE : 2.4
DISTANCE_CELL_TO_CELL : 1
DISTANCE_TOP_TO_CELL : 1
DISTANCE_BOTTOM_TO_CELL : 1
DISTANCE_TOP_OR_BOTTOM_TO_DEPOT : 0
ARTICLE_SECTION
NUM_ARTICLES : {len(places)}
"""
    lines = [f"ID {n} WEIGHT 1" for n in range(len(places))]
    lines += ["SKU_SECTION", f"NUM_SKUS : {len(places)}"]
    lines += [
        f"ID {n} AISLE {a} CELL {c} QUANTITY 9 LEFT_RIGHT_HAND_SIDE left" for n, (a, c) in enumerate(places)
    ]
    lines += ["ORDER_SECTION"]
    if orders is None:
        lines += [f"NUM_ARTICLES : {len(places)}", *(f"ID {n} QUANTITY 1" for n in range(len(places)))]
    else:
        lines += [f"NUM_ORDERS : {len(orders)}"]
        for order in orders:
            lines += [f"NUM_ARTICLES_IN_ORDER : {len(order)}", *(f"ID {n} QUANTITY 1" for n in order)]
    return head + "\n".join(lines) + "\nEOF"


def length(text: str, *, blocks: int = 1, wahlen_gschwind: bool = False) -> float:
    task = sections.parse(File("x", "", text))
    if blocks == 2:
        task = task.as_two_blocks()
    if wahlen_gschwind:
        task = task.as_wahlen_gschwind()
    site = site_of_sections(task)
    walk = route(
        site.grid,
        [site.cell_of[place] for places in task.places_of().values() for place in places],
        site.depot,
    )
    solution = {"blocks": blocks, "walk": site.walk(walk.points), "value": site.value(walk.length)}
    if wahlen_gschwind:
        solution["ends"] = 1.5
    verdict = checker.check(text, solution)
    assert verdict.faults == ()
    return verdict.value


def test_cell_0_is_at_the_top():
    assert length(sections_text([(0, 5)])) == 2  # one step from the bottom depot
    assert length(sections_text([(0, 0)])) == 2 * 6


def test_the_depot_may_be_at_the_top():
    assert length(sections_text([(0, 0)], depot="top")) == 2
    assert length(sections_text([(2, 5)], depot="top")) == 2 * (6 + 2 * 2.4)


def test_the_depot_may_stand_before_any_aisle():
    assert length(sections_text([(0, 5)], aisle=2)) == 2 * (2 * 2.4 + 1)


def test_two_blocks_part_the_cells_with_two_units_between():
    # cells 2 and 3 adjoin the middle cross aisle: 1 to cell 5, 2 more to cell 3, 2 across it to cell 2
    assert length(sections_text([(0, 2)]), blocks=2) == 2 * (1 + 2 + 2)
    # in cell 3 of both aisles: over the middle is not longer than over the front
    assert length(sections_text([(0, 3), (1, 3)]), blocks=2) == 2 * (1 + 2 + 1) + 2 * 2.4
    # an odd number of cells: the smaller half is at the top
    assert length(sections_text([(0, 2)], cells=7), blocks=2) == 2 * (1 + 3 + 2)


def test_wahlen_and_gschwind_took_one_and_a_half_to_the_first_cell():
    text = sections_text([(0, 5)])
    assert length(text) == 2
    assert length(text, wahlen_gschwind=True) == 3


def test_the_family_is_what_the_file_says_of_itself():
    def family(**words):
        return sections.parse(File("x", "somewhere", sections_text([(0, 0)], **words))).family

    assert family() == "MuterOencan"
    assert family(comment="Bahceci and Oncan (2021)") == "BahceciOencan"
    assert family(comment="Henn", name="uniform_S-Shape\\1s.txt") == "HennWaescherUniform"
    assert family(comment="Henn", name="class-based_Largest_Gap\\1l.txt") == "HennWaescherClassBased"
    assert family(kind="Single_picker_routing") == "SPRP"
    assert family(kind="Single_picker_routing_with_scattered_storage") == "SPRP-SS"


def graph_text(*, timed: bool = False) -> str:
    """Two aisles, two blocks; vertices 1-3 are places, 4-9 crossings; the depot is 0 and 10."""
    arcs = [
        (4, 1, 2),
        (1, 5, 3),
        (5, 6, 5),
        (7, 8, 5),
        (8, 2, 1),
        (2, 3, 1),
        (3, 9, 3),
        (4, 7, 4),
        (5, 8, 4),
        (6, 9, 4),
    ]
    arcs += [(0, 4, 1)] if timed else [(0, 4, 2.5), (0, 7, 5.59)]
    both = [*arcs, *((b, a, d) for a, b, d in arcs)]
    names = [
        f'{4 + 3 * a + r} 0 0 "intersection aisle {a} bloc {r} rank {r}"' for a in range(2) for r in range(3)
    ]
    if timed:
        head = (
            "//alpha\n1\n//NbLocations\n10\n//NbProducts\n3\n//NbPickers\n2\n//CapaPicker\n2\n"
            "//TimeToTravelOneDistanceUnit\n3\n//SetupTime\n100\n//PickTime\n10\n"
            "//Products\n//Idx Location Size\n1 1 1\n2 2 1\n3 3 1\n"
            "//Orders\n//NbOrders\n2\n//Idx DueDate TardinessPenalty NbProdInOrder ProdIdx1 Qty1 ProdIdx2 Qty2 ...\n"
            "1 500 0 1 1 5\n2 500 0 2 2 1 3 1\n"
        )
    else:
        head = (
            "//NbLocations\n10\n//NbProducts\n3\n//K: NbBoxesTrolley\n3\n//NbDimensionsCapacity\n1\n//B: CapaBox \n40\n"
            "//A box can accept mixed orders(0: no, 1: yes)\n1\n//Products\n//Idx Location Volume\n1 1 40\n2 2 40\n3 3 40\n"
            "//Orders\n//Nb Orders\n2\n//Idx M NbProdInOrder ProdIdx1 Qty1 ProdIdx2 Qty2 ...\n1 2 1 1 99\n2 1 2 2 1 3 1\n"
        )
    body = (
        "//Graph (Products are vertices indexed from 1 to NbLocations)\n//NbVerticesIntersections\n6\n//DepartingDepot\n0\n"
        "//ArrivalDepot\n10\n//Arcs\n//Start End Distance\n"
        + "\n".join(f"{a} {b} {d}" for a, b, d in both)
        + "\n//LocStart LocEnd ShortestPath\n0 1 7777\n//Vertices coordinates LocationName\n"
        + "\n".join(names)
        + "\n"
    )
    return head + body


def test_a_trolley_takes_boxes_not_volume():
    graph = graphs.parse(File("x", "", graph_text()))
    assert graph.capacity == 3
    assert [order.load for order in graph.orders] == [2, 1]
    assert graph.family == "Foodmart"


def test_the_depot_has_an_edge_of_its_own_to_every_front_crossing():
    text = graph_text()
    site = site_of_graph(graphs.parse(File("x", "", text)))
    for vertices, expected in (
        ((1,), 2 * 4.5),
        ((2,), 2 * (5.59 + 6)),
        ((1, 2), 4.5 + 3 + 4 + 1 + 1 + 5 + 5.59),
    ):
        walk = route(site.grid, [site.cell_of[v] for v in vertices], site.depot)
        assert site.value(walk.length) == pytest.approx(expected)
        assert site.value(walk.length) == pytest.approx(checker.brute_force(checker.read(text), vertices))


@pytest.mark.parametrize("timed", [False, True])
def test_every_set_of_places_of_a_graph_is_as_short_as_brute_force(timed):
    text = graph_text(timed=timed)
    site = site_of_graph(graphs.parse(File("x", "", text)))
    for size in (1, 2, 3):
        for vertices in itertools.combinations((1, 2, 3), size):
            walk = route(site.grid, [site.cell_of[v] for v in vertices], site.depot)
            assert site.value(walk.length) == pytest.approx(checker.brute_force(checker.read(text), vertices))


def test_with_due_times_the_capacity_counts_lines():
    graph = graphs.parse(File("x", "", graph_text(timed=True)))
    assert (graph.capacity, graph.pickers) == (2, 2)
    assert [order.load for order in graph.orders] == [1, 2]
    assert [order.due for order in graph.orders] == [500, 500]


def timed_solution(**changes):
    # place 1: 2 * (1 + 2) = 6; places 2 and 3: 2 * (1 + 4 + 5 + 2) = 24
    value = 3 * (6 + 24) + 2 * 100 + 3 * 10
    return {
        "batches": [[1], [2]],
        "pickers": [0, 1],
        "walks": [[0, 1, 0], [0, 2, 3, 0]],
        "value": value,
    } | changes


def test_the_time_of_a_batch_is_travel_set_up_and_lines():
    assert checker.check(graph_text(timed=True), timed_solution()).faults == ()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"value": 319.0}, "claims 319.0, but the walks make 320.0"),
        ({"batches": [[1]], "walks": [[0, 1, 0]]}, "not every order"),
        (
            {"batches": [[1, 2]], "walks": [[0, 1, 2, 3, 0]], "pickers": [0]},
            "batch 0 loads 3, the picker carries 2",
        ),
        ({"walks": [[0, 1, 0], [0, 2, 0]]}, "batch 1: the walk misses 1 places, for example 3"),
        ({"walks": [[0, 1, 0], [2, 3, 0]]}, "batch 1: the walk does not start and end at the depot"),
        ({"walks": [[0, 1, 0], [0, 77, 0]]}, "batch 1: there is no place 77"),
        ({"pickers": [0, 2]}, "there is no picker 2"),
    ],
)
def test_the_checker_rejects_wrong_claims(changes, fault):
    verdict = checker.check(graph_text(timed=True), timed_solution(**changes))
    assert any(fault in each for each in verdict.faults), verdict.faults


def test_the_checker_sees_who_is_late():
    text = graph_text(timed=True).replace("2 500 0 2", "2 200 0 2")
    assert checker.check(text, timed_solution()).faults == ()
    one_picker = checker.check(text, timed_solution(pickers=[0, 0]))
    assert "order 2 is late" in one_picker.faults


def test_the_checker_asks_for_enough_pieces_of_scattered_storage():
    text = sections_text([(0, 5), (0, 4)], kind="Single_picker_routing_with_scattered_storage")
    near = {"walk": ["depot", [0, 5], [0, 4], "depot"], "value": 4}
    assert checker.check(text, near).faults == ()
    short = checker.check(text, {"walk": ["depot", [0, 5], "depot"], "value": 2})
    assert short.faults == ("the walk brings too little of article 1",)


def packed(tmp_path: Path) -> Path:
    source = tmp_path / "set"
    source.mkdir()
    for number in (2, 10, 1):
        (source / f"unit_{number}.txt").write_text(
            sections_text([(0, number % 6)], kind="Single_picker_routing")
        )
    (source / "readme.txt").write_text("read me")
    (source / "LICENSE").write_text("MIT")
    archive = tmp_path / "set.tar.xz"
    with tarfile.open(archive, "w:xz") as target:
        target.add(source, "set/instances")
    return archive


def test_a_set_is_an_archive_a_directory_or_a_file(tmp_path):
    archive = packed(tmp_path)
    names = ["unit_1", "unit_2", "unit_10"]
    assert [file.name for file in read(archive)] == names
    assert [file.name for file in read(tmp_path / "set")] == names
    assert [file.name for file in read(tmp_path / "set" / "unit_2.txt")] == ["unit_2"]
    assert [file.name for file in read(archive, limit=1)] == ["unit_1"]
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing")


def test_references_are_found_by_set_and_name(tmp_path):
    table = tmp_path / "values.csv.gz"
    rows = [
        "instance_set,instance_name,reference_value,reference_is_opt,reference_policy",
        "HennWaescherUniform,1l-20-30-1,10,True,optimal",
        "HennWaescherUniform,1l-20-30-1,12,True,traversal",
        "HennWaescherClassBased,1l-20-30-1,7,False,optimal",
        "MuterOencan,20_24_0,5,True,optimal",
        "MuterOencanWG,20_24_0,6,True,optimal",
        "Foodmart,instances_d5_ord5,348.59,True,optimal",
    ]
    table.write_bytes(gzip.compress("\n".join(rows).encode()))
    known = References.read(table)
    uniform = known.find("HennWaescherUniform", "1l-20-30-1")
    assert uniform is not None
    assert (uniform.value, uniform.proven) == (10, True)
    assert known.find("HennWaescherClassBased", "1l-20-30-1").value == 7
    assert known.find("MuterOencan", "20_24_0").value == 6
    assert known.find("Foodmart", "instances_d5_ord5_MAL").value == 348.59
    assert known.find("SPRP", "20_24_0") is None


def test_a_set_of_its_own_table_needs_no_set_column(tmp_path):
    table = tmp_path / "kris.csv"
    table.write_text("instance,n_orders,ils_ub,optimal\ninstances_8_1,6,9,8\n")
    found = References.read(table, family="Kris").find("Kris", "instances_8_1")
    assert found is not None
    assert (found.value, found.proven) == (8, True)
    other = tmp_path / "results_two_block.csv"
    other.write_text("file;cost;time_s\nunit_1.txt;42.5;0.1\n")
    assert References.read(other).find("SPRP", "unit_1").value == 42.5


def test_names_are_reduced_to_what_the_tables_agree_on():
    assert plain("uniform_Largest_Gap\\1l-20-30-1.txt") == "1l-20-30-1"
    assert plain("instances_d5_ord5_MAL") == "d5_ord5"


def test_the_common_run_writes_rows_gaps_and_solutions(tmp_path):
    archive = packed(tmp_path)
    table = tmp_path / "values.csv"
    table.write_text(
        "instance_set,instance_name,reference_value,reference_is_opt\nSPRP,unit_1,10,True\nSPRP,unit_2,9,False\n"
    )

    def solve(file: File, seconds: float) -> published.Answer:
        task = sections.parse(file)
        cell = 6 - task.storage[0].cell
        claimed = 99.0 if file.name == "unit_10" else 2.0 * cell
        walk = ["depot", [0, task.storage[0].cell], "depot"]
        return published.Answer(task.family, claimed, 0.25, {"walk": walk, "value": claimed})

    given = Namespace(instances=archive, reference=table, seconds=1.0, limit=None, solutions=tmp_path / "out")
    result = published.run(given, solve)
    assert result["set"] == "SPRP"
    assert result["instances"] == 3
    assert [row["value"] for row in result["rows"]] == [10, 8, 99]
    assert [row["gap_pct"] for row in result["rows"]] == [0, pytest.approx(-100 / 9), None]
    assert result["mean_gap_pct"] == pytest.approx(-50 / 9)
    assert result["optimal_found"] == 1
    assert result["new_best"] == ["unit_2"]
    assert result["wrong_claims"] == ["unit_10"]
    assert json.loads((tmp_path / "out" / "unit_1.json").read_text())["walk"] == ["depot", [0, 1], "depot"]
