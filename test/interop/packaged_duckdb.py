"""DuckDB with those of its extensions that were installed as Python packages: it downloads none."""

import importlib.util
import os
import sys

import duckdb

names = ("delta",)


def connect():
    # In the environment of these packages, not in the user's home.
    connection = duckdb.connect(config={"extension_directory": os.path.join(sys.prefix, "duckdb-extensions")})
    for name in names:
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        if spec is None or spec.origin is None:
            continue
        folder = os.path.join(os.path.dirname(spec.origin), "extensions", f"v{duckdb.__version__}")
        connection.execute(f"INSTALL '{os.path.join(folder, name)}.duckdb_extension'")
    return connection
