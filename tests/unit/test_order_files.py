"""Order files of the planners' benches are told apart by their headers, packed or not."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from tests.bench import orderfiles

UCI = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536366,85123a,HOLDER,1,2010-12-03 08:26:00,2.55,17850,United Kingdom
536366,POST,POSTAGE,1,2010-12-03 08:26:00,2.55,17850,United Kingdom
C536379,85123A,HOLDER,-1,2010-12-04 09:41:00,2.55,14527,United Kingdom
"""
SALES = """product_id,time_id,customer_id,promotion_id,store_id,store_sales,store_cost,unit_sales
337,371,6280,0,2,1.5,0.5,2.0
1512,371,6280,0,2,1.6,0.6,3.0
337,372,6280,0,2,1.5,0.5,1.0
"""
PRODUCTS = """product_class_id,product_id,gross_weight,shelf_width,shelf_height,shelf_depth
30,337,8.39,2,3,4
52,1512,7.42,1,1,1
"""


def test_online_retail_without_cancellations_and_postage(tmp_path: Path) -> None:
    path = tmp_path / "uci_online_retail.csv.xz"
    path.write_bytes(lzma.compress(UCI.encode()))
    found = orderfiles.read(path)
    assert (found.name, len(found.baskets), found.skus) == ("uci_online_retail", 2, ["85123A", "71053"])
    assert found.baskets.sizes.tolist() == [2, 1]
    assert found.baskets.days[1] - found.baskets.days[0] == pytest.approx(2.0)


def test_foodmart_with_its_measures(tmp_path: Path) -> None:
    (tmp_path / "foodmart_product.csv.gz").write_bytes(gzip.compress(PRODUCTS.encode()))
    path = tmp_path / "foodmart_sales_1997.csv.gz"
    path.write_bytes(gzip.compress(SALES.encode()))
    found = orderfiles.read(path)
    assert found.baskets.sizes.tolist() == [2, 1]
    assert found.volume is not None
    assert found.volume.tolist() == [24.0, 1.0]


@pytest.mark.parametrize(
    ("times", "apart"), [(("2026-01-01T08:00:00Z", "2026-01-03T08:00:00Z"), 2.0), (("1767254400", "1767340800"), 1.0),
                         (("3", "7.5"), 4.5)],
)  # fmt: skip
def test_plain_lines_with_any_kind_of_time(tmp_path: Path, times: tuple[str, str], apart: float) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(
        f"order_id,timestamp,sku,qty\nb,{times[1]},x,1\na,{times[0]},x,2\na,{times[0]},y,1\na,{times[0]},x,1\n"
    )
    found = orderfiles.read(path)
    assert found.has_times
    assert found.baskets.sizes.tolist() == [2, 1]
    assert found.baskets.qty.tolist() == [3.0, 1.0, 1.0]
    assert found.baskets.days[1] - found.baskets.days[0] == pytest.approx(apart)


def test_without_times_the_sequence_counts(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv.gz"
    path.write_bytes(gzip.compress(b"order_id,sku\n1,x\n2,y\n2,x\n"))
    found = orderfiles.read(path)
    assert not found.has_times
    assert found.baskets.sizes.tolist() == [1, 2]


def test_an_unknown_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("colour,taste\nred,sweet\n")
    with pytest.raises(ValueError, match="order_id"):
        orderfiles.read(path)


def test_large_orders_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("order_id,sku\n1,x\n2,y\n2,x\n")
    assert orderfiles.read(path, most_lines=1).baskets.sizes.tolist() == [1]
