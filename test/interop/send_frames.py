"""Collects the frames of a JSON file with Azure's own Python SDK. Usage: send_frames.py <file>"""

import json
import sys

import pandas as pd
from sdk_sender import send

DTYPES = {"float64": "float64", "int64": "Int64", "boolean": "object", "string": "object", "json": "object"}


def column(kind, cells):
    if kind == "timestamp":
        return pd.to_datetime(pd.Series(cells, dtype="object"), utc=True).dt.tz_localize(None)
    if kind == "int64":
        return pd.Series([None if cell is None else int(cell) for cell in cells], dtype="Int64")
    return pd.Series(cells, dtype=DTYPES[kind])


def frame(told):
    data = pd.DataFrame({name: column(kind, cells) for name, kind, cells in told["columns"]})
    return told["collection"], data, told["id"], told["time"], told["attributes"]


with open(sys.argv[1], encoding="utf-8") as file:
    send(map(frame, json.load(file)))
