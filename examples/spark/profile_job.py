"""Profiles a collection with Spark, in the form that the collector itself keeps beside the data.

    spark-submit profile_job.py --root abfss://container@account.dfs.core.windows.net/collected \\
        --endpoint flights --deployment blue --collection model_inputs \\
        --from 2026-11-01 --to 2026-12-01 --baseline baseline.json

For every hour and column: counts, least and greatest value, mean and deviation, the counts of the baseline's
own bins and categories, frequent and distinct values, quantiles. All of it is made by Spark's own operators,
and none of the rows comes to the driver. One file a day is written, <endpoint>/<deployment>/_profile/<day>/,
which `mdc drift` and the other commands take as if the collector had kept it.
"""

import argparse
import hashlib
import json
import math
import sys
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

# The same bounds as in the collector: distinct values up to which they are counted, registers beyond,
# frequent values, and characters of a category's name.
MAX_HASHES, REGISTER_BITS, MAX_FREQUENT, MAX_NAME, SHOWN_NAME = 512, 12, 256, 256, 64
REST_BITS = 53 - REGISTER_BITS
# Quantiles: so many shares are asked of Spark, each within a ten-thousandth of the rows.
SHARES, ACCURACY = 1024, 10_000
MASK = 0xFFFFFFFF
KEYS = ["hour", "column"]


# --- The hash of values -----------------------------------------------------------------------------------


def times(x: Column, factor: int) -> Column:
    """The lower 32 bits of a product; in two halves, so that no step needs more than 63 bits."""
    high = F.shiftrightunsigned(x, 16) * F.lit(factor)
    return (
        F.shiftleft(high.bitwiseAND(F.lit(0xFFFF)), 16) + x.bitwiseAND(F.lit(0xFFFF)) * F.lit(factor)
    ).bitwiseAND(F.lit(MASK))


def mixed(x: Column, y: Column) -> Column:
    """One of the last steps of MurmurHash3: four of them, each of the two words before it, mix two words."""
    left = times(x.bitwiseXOR(F.shiftrightunsigned(x, 16)), 2_246_822_507)
    return left.bitwiseXOR(times(y.bitwiseXOR(F.shiftrightunsigned(y, 13)), 3_266_489_909))


def joined(x: Column, y: Column) -> Column:
    """53 bits of two words of 32."""
    return y * F.lit(2**21) + x.bitwiseAND(F.lit(0x1FFFFF))


def let(value: Column, body) -> Column:
    """`body` of a value that is computed once, however often it is named. Not compiled: for few rows."""
    return F.get(F.transform(F.array(value), body), F.lit(0))


def hash_numbers(frame: DataFrame) -> DataFrame:
    """The hash of `value`, no NaN, by its 64 bits as IEEE 754 has them. Powers of two are exact."""
    # What is infinite is told by itself; here it must only not overflow.
    size, power = F.least(F.abs("value"), F.lit(sys.float_info.max)), F.col("_power")
    two = lambda exponent: F.pow(F.lit(2.0), exponent)  # noqa: E731
    frame = frame.withColumn("_power", F.floor(F.log2(size)).cast("long"))
    # The logarithm of what lies next to a power of two may be rounded to it.
    off = F.when(two(power) > size, -1).when(two(power + 1) <= size, 1).otherwise(0)
    frame = frame.withColumn("_power", power + off)
    normal = F.shiftleft(power + 1023, 52) + ((size / two(power) - 1) * F.lit(2.0**52)).cast("long")
    tiny = (size * F.lit(2.0**537) * F.lit(2.0**537)).cast("long")
    bits = (
        F.when(size == 0, F.lit(0).cast("long"))
        .when(F.abs("value") == F.lit(math.inf), F.lit(0x7FF0000000000000))
        .when(size < F.lit(2.0**-1022), tiny)
        .otherwise(normal)
    )
    frame = frame.withColumn("_bits", bits)
    sign = F.when(F.col("value") < 0, F.lit(0x80000000)).otherwise(F.lit(0))
    low = F.col("_bits").bitwiseAND(F.lit(MASK)).bitwiseXOR(F.lit(0x9E3779B9))
    frame = frame.withColumn("_w0", low).withColumn(
        "_w1", F.shiftrightunsigned(F.col("_bits"), 32).bitwiseOR(sign)
    )
    # A column at a time: an expression that names another one twice doubles with each step.
    for i in range(4):
        frame = frame.withColumn(f"_w{i + 2}", mixed(F.col(f"_w{i}"), F.col(f"_w{i + 1}")))
    hashed = frame.withColumn("hash", joined(F.col("_w4"), F.col("_w5")))
    return hashed.drop("_power", "_bits", *[f"_w{i}" for i in range(6)])


