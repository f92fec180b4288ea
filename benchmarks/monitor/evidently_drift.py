"""Has Evidently compare the two days of stored rows; prints time, CPU and memory as JSON.

usage: evidently_drift.py <root>
"""

import glob
import json
import resource
import sys
import time
import warnings

import pandas as pd
import pyarrow.parquet as pq
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset

warnings.filterwarnings("ignore")


def day(date: str) -> pd.DataFrame:
    files = sorted(glob.glob(f"{sys.argv[1]}/flights/blue/model_inputs/inference_date={date}/**/*.parquet", recursive=True))
    names = [name for name in pq.read_schema(files[0]).names if not name.startswith("mdc_")]
    return pd.concat([pq.read_table(file, columns=names, partitioning=None).to_pandas() for file in files], ignore_index=True)


begun = time.perf_counter()
reference, current = day("2026-11-22"), day("2026-11-23")
read = time.perf_counter() - begun
Report([DataDriftPreset()]).run(Dataset.from_pandas(current), Dataset.from_pandas(reference))
used = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "time": {"unit": "s", "value": time.perf_counter() - begun},
            "CPU": {"unit": "s", "value": used.ru_utime + used.ru_stime},
            "RSS": {"unit": "MB", "value": used.ru_maxrss * 1024 / 1e6},
        }
    )
)
