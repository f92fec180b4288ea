"""Reads a tree of Parquet files with one engine and compares what it finds with expected.json.

Usage: read_tree.py <engine> <destination> <expected.json>; exits 1 with the differences, if there are any.
"""

import datetime
import json
import math
import pathlib
import sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
KEYS = ("mdc_correlation_id", "mdc_row_index")


class PyArrow:
    types = {
        "float64": "double", "int64": "int64", "int32": "int32", "boolean": "bool", "string": "string",
        "timestamp": "timestamp[us, tz=UTC]", "binary": "binary", "json": "string",
        "list<string>": "list<element: string>", "list<float64>": "list<element: double>",
    }

    def open(self, folder):
        import pyarrow
        import pyarrow.dataset
        import pyarrow.parquet

        self.version = pyarrow.__version__
        # Every file must have what its footer says, checksums of pages included.
        for file in folder.rglob("*.parquet"):
            pyarrow.parquet.read_table(file, page_checksum_verification=True, partitioning=None)
        self.data = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive")

    def schema(self):
        return {field.name: str(field.type) for field in self.data.schema}

    def rows(self, columns):
        return self.data.to_table(columns=columns).to_pylist()

    def count(self, column, least):
        import pyarrow.dataset

        return self.data.count_rows(filter=pyarrow.dataset.field(column) >= least)


class Pandas:
    types = {name: f"{text}[pyarrow]" for name, text in PyArrow.types.items()}

    def open(self, folder):
        import pandas

        self.version = pandas.__version__
        self.folder = folder
        # The Arrow-backed types keep a missing number apart from NaN.
        self.frame = pandas.read_parquet(folder, dtype_backend="pyarrow")

    def schema(self):
        return {name: str(kind) for name, kind in self.frame.dtypes.items()}

    def rows(self, columns):
        import pandas

        values = {name: [None if cell is pandas.NA or cell is None else cell for cell in self.frame[name]] for name in columns}
        return [dict(zip(columns, cells)) for cells in zip(*values.values())]

    def count(self, column, least):
        import pandas

        return len(pandas.read_parquet(self.folder, columns=[column], filters=[(column, ">=", least)]))


class Polars:
    types = {
        "float64": "Float64", "int64": "Int64", "int32": "Int32", "boolean": "Boolean", "string": "String",
        "timestamp": "Datetime(time_unit='us', time_zone='UTC')", "binary": "Binary", "json": "String",
        "list<string>": "List(String)", "list<float64>": "List(Float64)",
    }

    def open(self, folder):
        import polars

        self.version = polars.__version__
        # The folder itself: nothing but data may be in it.
        self.data = polars.scan_parquet(folder, hive_partitioning=True, missing_columns="insert")

    def schema(self):
        return {name: str(kind) for name, kind in self.data.collect_schema().items()}

    def rows(self, columns):
        return self.data.select(columns).collect().to_dicts()

    def count(self, column, least):
        import polars

        # NaN is the greatest number to polars.
        test = polars.col(column) >= least
        if isinstance(least, (int, float)):
            test = test & polars.col(column).is_not_nan()
        return self.data.filter(test).select(polars.len()).collect().item()


class DuckDb:
    types = {
        "float64": "DOUBLE", "int64": "BIGINT", "int32": "INTEGER", "boolean": "BOOLEAN", "string": "VARCHAR",
        "timestamp": "TIMESTAMP WITH TIME ZONE", "binary": "BLOB", "json": "VARCHAR",
        "list<string>": "VARCHAR[]", "list<float64>": "DOUBLE[]",
    }

    def open(self, folder):
        import duckdb

        self.version = duckdb.__version__
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute(
            f"create view data as from read_parquet('{folder}/**/*.parquet', hive_partitioning = true,"
            " union_by_name = true, hive_types = {inference_date: DATE, inference_hour: INTEGER})"
        )

    def schema(self):
        return {row[0]: row[1] for row in self.connection.execute("describe data").fetchall()}

    def rows(self, columns):
        # As text where Python's own types are too narrow or need a package.
        kinds = self.schema()
        texts = [
            f'epoch_us("{name}") as "{name}"' if kinds[name].startswith("TIMESTAMP") else f'"{name}"' for name in columns
        ]
        cursor = self.connection.execute(f"select {', '.join(texts)} from data")
        return [dict(zip(columns, row)) for row in cursor.fetchall()]

    def count(self, column, least):
        test = f'"{column}" >= ?' + (f' and not isnan("{column}")' if isinstance(least, (int, float)) else "")
        return self.connection.execute(f"select count(*) from data where {test}", [least]).fetchone()[0]