def hash_of_name(name: Column) -> Column:
    """The hash of a text, by its UTF-16 units."""

    def of_units(units: Column) -> Column:
        count = (F.length(units) / 4).cast("int")
        code = lambda i: F.conv(units.substr(i * 4 + 1, F.lit(4)), 16, 10).cast("long")  # noqa: E731
        codes = F.transform(F.sequence(F.lit(0), count), code)
        seed = lambda word: F.lit(word).bitwiseXOR(count.cast("long"))  # noqa: E731
        step = lambda words, unit: F.struct(  # noqa: E731
            times(words["x"].bitwiseXOR(unit), 2_654_435_761).alias("x"),
            times(words["y"].bitwiseXOR(unit), 1_597_334_677).alias("y"),
        )
        start = F.struct(seed(0xDEADBEEF).alias("x"), seed(0x41C6CE57).alias("y"))
        # A sequence has at least one number: the one beyond the end has no unit.
        words = F.aggregate(F.slice(codes, 1, count), start, step)
        for _ in range(4):
            words = let(words, lambda w: F.struct(w["y"].alias("x"), mixed(w["x"], w["y"]).alias("y")))
        return let(words, lambda w: joined(w["x"], w["y"]))

    return let(F.hex(F.encode(name, "UTF-16BE")), of_units)


# --- Values as the collector has them ---------------------------------------------------------------------


def name_of_number(value: Column) -> Column:
    """A double as ECMAScript writes it: the shortest digits, which Java has, with the point elsewhere."""
    sign = F.when(value < 0, "-").otherwise("")
    return (
        F.when(value == 0, "0")
        .when(F.abs(value) == F.lit(math.inf), F.concat(sign, F.lit("Infinity")))
        .otherwise(F.concat(sign, let(F.split(F.abs(value).cast("string"), "[.E]"), rearranged)))
    )


def rearranged(parts: Column) -> Column:
    """Of Java's 1.25E-7: what is before the point, behind it, and the power of ten, if it says one."""
    whole, power = F.get(parts, F.lit(0)), F.coalesce(F.get(parts, F.lit(2)).cast("int"), F.lit(0))
    all_digits = F.concat(whole, F.get(parts, F.lit(1)))
    led = F.regexp_replace(all_digits, "^0+", "")
    # The value is 0.<digits> times ten to the power of `point`.
    point = F.length(whole) + power - F.length(all_digits) + F.length(led)
    return let(F.struct(F.regexp_replace(led, "0+$", "").alias("digits"), point.alias("point")), with_point)


def with_point(number: Column) -> Column:
    digits, point = number["digits"], number["point"]
    until, after = lambda n: digits.substr(F.lit(1), n), lambda n: digits.substr(
        n + 1, F.length(digits)
    )  # noqa: E731
    zeros = lambda n: F.lit("0" * 25).substr(F.lit(1), n)  # noqa: E731
    fraction = F.when(F.length(digits) > 1, F.concat(F.lit("."), after(F.lit(1)))).otherwise("")
    power = F.concat(F.when(point < 1, "e-").otherwise("e+"), F.abs(point - 1).cast("string"))
    return (
        F.when((point > 21) | (point <= -6), F.concat(until(F.lit(1)), fraction, power))
        .when(point <= 0, F.concat(F.lit("0."), zeros(-point), digits))
        .when(F.length(digits) <= point, F.concat(digits, zeros(point - F.length(digits))))
        .otherwise(F.concat(until(point), F.lit("."), after(point)))
    )


