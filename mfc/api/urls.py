"""Addresses of API version 1."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from mfc.api import (
    exchange,
    holds,
    ledger,
    orders,
    problems,
    putwalls,
    receipts,
    shipments,
    stock,
    substitutions,
    upkeep,
)

urlpatterns = [
    path("v1/orders", orders.OrderList.as_view()),
    path("v1/orders/<uuid:order_id>", orders.OrderDetail.as_view()),
    path("v1/orders/<uuid:order_id>/cancel", orders.OrderCancel.as_view()),
    path("v1/orders/<uuid:order_id>/substitutions", substitutions.OrderSubstitutions.as_view()),
    path("v1/substitutions/<uuid:ask_id>/answer", substitutions.SubstitutionAnswer.as_view()),
    path("v1/skus", stock.SkuList.as_view()),
    path("v1/stock/relocations", holds.RelocationList.as_view()),
    path("v1/stock/adjustments", holds.AdjustmentList.as_view()),
    path("v1/holds", holds.HoldList.as_view()),
    path("v1/holds/<int:hold_id>/lift", holds.HoldLift.as_view()),
    path("v1/lots/trace", holds.LotTrace.as_view()),
    path("v1/lots/recall", holds.LotRecall.as_view()),
    path("v1/receipts", receipts.ReceiptList.as_view()),
    path("v1/receipts/<int:receipt_id>", receipts.ReceiptDetail.as_view()),
    path("v1/receipts/<int:receipt_id>/items", receipts.ReceiptItems.as_view()),
    path("v1/receipts/<int:receipt_id>/close", receipts.ReceiptClose.as_view()),
    path("v1/receipts/<int:receipt_id>/cancel", receipts.ReceiptCancel.as_view()),
    path("v1/putaways", receipts.PutawayList.as_view()),
    path("v1/putaways/proposals", receipts.PutawayProposals.as_view()),
    path("v1/putwalls/<str:station>/slots", putwalls.PutwallSlots.as_view()),
    path("v1/stock/as-of", ledger.StockAsOf.as_view()),
    path("v1/stock/moves", ledger.MoveList.as_view()),
    path("v1/replenishments", upkeep.ReplenishmentList.as_view()),
    path("v1/replenishments/<int:task_id>/done", upkeep.ReplenishmentDone.as_view()),
    path("v1/counts", upkeep.CountList.as_view()),
    path("v1/counts/report", upkeep.CountReport.as_view()),
    path("v1/counts/<int:count_id>/result", upkeep.CountResult.as_view()),
    path("v1/counts/<int:count_id>/decision", upkeep.CountDecision.as_view()),
    path("v1/imports", exchange.ImportList.as_view()),
    path("v1/imports/<int:import_id>", exchange.ImportDetail.as_view()),
    path("v1/exports/<slug:kind>", exchange.Export.as_view()),
    path("v1/shipments", shipments.ShipmentList.as_view()),
    path("v1/shipments/<uuid:shipment_id>", shipments.ShipmentDetail.as_view()),
    path("v1/shipments/<uuid:shipment_id>/claim", shipments.ShipmentClaim.as_view()),
    path("v1/shipments/<uuid:shipment_id>/handover", shipments.ShipmentHandover.as_view()),
    path("v1/shipments/<uuid:shipment_id>/open", shipments.ShipmentOpen.as_view()),
    path("v1/<path:rest>", problems.UnknownAddress.as_view()),
    path(
        "schema.json",
        SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]),
        name="api-schema",
    ),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", authentication_classes=[], permission_classes=[]
        ),
        name="api-docs",
    ),
]
