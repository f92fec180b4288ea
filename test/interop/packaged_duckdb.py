"""DuckDB with those of its extensions that were installed as Python packages: it downloads none."""

import importlib.util
import os
import tempfile

import duckdb

names = ("delta",)


def connect():
    connection = duckdb.connect(config={"extension_directory": tempfile.mkdtemp(prefix="mdc-duckdb-")})
    for name in names:
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        if spec is None or spec.origin is None:
            continue
        folder = os.path.join(os.path.dirname(spec.origin), "extensions", f"v{duckdb.__version__}")
        connection.execute(f"INSTALL '{os.path.join(folder, name)}.duckdb_extension'")
    return connection