def name_of(column: Column, kind: str) -> Column:
    """A value that is no double as the name of a category."""
    if kind == "boolean":
        return column.cast("string")
    if kind == "binary":
        return F.lower(F.hex(column))
    if kind == "timestamp":
        year = F.year(column)
        long_year = F.concat(F.when(year < 0, "-").otherwise("+"), F.lpad(F.abs(year).cast("string"), 6, "0"))
        short_year = F.lpad(year.cast("string"), 4, "0")
        shown = F.when((year < 0) | (year > 9999), long_year).otherwise(short_year)
        return F.concat(shown, F.date_format(column, "-MM-dd'T'HH:mm:ss.SSS'Z'"))
    return column.cast("string")


def short_name(name: Column) -> Column:
    """A long text goes by its beginning, and what tells it from any other."""
    units = F.hex(F.encode(name, "UTF-16BE"))
    count = (F.length(units) / 4).cast("int")
    beginning = F.decode(F.unhex(F.substring(units, 1, 4 * SHOWN_NAME)), "UTF-16BE")
    told = [
        F.lit("… ("),
        count.cast("string"),
        F.lit(" characters, "),
        F.lower(F.hex(hash_of_name(name))),
        F.lit(")"),
    ]
    return F.when(count > MAX_NAME, F.concat(beginning, *told)).otherwise(name)


# --- What Spark adds up -----------------------------------------------------------------------------------


def profile_numbers(frame: DataFrame, columns: list[str], groups: DataFrame) -> DataFrame:
    """A row for each hour and column of numbers."""
    cells = cells_of(
        frame, [(name, F.col(quoted(name)).cast("double") + F.lit(0.0)) for name in columns], "value"
    )
    cells = cells.join(F.broadcast(groups), "column", "left")
    value, is_number = F.col("value"), F.col("value").isNotNull() & ~F.isnan("value")
    finite = F.when(is_number & (F.abs(value) != F.lit(math.inf)), value)
    known = F.when(is_number, value)
    most_edges = groups.select(F.max(F.size("edges"))).first()[0] or 0
    edge = lambda i: F.get(F.col("edges"), F.lit(i))  # noqa: E731
    totals = cells.groupBy(*KEYS).agg(
        F.count(F.lit(1)).alias("rows"),
        F.count(F.when(value.isNull(), 1)).alias("nulls"),
        F.count(F.when(F.isnan(value), 1)).alias("nans"),
        F.count(F.when(value == 0, 1)).alias("zeros"),
        F.count(F.when(is_number & (F.abs(value) == F.lit(math.inf)), 1)).alias("infinite"),
        F.min(known).alias("min"),
        F.max(known).alias("max"),
        F.count(finite).alias("count"),
        F.min(finite).alias("origin"),
        F.percentile_approx(finite, [(i + 0.5) / SHARES for i in range(SHARES)], ACCURACY).alias("quantiles"),
        F.approx_count_distinct(known).alias("about"),
        F.first("edges", ignorenulls=True).alias("edges"),
        # Values from an edge on, whose differences are the bins; the last bin holds its upper edge.
        F.array(*[F.count(F.when(known >= edge(i), 1)) for i in range(most_edges)]).alias("from_edge"),
        F.count(F.when(known > F.element_at("edges", -1), 1)).alias("above"),
    )
    # Where there are few, every hash is kept, so that they are counted; else a register has the most of its
    # own. Spark's own estimate says which, within a few percent.
    known_first = totals.select(*KEYS, "origin", (F.col("about") <= 2 * MAX_HASHES).alias("few"))
    hashed = hash_numbers(cells.where(is_number).select(*KEYS, "value")).join(F.broadcast(known_first), KEYS)
    # From the least value: what lies far from 0 and close together keeps its digits.
    hashed = hashed.withColumn("moved", F.when(F.abs(value) != F.lit(math.inf), value - F.col("origin")))
    return totals.drop("about").join(distinct_of(hashed), KEYS, "left")


