"""Runs what `mdc ddl` printed for an engine, and counts the rows of each table.

python define_tables.py <engine> <file>; the file has statements, rows by table, and a folder for the engine.
"""

import json
import os
import sys

from end_now import end_now

engine, file = sys.argv[1:]
with open(file, encoding="utf-8") as stream:
    given = json.load(stream)
parts = [one["statement"] for one in given["statements"]]


def statements():
    for part in parts:
        lines = [line for line in part.split("\n") if not line.startswith("--")]
        yield from (one for one in "\n".join(lines).split(";\n") if one.strip(" \n;"))


def by_pandas():
    tables = {}
    exec("\n".join(parts), tables)
    for name in given["rows"]:
        frame = tables[name]
        yield name, len(frame), len(frame[frame["inference_hour"] >= 0])


def by_duckdb():
    import packaged_duckdb

    database = packaged_duckdb.connect()
    for statement in statements():
        database.execute(statement)
    for name in given["rows"]:
        yield name, *database.execute(
            f'SELECT count(*), count(*) FILTER (inference_hour >= 0) FROM "{name}"'
        ).fetchone()
        # Every column is read.
        database.execute(f'SELECT bit_xor(hash(COLUMNS(*))) FROM "{name}"').fetchall()


def by_clickhouse():
    from chdb import session

    # It reads Delta tables below its own folder alone.
    os.chdir("/")
    os.makedirs(given["scratch"], exist_ok=True)
    database = session.Session(os.path.join(given["scratch"], "chdb"))
    database.query("CREATE DATABASE defined")
    database.query("USE defined")
    if "collected" in given:
        database.query(f"CREATE NAMED COLLECTION collected AS {given['collected']}")
    for statement in statements():
        database.query(statement.rstrip("; \n"))
    for name in given["rows"]:
        all_rows, pruned = (
            int(str(database.query(f"SELECT count() FROM `{name}`{condition}")))
            for condition in ("", " WHERE inference_hour >= 0")
        )
        yield name, all_rows, pruned
        # Every column can be read as the type that was said.
        database.query(f"SELECT * FROM `{name}` FORMAT Null")


def by_spark():
    from pyspark.sql import SparkSession

    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.warehouse.dir", os.path.join(given["scratch"], "spark"))
    if any("USING DELTA" in part for part in parts):
        from delta import configure_spark_with_delta_pip

        builder = configure_spark_with_delta_pip(
            builder.config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
            .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
            .config("spark.jars.ivy", os.path.join(os.path.dirname(sys.prefix), "ivy"))
        )
    spark = builder.getOrCreate()
    for statement in statements():
        spark.sql(statement.rstrip("; \n"))
    for name in given["rows"]:
        table = spark.table(name)
        # Every column is read; not into Python, whose times begin with year 1.
        table.write.format("noop").mode("overwrite").save()
        yield name, table.count(), table.where("inference_hour >= 0").count()


wrong = 0
counted = 0
engines = {"pandas": by_pandas, "duckdb": by_duckdb, "clickhouse": by_clickhouse, "spark": by_spark}
for name, rows, pruned in engines[engine]():
    counted += rows
    if rows != given["rows"][name] or pruned != rows:
        wrong += 1
        print(f"{name}: expected {given['rows'][name]} rows, got {rows}, of which {pruned} in an hour")
print(f"{len(given['rows'])} tables of {counted} rows")
end_now(1 if wrong else 0)
