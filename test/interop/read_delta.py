"""Reads Delta tables with one engine, and compares them with the same files read as plain Parquet by pyarrow.

    python read_delta.py deltalake|spark|duckdb <plain tree> <tree of tables>
    python read_delta.py open <table> <files>

Counts, nulls, sums, least and greatest values and types of every column must be equal, of all tables.
"""

import datetime
import math
import os
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from end_now import end_now


def tables(root):
    for folder, folders, _ in sorted(os.walk(root)):
        if "_delta_log" in folders:
            yield os.path.relpath(folder, root)


def plain(root, table):
    """The files as they are, in the columns of all."""
    folder = os.path.join(root, table)
    files = [
        os.path.join(at, name)
        for at, _, names in os.walk(folder)
        for name in names
        if name.endswith(".parquet") and "_delta_log" not in at
    ]
    keys = pa.schema([("inference_date", pa.date32()), ("inference_hour", pa.int32()), ("inference_minute", pa.int32())])
    depth = os.path.relpath(files[0], folder).count("=")
    parts = ds.partitioning(pa.schema([keys.field(i) for i in range(depth)]), flavor="hive")
    schemas = [ds.dataset(file).schema for file in files]
    schema = pa.unify_schemas([*schemas, pa.schema([keys.field(i) for i in range(depth)])])
    return ds.dataset(files, schema=schema, partitioning=parts, partition_base_dir=folder).to_table()


def number(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat()
    return value


def facts(table):
    """What is compared of each column."""
    found = {}
    for name in sorted(table.column_names):
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = str(column.type).replace("large_", "").replace("string_view", "string").replace("binary_view", "binary")
        kind = kind.replace("element: ", "item: ").replace("<l: ", "<item: ").replace(" not null", "")
        about = {"type": kind, "nulls": column.null_count}
        if pa.types.is_floating(column.type):
            finite = [value for value in column.to_pylist() if value is not None and math.isfinite(value)]
            about["sum"] = repr(sum(sorted(finite)))
        elif pa.types.is_integer(column.type):
            about["sum"] = sum(value for value in column.to_pylist() if value is not None)
        elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            about["sum"] = sum(len(value) for value in column.to_pylist() if value is not None)
        if pa.types.is_string(column.type) or pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            known = [number(value) for value in column.to_pylist() if value is not None]
            about["least"], about["greatest"] = (min(known), max(known)) if known else (None, None)
        found[name] = about
    return {"rows": table.num_rows, "columns": found}


def read_deltalake(root, table):
    from deltalake import DeltaTable

    return DeltaTable(os.path.join(root, table)).to_pyarrow_table()


def read_duckdb(root, table):
    import packaged_duckdb

    connection = packaged_duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("INSTALL delta; LOAD delta")
    found = connection.execute(f"SELECT * FROM delta_scan('{os.path.join(root, table)}')").arrow()
    return found if isinstance(found, pa.Table) else found.read_all()


def spark_session():
    from delta import configure_spark_with_delta_pip
    from pyspark.sql import SparkSession

    builder = (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.jars.ivy", os.path.join(os.path.dirname(sys.prefix), "ivy"))
    )
    return configure_spark_with_delta_pip(builder).getOrCreate()


def read_spark(root, table):
    frame = spark_session().read.format("delta").load(os.path.join(root, table))
    # Instants of the year 0 are none in Python.
    instants = {field.name for field in frame.schema if field.dataType.simpleString() == "timestamp"}
    frame = frame.selectExpr(
        *[f"unix_micros(`{name}`) AS `{name}`" if name in instants else f"`{name}`" for name in frame.columns]
    )
    schema = {field.name: field.dataType.simpleString() for field in frame.schema}
    kinds = {
        "double": pa.float64(),
        "bigint": pa.int64(),
        "int": pa.int32(),
        "boolean": pa.bool_(),
        "string": pa.string(),
        "date": pa.date32(),
        "binary": pa.binary(),
    }
    rows = [row.asDict() for row in frame.collect()]
    columns = {}
    for name, kind in schema.items():
        of = pa.list_(kinds[kind[6:-1]]) if kind.startswith("array<") else kinds[kind]
        values = [row[name] for row in rows]
        columns[name] = pa.array([bytes(v) if isinstance(v, bytearray) else v for v in values], of)
        if name in instants:
            columns[name] = columns[name].cast(pa.timestamp("us", "UTC"))
    return pa.table(columns)


def open_large(root, files):
    """How long it takes to open a table and to know its files."""
    from deltalake import DeltaTable

    began = time.perf_counter()
    count = len(DeltaTable(root).file_uris())
    print(f"{count} files, opened in {time.perf_counter() - began:.1f} s")
    end_now(0 if count == files else 1)


def main():
    if sys.argv[1] == "open":
        open_large(sys.argv[2], int(sys.argv[3]))
    engine, plain_root, root = sys.argv[1:4]
    read = {"deltalake": read_deltalake, "duckdb": read_duckdb, "spark": read_spark}[engine]
    wrong = 0
    rows = count = 0
    for table in tables(root):
        expected, found = facts(plain(plain_root, table)), facts(read(root, table))
        rows += found["rows"]
        count += 1
        if expected["rows"] != found["rows"]:
            print(f"{table}: {found['rows']} rows, expected {expected['rows']}")
            wrong += 1
        for name in {**expected["columns"], **found["columns"]}:
            one, other = expected["columns"].get(name), found["columns"].get(name)
            if one != other:
                print(f"{table}.{name}: {other}, expected {one}")
                wrong += 1
    print(f"{rows} rows of {count} Delta tables, equal to the files read as they are")
    end_now(1 if wrong > 0 or count == 0 else 0)


main()
