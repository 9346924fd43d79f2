"""Prints what SAM makes of a template: the CloudFormation resources, as JSON. Usage: expand.py template.json"""
import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.translator.transform import transform  # noqa: E402 (reads the region when imported)
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class ManagedPolicies:
    """Policies named instead of written out. Ours are written out; SAM adds the one for logs by its ARN."""

    def load(self):
        return {}


with open(sys.argv[1]) as template:
    json.dump(transform(yaml_parse(template.read()), {}, ManagedPolicies())["Resources"], sys.stdout)
