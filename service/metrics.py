"""What an operator watches, in Prometheus' words: requests, queries, endings of workers, the cache, positions.

Nothing here names a story, a party or a caller: doors are counted by the first step of their address.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from fastapi import APIRouter
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.responses import Response

from kg.asking import Asking
from service.cache import Cache
from service.headers import Asgi, Message, Receive, Scope, Send

# Addresses below any other first step count as "other", so that nobody's typing makes new time series.
DOORS = frozenset(
    {
        *("sparql", "queries", "doc", "id", "view", "contributions", "batches", "validate", "snapshots", "graphs"),
        *("feed", "catalog", "def", "shapes", "concepts", "nl", "en", "static", "api", "void", "healthz", "readyz"),
        *("metrics", "readers", "delegations"),
        *("inbox", "atom", "news", "mail"),
    }
)
SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)  # From a kept answer to a partner's longest query.


class Metrics:
    """The counters of one service, and what is read from its rooms when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "wijkgraaf_requests", "Answers given.", ("door", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "wijkgraaf_request_seconds",
            "From the request's head to the last byte given.",
            ("door",),
            registry=self.registry,
            buckets=SECONDS,
        )

    def watch(self, asking: Asking, cache: Cache) -> None:
        """Also tells of these rooms."""
        self.registry.register(Rooms(asking, cache))

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)


class Rooms(Collector):
    """Reads the state of rooms when it is asked for."""

    def __init__(self, asking: Asking, cache: Cache) -> None:
        self.asking = asking
        self.cache = cache

    def collect(self) -> Iterator[Metric]:
        """Queries running and waiting, how workers ended, and the cache."""
        running, waiting = self.asking.load()
        yield GaugeMetricFamily("wijkgraaf_queries_running", "Queries being answered.", value=running)
        yield GaugeMetricFamily("wijkgraaf_queries_waiting", "Queries waiting for their turn.", value=waiting)
        endings = CounterMetricFamily(
            "wijkgraaf_workers_ended", "Workers that ended under a query, by what ended them.", labels=("by",)
        )
        for by in ("time", "memory", "crash"):
            endings.add_metric((by,), self.asking.endings[by])
        yield endings
        yield CounterMetricFamily("wijkgraaf_cache_hits", "Kept answers given again.", value=self.cache.hits)
        yield CounterMetricFamily("wijkgraaf_cache_misses", "Answers that were not kept.", value=self.cache.misses)
        yield GaugeMetricFamily("wijkgraaf_cache_bytes", "Memory that kept answers take.", value=self.cache.bytes)


@contextlib.contextmanager
def listening(metrics: Metrics, port: int | None) -> Iterator[None]:
    """Gives the measurements on a port of their own, on this machine alone; without a port nowhere. Raises OSError."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, "127.0.0.1", metrics.registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def counted(app: Asgi, metrics: Metrics) -> Asgi:
    """The app, with each answer counted."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        first = scope["path"].split("/", 2)[1].partition(".")[0]
        door = first if first in DOORS else "other"
        begun = time.perf_counter()
        status = 500

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, send_counted)
        finally:
            metrics.requests.labels(door, scope["method"], str(status)).inc()
            metrics.seconds.labels(door).observe(time.perf_counter() - begun)

    return serve


def metrics_router(metrics: Metrics) -> APIRouter:
    """The router of `/metrics`, where it stands beside the other doors."""
    router = APIRouter(tags=["Health"])

    @router.get("/metrics", summary="Measurements", description="In Prometheus' text format.")
    async def measurements() -> Response:
        return Response(metrics.text(), 200, {"Cache-Control": "no-store"}, CONTENT_TYPE_LATEST)

    return router