def profile_names(frame: DataFrame, columns: list[tuple[str, str]], groups: DataFrame) -> DataFrame:
    """A row for each hour and column of categories."""
    counted = count_names(frame, columns).withColumn("name", short_name(F.col("name")))
    sum_where = lambda condition: F.coalesce(F.sum(F.when(condition, F.col("count"))), F.lit(0))  # noqa: E731
    totals = counted.groupBy(*KEYS).agg(
        F.sum("count").alias("rows"),
        sum_where(F.col("name").isNull() & ~F.col("is_nan")).alias("nulls"),
        sum_where(F.col("is_nan")).alias("nans"),
        sum_where(F.col("name") == "0").alias("zeros"),
    )
    names = counted.where(F.col("name").isNotNull())
    # In the order of UTF-16 units, as ECMAScript compares texts.
    names = names.withColumn("units", F.hex(F.encode("name", "UTF-16BE")))
    by_count = Window.partitionBy(*KEYS).orderBy(F.desc("count"), "units")
    all_names = Window.partitionBy(*KEYS)
    names = names.withColumn("place", F.row_number().over(by_count)).withColumn(
        "few", F.count(F.lit(1)).over(all_names) <= MAX_HASHES
    )
    frequent = (
        names.where(F.col("place") <= MAX_FREQUENT + 1)
        .groupBy(*KEYS)
        .agg(F.collect_list(F.struct("place", "name", "count")).alias("frequent"))
    )
    bounds = names.groupBy(*KEYS).agg(
        F.min_by("name", "units").alias("min"), F.max_by("name", "units").alias("max")
    )
    grouped = (
        names.join(
            F.broadcast(groups), (names["column"] == groups["of"]) & (names["name"] == groups["category"])
        )
        .groupBy(*KEYS)
        .agg(F.collect_list(F.struct("at", "count")).alias("in_groups"))
    )
    distinct = distinct_of(names.select(*KEYS, "few", hash_of_name(F.col("name")).alias("hash")))
    for part in (frequent, bounds, grouped, distinct):
        totals = totals.join(part, KEYS, "left")
    return totals


def count_names(frame: DataFrame, columns: list[tuple[str, str]]) -> DataFrame:
    """How many rows of each hour and column have which name; `is_nan` for those that are no number."""
    doubles = [name for name, kind in columns if kind in ("double", "float")]
    others = [(name, kind) for name, kind in columns if name not in doubles]
    counts = []
    if others:
        cells = cells_of(frame, [(name, name_of(F.col(quoted(name)), kind)) for name, kind in others], "name")
        counts.append(
            cells.withColumn("is_nan", F.lit(False))
            .groupBy(*KEYS, "name", "is_nan")
            .agg(F.count(F.lit(1)).alias("count"))
        )
    if doubles:
        cells = cells_of(frame, [(name, F.col(quoted(name)).cast("double")) for name in doubles], "value")
        numbers = cells.groupBy(*KEYS, "value").agg(F.count(F.lit(1)).alias("count"))
        is_nan = F.coalesce(F.isnan("value"), F.lit(False))
        name = F.when(~is_nan, name_of_number(F.col("value")))
        counts.append(numbers.select(*KEYS, name.alias("name"), is_nan.alias("is_nan"), "count"))
    return counts[0] if len(counts) == 1 else counts[0].unionByName(counts[1])


def cells_of(frame: DataFrame, columns: list[tuple[str, Column]], value: str) -> DataFrame:
    """A row for each hour, column and value: so that what is asked of a column is asked of all in one go."""
    cells = F.array(*[F.struct(F.lit(name).alias("column"), cell.alias(value)) for name, cell in columns])
    return frame.select("hour", F.explode(cells).alias("cell")).select("hour", "cell.column", f"cell.{value}")


def distinct_of(hashed: DataFrame) -> DataFrame:
    """For each hour and column its hashes, or of each register the most that it has seen; and sums."""
    rest = F.col("hash").bitwiseAND(F.lit(2**REST_BITS - 1))
    # Which is the first bit that is set: the length of its digits to base 2, of which 0 has none.
    rank = F.when(rest == 0, REST_BITS + 1).otherwise(REST_BITS + 1 - F.length(F.bin(rest)))
    key = F.when(F.col("few"), F.col("hash")).otherwise(F.shiftright("hash", REST_BITS))
    sums, totals = [], []
    if "moved" in hashed.columns:
        sums = [F.sum("moved").alias("moved"), F.sum(F.col("moved") * F.col("moved")).alias("squares")]
        totals = [F.sum("moved").alias("moved"), F.sum("squares").alias("squares")]
    registers = hashed.groupBy(*KEYS, "few", key.alias("key")).agg(F.max(rank).alias("rank"), *sums)
    return registers.groupBy(*KEYS, "few").agg(
        F.collect_list(F.struct("key", "rank")).alias("distinct"), *totals
    )


