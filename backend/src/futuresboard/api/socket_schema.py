"""What goes over the socket, for the OpenAPI document, which has no place for events.

`subscribe` (client to server): SubscribeRequest, acknowledged with SubscribeAck or SubscribeRefusal;
server to client: `metrics_update` MetricsUpdate, `alert_toast` Alert, `health_update` HealthUpdate.
"""

from __future__ import annotations

from futuresboard.api.health_schema import EXCHANGES, STATES
from futuresboard.api.metrics import ROW
from futuresboard.api.problems import PROBLEM
from futuresboard.api.schema import BOOLEAN, INTEGER, STRING, Component, array, doc, nullable, record, words

_UPDATE = {
    "tf": STRING,
    "seq": doc(INTEGER, "the transaction it tells of"),
    "ts": doc(INTEGER, "exchange time, ms UTC"),
}
PAYLOADS = (
    Component(
        "SubscribeRequest",
        record(
            {
                "tf": STRING,
                "exchange": doc(STRING, "empty: all"),
                "since": doc(nullable(INTEGER), "the `seq` the client knows"),
                "alert": doc(nullable(INTEGER), "id of the last alert it was told"),
            },
            optional=("tf", "exchange", "since", "alert"),
        ),
    ),
    Component(
        "SubscribeAck",
        record(
            {
                **_UPDATE,
                "full": doc(BOOLEAN, "`rows` is everything, else what changed after `since`"),
                "rows": array(ROW),
            }
        ),
    ),
    Component("SubscribeRefusal", record({"error": PROBLEM})),
    Component("MetricsUpdate", record({**_UPDATE, "rows": doc(array(ROW), "those that changed")})),
    Component("HealthUpdate", record({"status": words(STATES), "exchanges": EXCHANGES})),
)
