"""Reads the certified trees with one engine, and compares each column with what `certified.json` says of it.

Usage: read_certified.py <engine> <folder of trees> <certified.json> [<arguments of read_tree.py>]. Type, count, nulls, least
and greatest value, sum, and the SHA-256 of all cells must be equal. What an engine cannot tell is named, with the reason, and
left out. Then reads the other tree, if it is given, in the same process: Spark starts once. Exits 1 with the differences, if
there are any.
"""

import hashlib
import json
import math
import os
import pathlib
import struct
import subprocess
import sys

from end_now import end_now

try:
    import pyarrow as pa
except ModuleNotFoundError:
    pa = None


def merged(files):
    """The schema of all files: a dataset has that of its first."""
    import pyarrow.parquet as pq

    return pa.unify_schemas([pq.read_schema(file) for file in files])


class PyArrow:
    def open(self, folder, files):
        import pyarrow.dataset as ds

        self.version = pa.__version__
        return of_arrow(ds.dataset(files, schema=merged(files)).to_table())


class Pandas:
    def open(self, folder, files):
        import pandas

        self.version = pandas.__version__
        frame = pandas.read_parquet(folder, schema=merged(files), dtype_backend="pyarrow")
        return of_arrow(pa.Table.from_pandas(frame, preserve_index=False))

    def lines(self, files, columns):
        import pandas

        frames = [pandas.read_json(file, lines=True, dtype=False) for file in files]
        records = pandas.concat(frames).to_dict("records")
        rows = pandas.json_normalize(records, "data", [name for name in columns if name in MEMBERS])
        return of_arrow(pa.Table.from_pandas(rows, preserve_index=False))


class Polars:
    def open(self, folder, files):
        import polars

        self.version = polars.__version__
        scans = [polars.scan_parquet(file, hive_partitioning=False) for file in files]
        return of_arrow(polars.concat(scans, how="diagonal").collect().to_arrow())

    def lines(self, files, columns):
        import polars

        records = polars.concat([polars.read_ndjson(file) for file in files], how="diagonal")
        return of_arrow(records.explode("data").unnest("data").select(columns).to_arrow())


class DuckDb:
    def open(self, folder, files):
        import duckdb

        self.version = duckdb.__version__
        connection = self.connect()
        query = "SELECT * FROM read_parquet(?, union_by_name = true, hive_partitioning = false)"
        return of_arrow(connection.sql(query, params=[files]).to_arrow_table())

    def connect(self):
        import duckdb

        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        return connection

    def lines(self, files, columns):
        # What looks like a UUID is one to it.
        rows = "* EXCLUDE (data) REPLACE (id::VARCHAR AS id), unnest(data, max_depth := 2)"
        found = self.connect().sql(f"SELECT {rows} FROM read_json(?)", params=[files])
        return of_arrow(found.to_arrow_table().select(columns))


class DataFusion:
    def open(self, folder, files):
        import datafusion

        self.version = datafusion.__version__
        return of_arrow(datafusion.SessionContext().read_parquet(folder).to_arrow_table())


class ClickHouse:
    bytes_are_text = "it has one type for text and bytes"
    null_lists_are_empty = "a list of it is never null"

    def open(self, folder, files):
        import chdb

        self.version = chdb.__version__
        pattern = os.path.join(folder, "**", "*.parquet")
        return self.query(f"SELECT * FROM file('{pattern}', Parquet)")

    def lines(self, files, columns):
        cells = [name if name in MEMBERS else f"row.{name} AS {name}" for name in columns]
        pattern = os.path.join(os.path.commonpath(files), "**", "*.jsonl")
        return self.query(f"SELECT {', '.join(cells)} FROM file('{pattern}', JSONEachRow) ARRAY JOIN data AS row")

    def query(self, statement):
        import chdb

        settings = "schema_inference_mode = 'union', use_hive_partitioning = 0, output_format_arrow_string_as_string = 0"
        found = chdb.query(f"{statement} SETTINGS {settings}", "Arrow")
        return of_arrow(pa.ipc.open_file(found.bytes()).read_all())


class DeltaLake:
    def tables(self, path):
        return os.path.isdir(os.path.join(path, "_delta_log"))

    def open(self, folder, files):
        import deltalake

        self.version = deltalake.__version__
        return of_arrow(pa.table(deltalake.DeltaTable(folder).to_pyarrow_table()))


class Spark:
    kinds = {
        "double": "float64", "bigint": "int64", "int": "int32", "boolean": "boolean", "string": "string",
        "timestamp": "timestamp", "binary": "binary",
    }

    def __init__(self):
        import pyspark
        from pyspark.sql import SparkSession

        self.version = pyspark.__version__
        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
        self.session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")

    def open(self, folder, files):
        return self.cells(self.session.read.option("mergeSchema", "true").parquet(folder))

    def lines(self, files, columns):
        return self.cells(self.session.read.json(files).selectExpr("*", "inline(data)").select(columns))

    def cells(self, frame):
        cells, kinds = [], {}
        for name, said in frame.dtypes:
            if name in KEYS:
                continue
            listed = said.startswith("array<")
            kind = self.kinds[said[6:-1] if listed else said]
            kinds[name] = f"list<{kind}>" if listed else kind
            quoted = "`" + name.replace("`", "``") + "`"
            # Instants of the year 0 are none in Python.
            if kind == "timestamp":
                quoted = f"transform({quoted}, one -> unix_micros(one))" if listed else f"unix_micros({quoted})"
            cells.append(quoted)
        columns = list(zip(*frame.selectExpr(*cells).collect()))
        return {name: (kind, column) for (name, kind), column in zip(kinds.items(), columns)}


