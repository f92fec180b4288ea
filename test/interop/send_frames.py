"""Collects the frames of a JSON file with Azure's own Python SDK, from two threads. Usage: send_frames.py <file>"""

import json
import sys
import threading
import time

import pandas as pd
from azureml.ai.monitoring import Collector
from azureml.ai.monitoring.context import BasicCorrelationContext
from azureml.ai.monitoring.queue import get_queue

DTYPES = {"float64": "float64", "int64": "Int64", "boolean": "object", "string": "object", "json": "object"}


troubles = []


def column(kind, cells):
    if kind == "timestamp":
        return pd.to_datetime(pd.Series(cells, dtype="object"), utc=True).dt.tz_localize(None)
    if kind == "int64":
        return pd.Series([None if cell is None else int(cell) for cell in cells], dtype="Int64")
    return pd.Series(cells, dtype=DTYPES[kind])


def collect(frames):
    for frame in frames:
        data = pd.DataFrame({name: column(kind, cells) for name, kind, cells in frame["columns"]})
        context = BasicCorrelationContext(id=frame["id"], timestamp=frame["time"], headers=frame["attributes"])
        Collector(name=frame["collection"], on_error=troubles.append).collect(data, context)


with open(sys.argv[1], encoding="utf-8") as file:
    frames = json.load(file)
threads = [threading.Thread(target=collect, args=(frames[half::2],)) for half in (0, 1)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
# It has no flush: what is on its way is lost at the end.
while get_queue().length() > 0:
    time.sleep(0.05)
time.sleep(1)
sys.exit("\n".join(str(trouble) for trouble in troubles) or 0)
