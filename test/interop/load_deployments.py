"""Loads deployment YAMLs with azure-ai-ml, Azure's own loader, and says what it understood.

usage: load_deployments.py TEXTS.json: a list of YAML texts; prints a list with null for what is refused.
"""

import json
import logging
import os
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
from azure.ai.ml import load_online_deployment  # noqa: E402


def load(text, folder):
    path = os.path.join(folder, "blue.yml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        deployment = load_online_deployment(path)
    except Exception:
        return None
    collector = deployment.data_collector
    model = deployment.model
    return {
        "endpoint": deployment.endpoint_name,
        "deployment": deployment.name,
        "model": model if isinstance(model, str) or model is None else [model.name, model.version],
        "collector": collector
        and {
            "samplingRate": collector.sampling_rate,
            "rollingRate": collector.rolling_rate,
            "collections": {
                name: [one.enabled == "true", one.client_id] for name, one in collector.collections.items()
            },
        },
    }


with open(sys.argv[1], encoding="utf-8") as file:
    texts = json.load(file)
with tempfile.TemporaryDirectory() as folder:
    print(json.dumps([load(text, folder) for text in texts]))
