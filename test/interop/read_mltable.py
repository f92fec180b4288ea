"""Loads folders with an MLTable by Azure's own reader, and compares them with a Parquet file.

Usage: read_mltable.py <file.parquet> <folder>...; exits 1 with the difference, if there is any. Says how many
rows there were.
"""

import sys

import mltable
import pandas

KEYS = ["mdc_event_id", "mdc_row_index"]


def plain(frame):
    """Rows in the order of their keys, as texts that do not depend on what pandas calls a type."""
    rows = frame.sort_values(KEYS)[sorted(frame.columns)].astype(object)
    return [tuple(text(value) for value in row) for row in rows.itertuples(index=False)]


def text(value):
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return str([text(item) for item in value])
    if pandas.isna(value):
        return ""
    if isinstance(value, pandas.Timestamp):
        return (value if value.tzinfo is None else value.tz_convert(None)).isoformat()
    return str(value)


def main(parquet, *folders):
    whole = pandas.read_parquet(parquet)
    expected = plain(whole)
    for folder in folders:
        found = mltable.load(folder).to_pandas_dataframe()
        if sorted(found.columns) != sorted(whole.columns):
            sys.exit(f"{folder}: columns {sorted(found.columns)}, expected {sorted(whole.columns)}")
        for here, there in zip(plain(found), expected):
            if here != there:
                sys.exit(f"{folder}: {here}, expected {there}")
        if len(found) != len(expected):
            sys.exit(f"{folder}: {len(found)} rows, expected {len(expected)}")
    print(f"{len(expected)} rows by each of {len(folders)} MLTables")


main(*sys.argv[1:])
