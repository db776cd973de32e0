"""Addresses of API version 1."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from mfc.api import orders, shipments, stock

urlpatterns = [
    path("v1/orders", orders.OrderList.as_view()),
    path("v1/orders/<uuid:order_id>", orders.OrderDetail.as_view()),
    path("v1/orders/<uuid:order_id>/cancel", orders.OrderCancel.as_view()),
    path("v1/skus", stock.SkuList.as_view()),
    path("v1/shipments", shipments.ShipmentList.as_view()),
    path("v1/shipments/<uuid:shipment_id>", shipments.ShipmentDetail.as_view()),
    path("v1/shipments/<uuid:shipment_id>/claim", shipments.ShipmentClaim.as_view()),
    path("v1/shipments/<uuid:shipment_id>/handover", shipments.ShipmentHandover.as_view()),
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