# --- The stored form --------------------------------------------------------------------------------------


def exact(value: Fraction) -> str:
    """A dyadic fraction as the collector writes exact sums: -0x1bp-3 is -27/8."""
    if value == 0:
        return "0x0p0"
    units, exponent = abs(value.numerator), 1 - value.denominator.bit_length()
    trailing = (units & -units).bit_length() - 1
    return f"{'-' if value < 0 else ''}{hex(units >> trailing)}p{exponent + trailing}"


def moments(row) -> dict | None:
    """Sums as if they were exact, so that hours can be added; none where no double holds Spark's own."""
    count, origin, moved, squares = (row[name] or 0 for name in ("count", "origin", "moved", "squares"))
    if not (math.isfinite(moved) and math.isfinite(squares)):
        return None
    origin, moved, squares = Fraction(origin), Fraction(moved), Fraction(squares)
    variance = max(Fraction(0), (squares - moved * moved / count) / (count - 1)) if count > 1 else None
    return {
        "count": count,
        "sum": exact(origin * count + moved),
        "sumOfSquares": exact(squares + 2 * origin * moved + origin * origin * count),
        "mean": float(origin + moved / count) if count > 0 else None,
        "standardDeviation": None if variance is None else math.sqrt(variance),
    }


def quantiles(row) -> dict:
    """Levels of values, of which one in level h stands for 2^h: for as many as were seen."""
    count, found = row["count"], row["quantiles"] or []
    top = max(0, math.ceil(math.log2(count / SHARES))) if count else 0
    levels, rank = [[] for _ in range(top + 1)], 0
    for level in range(top, -1, -1):
        while count - rank >= 2**level:
            middle = (rank + 2**level / 2) / count
            levels[level].append(found[min(SHARES - 1, int(middle * SHARES))])
            rank += 2**level
    # How far a rank may be off: half of what a value stands for, half of a share, and Spark's own error.
    error = 0 if count <= SHARES else 2**top / 2 + count / SHARES / 2 + count / ACCURACY
    return {"count": count, "variance": error * error, "levels": levels}


def distinct(row) -> dict:
    found = row["distinct"] or []
    hashes = sorted(one["key"] for one in found) if row["few"] is not False else None
    if hashes is not None and len(hashes) <= MAX_HASHES:
        return {"hashes": hashes}
    registers = bytearray(2**REGISTER_BITS)
    for one in found:
        at = one["key"] if hashes is None else one["key"] >> REST_BITS
        registers[at] = max(registers[at], one["rank"])
    return {"registers": registers.hex()}


def bound(value):
    return (
        ("Infinity" if value > 0 else "-Infinity")
        if isinstance(value, float) and math.isinf(value)
        else value
    )


def profile_of_numbers(row) -> dict:
    profile = {
        "kind": "numerical",
        **{name: row[name] for name in ("rows", "nulls", "nans", "zeros", "infinite")},
        "min": bound(row["min"]),
        "max": bound(row["max"]),
        "distinct": distinct(row),
        "quantiles": quantiles(row),
    }
    sums = moments(row)
    if sums is not None:
        profile["moments"] = sums
    if row["edges"] is not None:
        edges, above = list(row["edges"]), row["above"]
        starts = list(row["from_edge"])[: len(edges)]
        starts[-1] = above
        known = row["rows"] - row["nulls"] - row["nans"]
        counts = [known - starts[0], *[one - next_one for one, next_one in zip(starts, starts[1:])], above]
        profile["groups"] = {"edges": edges, "counts": counts}
    return profile