class ParquetJava:
    """Its own reader, run by a program that is given the jars."""

    def __init__(self):
        jars = pathlib.Path(os.environ["PARQUET_JAVA_JARS"])
        self.version = next(jars.glob("parquet-cli-*.jar")).stem.rpartition("-")[2]
        program = os.path.join(os.path.dirname(__file__), "parquet-java", "CommandLine.java")
        java = ["java", "-Dfile.encoding=UTF-8", "-cp", str(jars / "*"), program]
        self.process = subprocess.Popen(java, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def command(self, *words):
        """The lines that a command prints; raises those of one that fails."""
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "exit 0\n":
                return lines
            if line.startswith("exit "):
                break
            lines.append(line)
        raise RuntimeError(f"parquet {' '.join(words)}: {''.join(lines)}")

    def open(self, folder, files):
        kinds, rows = {}, []
        for file in files:
            own, own_rows = self.read(file)
            kinds |= own
            rows += own_rows
        return {name: (kind, [self.cell(row.get(name), kind) for row in rows]) for name, kind in kinds.items()}

    def read(self, file):
        kinds, *rows = map(json.loads, self.command("rows", file))
        return kinds, rows

    def cell(self, value, kind):
        if isinstance(value, list):
            return [self.cell(one, kind[5:-1]) for one in value]
        if value is None or kind not in ("float64", "string", "binary"):
            return value
        return float(value) if kind == "float64" else bytes.fromhex(value)


class ParquetCommandLine(ParquetJava):
    """Its command line, which reads by way of Avro."""

    kinds = {
        "double": "float64", "long": "int64", "int": "int32", "boolean": "boolean", "string": "string", "bytes": "binary",
    }

    def open(self, folder, files):
        self.lists = set()
        try:
            return super().open(folder, files)
        except RuntimeError as error:
            if "SchemaParseException: Illegal " not in str(error):
                raise
            self.lists = None
            return {}

    def left_out(self, column):
        """Why a column of the collection that was opened last cannot be read."""
        if self.lists is None:
            return "Avro has no such names"
        return "its schemas of lists fit no file" if column in self.lists else None

    def read(self, file):
        kinds = {one["name"]: self.kind(one["type"]) for one in json.loads("".join(self.command("schema", file)))["fields"]}
        self.lists |= {name for name, kind in kinds.items() if kind is None}
        kinds = {name: kind for name, kind in kinds.items() if kind is not None}
        return kinds, map(json.loads, self.command("cat", *(word for name in kinds for word in ("-c", name)), file))

    def kind(self, said):
        said = next(one for one in said if one != "null") if isinstance(said, list) else said
        if isinstance(said, str):
            return self.kinds[said]
        return "timestamp" if said.get("logicalType") == "timestamp-micros" else None

    def cell(self, value, kind):
        if value is not None and kind == "float64":
            # What JSON has no numbers for is text.
            return float(value)
        return value.encode("latin-1") if value is not None and kind == "binary" else value


ENGINES = {
    "pyarrow": PyArrow, "pandas": Pandas, "Polars": Polars, "DuckDB": DuckDb, "DataFusion": DataFusion,
    "ClickHouse": ClickHouse, "deltalake": DeltaLake, "Spark": Spark, "parquet-java": ParquetJava,
    "parquet-java's command line": ParquetCommandLine,
}
# Of a record of JSON lines, by the columns that have the same.
MEMBERS = {
    "id": "mdc_event_id", "correlationid": "mdc_correlation_id", "modelversion": "mdc_model_version", "agent": "mdc_agent",
}
# Partitions are no columns of files.
KEYS = ("inference_date", "inference_hour", "inference_minute")


def of_arrow(table):
    """Type and cells of each column."""
    found = {}
    for name, column in zip(table.column_names, table.columns):
        if name in KEYS:
            continue
        kind = column.type
        listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
        element = kind.value_type if listed else kind
        if pa.types.is_timestamp(element):
            column = column.cast(pa.list_(pa.int64()) if listed else pa.int64())
        found[name] = (f"list<{of_type(element)}>" if listed else of_type(element), column.to_pylist())
    return found


def of_type(kind):
    told = str(kind)
    for ending in ("_view", "large_"):
        told = told.replace(ending, "")
    return {"double": "float64", "bool": "boolean", "timestamp[us, tz=UTC]": "timestamp"}.get(told, told)


def facts_of(kind, cells):
    """As `column-facts.ts` has them."""
    of = kind[5:-1] if kind.startswith("list<") else kind
    flat = [one for cell in cells for one in (cell if isinstance(cell, (list, tuple)) else [cell])]
    some = [one for one in flat if one is not None and one == one]
    if of == "string":
        some = [one.encode() if isinstance(one, str) else bytes(one) for one in some]
    elif of == "binary":
        some = [bytes(one) for one in some]
    lines = sorted(f"{text(cell, of)}\n" for cell in cells)
    return {
        "type": kind,
        "count": len(cells),
        "nulls": sum(cell is None for cell in cells),
        "min": told(min(some), of) if some else None,
        "max": told(max(some), of) if some else None,
        "sum": sum_of(some, of),
        "sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
    }


def told(value, of):
    if of == "string":
        return value.decode()
    if of == "binary":
        return "x" + value.hex()
    if of == "float64" and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(value) if of in ("int64", "timestamp") else value


def sum_of(some, of):
    if of == "float64":
        try:
            return math.fsum(one for one in some if math.isfinite(one))
        except OverflowError:
            return "overflow"
    if of in ("string", "binary"):
        return sum(len(one) for one in some)
    return sum(some) if of == "boolean" else str(sum(some))


def text(cell, of):
    if cell is None:
        return "null"
    if isinstance(cell, (list, tuple)):
        return f"[{','.join(text(one, of) for one in cell)}]"
    if of == "float64":
        return "NaN" if cell != cell else struct.pack(">d", cell).hex()
    if of == "boolean":
        return "true" if cell else "false"
    if of in ("string", "binary"):
        return (cell.encode() if isinstance(cell, str) else bytes(cell)).hex()
    return str(cell)


def untold(engine, expected):
    """What an engine cannot tell of a column: the facts, by the reason."""
    reasons = {}
    if "binary" in expected["type"] or "string" in expected["type"]:
        reasons[getattr(engine, "bytes_are_text", None)] = {"type"}
    if expected["type"].startswith("list<") and expected["nulls"] > 0:
        reasons[getattr(engine, "null_lists_are_empty", None)] = {"nulls", "sha256"}
    reasons.pop(None, None)
    return reasons


def collections(engine, root, trees):
    """Of each collection that the engine reads: its tree and name, what is certified of its columns, and what is found."""
    for tree, about in trees.items():
        for collection, expected in about["collections"].items():
            folder = os.path.join(root, tree, "golden", tree, collection)
            files = sorted(str(file) for file in pathlib.Path(folder).rglob("inference_date=*/**/*.parquet"))
            if getattr(engine, "tables", lambda _: True)(folder):
                yield tree, collection, expected, engine.open(folder, files)
    if not hasattr(engine, "lines"):
        return
    # The frames of another tree, a record each.
    for collection, columns in trees["midnight"]["collections"].items():
        expected = {member: columns[column] for member, column in MEMBERS.items()}
        expected |= {name: facts for name, facts in columns.items() if not name.startswith("mdc_")}
        folder = os.path.join(root, "lines", "golden", "lines", collection)
        files = sorted(str(file) for file in pathlib.Path(folder).rglob("*.jsonl"))
        yield "lines", collection, expected, engine.lines(files, list(expected))


def main(name, root, certificate):
    engine = ENGINES[name]()
    differences, exceptions, columns, trees = [], {}, 0, set()
    certified = json.loads(pathlib.Path(certificate).read_text(encoding="utf-8"))["trees"]
    for tree, collection, expected, found in collections(engine, root, certified):
        for column in {**expected, **found}:
            reason = getattr(engine, "left_out", lambda _: None)(column)
            if reason is not None:
                exceptions[reason] = exceptions.get(reason, 0) + 1
                continue
            columns += 1
            trees.add(tree)
            where = f"{tree}/{collection}, {column}"
            if column not in expected or column not in found:
                differences.append(f"{where}: {'not found' if column in expected else 'is no column'}")
                continue
            kind, cells = found[column]
            reasons = untold(engine, expected[column])
            left_out = set().union(*reasons.values())
            for reason in reasons:
                exceptions[reason] = exceptions.get(reason, 0) + 1
            # Where an engine has one type for text and bytes, cells are what they are certified to be.
            facts = facts_of(expected[column]["type"] if "type" in left_out else kind, cells)
            for fact, value in expected[column].items():
                if facts[fact] != value and fact not in left_out:
                    differences.append(f"{where}: {fact} is {facts[fact]!r}, certified {value!r}")
    for line in [*differences[:20], *([f"{len(differences)} differences"] if differences else [])]:
        print(f"  {line}")
    but_for = "".join(f"; {reason}: {count} columns" for reason, count in exceptions.items())
    if not differences:
        print(f"{name} {engine.version}: {columns} columns of {len(trees)} certified trees as they are certified{but_for}")
    return 1 if differences or columns == 0 else 0


if __name__ == "__main__":
    status = main(*sys.argv[1:4])
    if len(sys.argv) > 4:
        import read_tree

        status = read_tree.main(*sys.argv[4:]) or status
    end_now(status)