class Spark:
    types = {
        "float64": "double", "int64": "bigint", "int32": "int", "boolean": "boolean", "string": "string",
        "timestamp": "timestamp", "binary": "binary", "json": "string",
        "list<string>": "array<string>", "list<float64>": "array<double>",
    }

    def open(self, folder):
        import pyspark
        from pyspark.sql import SparkSession

        self.version = pyspark.__version__
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        self.data = session.read.option("mergeSchema", "true").parquet(str(folder))

    def schema(self):
        return dict(self.data.dtypes)

    def rows(self, columns):
        from pyspark.sql.functions import col, expr

        kinds = self.schema()
        cells = [
            expr(f"unix_micros(`{name}`)").alias(name) if kinds[name] == "timestamp" else col(f"`{name}`")
            for name in columns
        ]
        return [row.asDict() for row in self.data.select(cells).collect()]

    def count(self, column, least):
        from pyspark.sql.functions import col, isnan

        # NaN is the greatest number to Spark.
        test = col(column) >= least
        if isinstance(least, (int, float)):
            test = test & ~isnan(col(column))
        return self.data.filter(test).count()


ENGINES = {"pyarrow": PyArrow, "pandas": Pandas, "polars": Polars, "duckdb": DuckDb, "pyspark": Spark}


def cell(value, kind):
    """A value as expected.json writes it."""
    if value is None:
        return None
    if kind.startswith("list<"):
        return [cell(element, kind[5:-1]) for element in value]
    if kind == "float64":
        return number(float(value))
    if kind == "int64":
        return str(int(value))
    if kind == "timestamp":
        return str(value if isinstance(value, int) else (value - EPOCH) // datetime.timedelta(microseconds=1))
    if kind == "binary":
        return bytes(value).hex()
    if kind == "json":
        return json.loads(value)
    return value


def number(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "-0" if value == 0 and math.copysign(1, value) < 0 else value


def expected_cell(value, kind):
    return json.loads(value) if kind == "json" and value is not None else value


def compare(engine, expected, complain):
    types, schema = expected["types"], engine.schema()
    for name, kind in types.items():
        if schema.get(name) != engine.types[kind]:
            complain(f"column {name}: expected {engine.types[kind]}, got {schema.get(name)}")
    features = {name for name in schema if not name.startswith(("mdc_", "inference_"))}
    if features != {name for name in types if not name.startswith("mdc_")}:
        complain(f"features: expected {sorted(types)}, got {sorted(features)}")
    columns = [name for name in types if name in schema]
    rows = sorted(engine.rows(columns), key=lambda row: tuple(row[key] for key in KEYS))
    if len(rows) != len(expected["rows"]):
        complain(f"rows: expected {len(expected['rows'])}, got {len(rows)}")
    for index, (row, wanted) in enumerate(zip(rows, expected["rows"])):
        for name in columns:
            got = cell(row[name], types[name])
            want = expected_cell(wanted.get(name), types[name])
            # `type` too: True == 1 in Python.
            if got != want or (isinstance(got, bool) != isinstance(want, bool)):
                complain(f"row {index}, {name}: expected {want!r}, got {got!r}")
    for test in expected["filters"]:
        got = engine.count(test["column"], test["atLeast"])
        if got != test["rows"]:
            complain(f"{test['column']} >= {test['atLeast']!r}: expected {test['rows']} rows, got {got}")


def main(name, destination, expected_file):
    differences, rows = [], 0
    for expected in json.loads(pathlib.Path(expected_file).read_text(encoding="utf-8"))["collections"]:
        engine = ENGINES[name]()
        engine.open(pathlib.Path(destination) / expected["path"])
        compare(engine, expected, lambda text: differences.append(f"  {expected['name']}: {text}"))
        rows += len(expected["rows"])
    if differences:
        print("\n".join(differences[:20]))
        print(f"  {len(differences)} differences")
        return 1
    print(f"{name} {engine.version}: {rows} rows, all types, values and filtered counts as written")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