def profile_of_names(row, categories: list[str] | None) -> dict:
    ranked = sorted(row["frequent"] or [], key=lambda one: one["place"])
    profile = {
        "kind": "categorical",
        **{name: row[name] for name in ("rows", "nulls", "nans", "zeros")},
        "infinite": 0,
        "min": row["min"],
        "max": row["max"],
        "distinct": distinct(row),
        "frequent": {
            "values": [[one["name"], one["count"]] for one in ranked[:MAX_FREQUENT]],
            # A value that is not there is no more frequent than the first that is not.
            "maxError": ranked[MAX_FREQUENT]["count"] if len(ranked) > MAX_FREQUENT else 0,
        },
    }
    if categories is not None:
        counts = [0] * (len(categories) + 1)
        for one in row["in_groups"] or []:
            counts[one["at"]] = one["count"]
        counts[-1] = row["rows"] - row["nulls"] - row["nans"] - sum(counts)
        profile["groups"] = {"categories": categories, "counts": counts}
    return profile


# --- The job ----------------------------------------------------------------------------------------------


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def main() -> None:
    parser = argparse.ArgumentParser(description="Profiles a collection, hour by hour.")
    parser.add_argument("--root", required=True, help="where the collected data is, as Spark names it")
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--deployment", required=True)
    parser.add_argument("--collection", required=True)
    parser.add_argument(
        "--from", dest="begin", required=True, type=date.fromisoformat, help="the first day, UTC"
    )
    parser.add_argument(
        "--to", dest="end", required=True, type=date.fromisoformat, help="the first day after it"
    )
    parser.add_argument(
        "--baseline", help="what `mdc baseline create` wrote: its edges and categories are counted"
    )
    parser.add_argument("--replace", action="store_true", help="replace what an earlier run wrote of a day")
    options = parser.parse_args()

    spark = SparkSession.builder.appName("model-data-collector profiles").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    store = Store(spark, options)
    days = store.days_to_write()
    kinds, baseline = store.kinds(), store.baseline()

    frame = store.rows()
    numbers, names = [], []
    for field in frame.schema.fields:
        kind = field.dataType.typeName()
        known = baseline.get(field.name, {}).get("kind")
        is_number = kind in ("double", "float", "long", "integer", "short", "byte")
        if field.name.startswith("mdc_") or field.name in (
            "hour",
            "inference_date",
            "inference_hour",
            "inference_minute",
        ):
            continue
        if is_number and known != "categorical":
            numbers.append(field.name)
        elif is_number or (
            kind in ("string", "boolean", "timestamp", "binary") and kinds.get(field.name) != "json"
        ):
            names.append((field.name, kind))
    groups = {name: one["profile"].get("groups", {}) for name, one in baseline.items()}
    edges = [(name, [float(edge) for edge in one["edges"]]) for name, one in groups.items() if "edges" in one]
    categories = {name: one["categories"] for name, one in groups.items() if "categories" in one}
    placed = [(name, category, at) for name, list_ in categories.items() for at, category in enumerate(list_)]

    lines = (
        frame.groupBy("hour")
        .count()
        .rdd.map(lambda row: (row["hour"], "", {"kind": "rows", "rows": row["count"]}))
    )
    if numbers:
        found = profile_numbers(
            frame, numbers, spark.createDataFrame(edges, "column string, edges array<double>")
        )
        lines = lines.union(told(found, profile_of_numbers))
    if names:
        found = profile_names(
            frame, names, spark.createDataFrame(placed, "of string, category string, at int")
        )
        lines = lines.union(told(found, lambda row: profile_of_names(row, categories.get(row["column"]))))
    # Day by day, and a line at a time: the driver holds no more.
    store.write(lines.sortBy(lambda line: line[:2]).toLocalIterator(), days)


def told(found: DataFrame, profile) -> "RDD":
    """Lines of columns; of a column without any value in an hour there is none."""
    return found.where(F.col("rows") > F.col("nulls")).rdd.map(
        lambda row: (
            row["hour"],
            row["column"],
            {"kind": "column", "rows": row["rows"], "column": row["column"], "profile": profile(row)},
        )
    )


