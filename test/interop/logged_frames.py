"""Logs frames of all dtypes with Azure's own Python SDK, from two threads; or compares what pandas finds in Parquet
with the same frames. Usage: logged_frames.py send | logged_frames.py read <destination>"""

import json
import math
import sys
import warnings

import numpy as np
import pandas as pd

COUNT = 200
# That a pandas to come will write times as text: the SDK says nothing of how it wants them.
warnings.simplefilter("ignore")


def column(kind, n, rows):
    """The dtype, and a value of it for each row; some are missing where that can be."""
    picks = [n + row for row in range(rows)]
    missing = [pick % 5 == 0 for pick in picks]
    gaps = lambda values: [None if gap else value for value, gap in zip(values, missing)]
    integers = [9007199254740993, -(2**63), 2**63 - 1, 0, -1, 42]
    doubles = [0.5, -3.5, 1.0, 100.0, 123456.789, 1e15, float("inf"), float("nan")]
    texts = ["JFK", "é", "日本 \U0001f600", 'quote " and \\ and /', "line\nbreak", "", "NaN", "1.0"]
    stamps = [pd.Timestamp("2026-03-05T18:16:25.123"), pd.Timestamp("1970-01-01")]
    pick = lambda values: [values[at % len(values)] for at in picks]
    made = {
        "int8": lambda: np.array(pick([-128, 127, 0]), dtype="int8"),
        "int64": lambda: np.array(pick(integers), dtype="int64"),
        "uint64": lambda: np.array(pick([0, 2**53 + 1, 2**63 - 1]), dtype="uint64"),
        "int64 with gaps": lambda: pd.array(gaps(pick(integers)), dtype="Int64"),
        "float32": lambda: np.array(pick([0.5, 1.0, -2.25]), dtype="float32"),
        "float64": lambda: np.array(pick(doubles), dtype="float64"),
        "ints with gaps": lambda: pd.Series([math.nan if gap else at for gap, at in zip(missing, picks)]),
        "bool": lambda: np.array([at % 2 == 0 for at in picks], dtype="bool"),
        "boolean": lambda: pd.array(gaps([at % 2 == 0 for at in picks]), dtype="boolean"),
        "text": lambda: pd.Series(gaps(pick(texts)), dtype="object"),
        "category": lambda: pd.Categorical(gaps(pick(["a", "b"]))),
        "stamp": lambda: pd.Series(gaps(pick(stamps)), dtype="datetime64[ns]"),
        "zoned": lambda: pd.Series(pick(stamps), dtype="datetime64[ns]").dt.tz_localize("Europe/Berlin"),
        "delta": lambda: pd.to_timedelta(pick([1500, 0]), unit="ms"),
        "nested": lambda: pd.Series(gaps(pick([{"a": [1.5, None]}, {"b": {"c": 2**53 + 1}}])), dtype="object"),
        "floats": lambda: pd.Series(gaps(pick([[1.0, 2.5], [0.0], [1.0, None]])), dtype="object"),
        "nothing": lambda: pd.Series([None] * rows, dtype="object"),
    }
    return made[kind]()


KINDS = ["int8", "int64", "uint64", "int64 with gaps", "float32", "float64", "ints with gaps", "bool", "boolean", "text"]
KINDS += ["category", "stamp", "zoned", "delta", "nested", "floats", "nothing"]


def frames():
    for n in range(COUNT):
        yield f"frame {n}", pd.DataFrame({kind: column(kind, n, 1 + n % 6) for kind in KINDS})


def sent():
    # Only there where the SDK is.
    from sdk_sender import send

    send(
        ("model_inputs", data, name, 1772734585, {"half": str(n % 2)}) for n, (name, data) in enumerate(frames())
    )


def plain(kind, value):
    """A cell that pandas read from Parquet, as JSON has it."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(kind, element) for element in value]
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind == "nested":
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value


def read(destination):
    stored = pd.read_parquet(f"{destination}/flights/blue/model_inputs", dtype_backend="pyarrow")
    stored = stored.sort_values(["mdc_correlation_id", "mdc_row_index"])
    found = dict(list(stored.groupby("mdc_correlation_id")))
    wrong = []
    rows = 0
    for name, data in frames():
        expected = json.loads(data.to_json(orient="records"))
        own = found.pop(name, None)
        if own is None or len(own) != len(expected):
            wrong.append(f"{name}: {0 if own is None else len(own)} of {len(expected)} rows")
            continue
        rows += len(expected)
        if own["mdc_rejected"].notna().any():
            wrong.append(f"{name}: {own['mdc_rejected'].dropna().iloc[0]}")
        for kind in KINDS:
            if kind == "nothing":
                continue
            cells = [plain(kind, value) for value in own[kind].tolist()]
            told = [row[kind] for row in expected]
            # For Python 1 is 1.0, so types are compared, too; but of a column that is int64 in some frames and
            # float64 in others, the first one decides.
            same = kind == "ints with gaps" or [type(cell) for cell in cells] == [type(cell) for cell in told]
            if cells != told or not same:
                wrong.append(f"{name}, {kind}: {told} became {cells}")
    wrong += [f"{name}: nobody sent it" for name in found]
    for line in wrong[:20]:
        print(line)
    if wrong:
        sys.exit(1)
    print(f"{COUNT} frames with {rows} rows and {len(KINDS)} dtypes, equal in pandas {pd.__version__}")


if sys.argv[1] == "send":
    sent()
else:
    read(sys.argv[2])
