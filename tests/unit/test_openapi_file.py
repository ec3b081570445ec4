"""The document types are generated from, and the page's copy of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from futuresboard.api.__main__ import text
from support_schemas import DOCUMENT

COPY = Path(__file__).parents[2] / "frontend" / "src" / "api" / "openapi.json"
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
NAMED = {
    "Row", "History", "Alert", "AlertWithEvidence", "EvidenceCell", "Settings", "Catalog", "Thresholds",
    "Rule", "Health", "ExchangeHealth", "Correlation", "WeightedOi", "Planner", "Problem",
    "SubscribeRequest", "SubscribeAck", "MetricsUpdate", "HealthUpdate",
}  # fmt: skip
NOT_ALWAYS = {
    "Correlation",
    "Health",
    "History",
    "NotifyResult",
    "Problem",
    "Simulation",
    "SomeThresholds",
    "SubscribeRequest",
    "ThresholdChanges",
}
"""Components of which the server sends some keys only sometimes, or takes them so."""


def test_the_pages_copy_is_the_document():
    if not COPY.exists():
        pytest.skip("frontend/src/api/openapi.json is absent")
    same = COPY.read_bytes() == text()
    assert same, f"make it anew: python -m futuresboard.api > {COPY.relative_to(COPY.parents[3])}"


def test_it_is_printed_the_same_whatever_the_settings_are(tmp_path: Path):
    environ = os.environ | {"TIMEFRAMES": "5m", "AUTH_TOKEN": "x", "DATABASE_URL": "sqlite:////nowhere/x.db"}
    command = [sys.executable, "-m", "futuresboard.api"]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert done.stdout == text()
    assert done.stderr == b""
    assert list(tmp_path.iterdir()) == []


def test_it_is_valid_and_names_its_schemas():
    validate(DOCUMENT)
    assert set(SCHEMAS) >= NAMED


def test_every_key_is_there_always_where_nothing_says_otherwise():
    for name, schema in SCHEMAS.items():
        missing = set(schema["properties"]) - set(schema["required"])
        assert bool(missing) == (name in NOT_ALWAYS), (name, missing)


def test_nothing_is_just_an_object():
    def walk(part: Any, place: str) -> None:
        if isinstance(part, dict):
            if part.get("type") == "object":
                assert "properties" in part or "additionalProperties" in part, place
            if part.get("type") == "array":
                assert "items" in part, place
            for key, value in part.items():
                walk(value, f"{place}/{key}")
        elif isinstance(part, list):
            for number, value in enumerate(part):
                walk(value, f"{place}/{number}")

    walk(DOCUMENT, "")


def test_every_answer_with_a_name_is_referred_to():
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                for media, content in answer.get("content", {}).items():
                    if media != "application/json" or path == "/api/openapi.json":
                        continue
                    schema = content["schema"].get("items", content["schema"])
                    assert "$ref" in schema, (path, method, status)