class Store:
    """The stored tree, through Hadoop's file systems: folders, abfss://, s3a:// and what else Spark has."""

    def __init__(self, spark: SparkSession, options: argparse.Namespace):
        self.spark, self.options = spark, options
        self.place = f"{options.endpoint}/{options.deployment}"
        self.is_daily = False

    def rows(self) -> DataFrame:
        """All rows of the days, with `hour`: the beginning of the hour, or day, in which their request began."""
        o = self.options
        reader = self.spark.read.option("mergeSchema", "true")
        frame = reader.parquet(f"{o.root}/{self.place}/{o.collection}").where(
            (F.col("inference_date") >= F.lit(o.begin)) & (F.col("inference_date") < F.lit(o.end))
        )
        self.is_daily = "inference_hour" not in frame.columns
        hour = F.lit("00") if self.is_daily else F.lpad(F.col("inference_hour").cast("string"), 2, "0")
        return frame.withColumn(
            "hour", F.concat(F.col("inference_date").cast("string"), F.lit("T"), hour, F.lit(":00:00.000Z"))
        )

    def kinds(self) -> dict:
        """The pinned types, by column: what is JSON is only told there."""
        folder = f"{self.options.root}/{self.place}/_schema/{self.options.collection.lower()}"
        versions = self.spark.read.text(folder, wholetext=True, pathGlobFilter="schema-*.json").collect()
        newest = max((json.loads(one["value"]) for one in versions), key=lambda one: one["version"])
        return {column["name"]: column["type"] for column in newest["columns"]}

    def baseline(self) -> dict:
        if self.options.baseline is None:
            return {}
        with open(self.options.baseline, encoding="utf-8") as file:
            kept = json.load(file)
        if kept.get("format") != "model-data-collector baseline" or kept.get("version") != 1:
            raise SystemExit(
                f"{self.options.baseline}: expected a baseline of version 1, as mdc baseline create writes it"
            )
        if kept["collection"].lower() != self.options.collection.lower():
            raise SystemExit(
                f"{self.options.baseline}: expected a baseline of {self.options.collection}, "
                f"got one of {kept['collection']}"
            )
        return kept["columns"]

    def days_to_write(self) -> list[date]:
        o = self.options
        days = [o.begin + timedelta(days=i) for i in range((o.end - o.begin).days)]
        if not days:
            raise SystemExit(f"--to: expected a day after {o.begin}, got {o.end}")
        for day in days:
            path = self.path(day)
            files, folder = self.files(path), path.getParent()
            if files.exists(path) and not o.replace:
                raise SystemExit(f"{path}: is there already; --replace profiles the day again")
            kept = files.listStatus(folder) if files.exists(folder) else []
            # What this job wrote begins at midnight, of whatever collection.
            others = [one for one in kept if "T000000000Z-" not in one.getPath().getName()]
            if others:
                raise SystemExit(f"{folder}: the deployment has kept profiles of its own: no job is needed")
        return days

    def write(self, lines, days: list[date]) -> None:
        """One file for a day, whole or not at all."""
        o, out, written = self.options, None, None
        instance = digest("spark", self.place, o.collection.lower())
        for hour, _, line in lines:
            day = date.fromisoformat(hour[:10])
            if day != written:
                self.publish(out, written)
                out, written = self.begin(day), day
            place = {
                "instance": instance,
                "hour": hour,
                **({"span": "day"} if self.is_daily else {}),
                "collection": o.collection,
            }
            text = json.dumps(
                {"kind": line["kind"], **place, **line}, ensure_ascii=False, separators=(",", ":")
            )
            out.write(bytearray(text.encode() + b"\n"))
        self.publish(out, written)

    def begin(self, day: date):
        path = self.path(day).suffix(".tmp")
        return self.files(path).create(path, True)

    def publish(self, out, day: date | None) -> None:
        if out is None:
            return
        out.close()
        path = self.path(day)
        files = self.files(path)
        if self.options.replace:
            files.delete(path, False)
        if not files.rename(path.suffix(".tmp"), path):
            raise SystemExit(f"{path}: could not be written")
        print(path.toString())

    def path(self, day: date):
        """The same for the same day and collection, so that a day is never told of twice."""
        o = self.options
        begun = datetime(day.year, day.month, day.day, tzinfo=timezone.utc).strftime("%Y%m%dT%H%M%S000Z")
        stem = f"{begun}-{digest('spark', self.place, o.collection.lower(), str(day))}"
        return self.spark._jvm.org.apache.hadoop.fs.Path(
            f"{o.root}/{self.place}/_profile/{day}/{stem}.jsonl"
        )

    def files(self, path):
        return path.getFileSystem(self.spark._jsc.hadoopConfiguration())


if __name__ == "__main__":
    main()
