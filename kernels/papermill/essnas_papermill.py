"""Lets papermill give parameters to notebooks of the kernel essnas: it writes them as Go constants.

papermill loads the engines of installed packages before it looks for a translator, and this module registers one for Go.
"""

import json
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

# A constant on a line of its own: its name, its value, and a comment.
CONSTANT = re.compile(r'^const (\w+) = ("(?:[^"\\]|\\.)*"|[^\s/]+)[ \t]*(?://[ \t]*(.*))?$', re.MULTILINE)


class GoTranslator(Translator):
    """Writes parameters as constants; lists of one type as functions, because Go has no constant lists."""

    @classmethod
    def translate_none(cls, val):
        raise ValueError("Go has no constant without a value: leave the parameter out")

    @classmethod
    def translate_str(cls, val):
        return json.dumps(val, ensure_ascii=False)

    @classmethod
    def translate_bool(cls, val):
        return "true" if val else "false"

    @classmethod
    def translate_list(cls, val):
        kinds = {type(v) for v in val}
        names = {int: "int", float: "float64", str: "string", bool: "bool"}
        if kinds == {int, float}:
            kinds, val = {float}, [float(v) for v in val]
        if len(kinds) != 1 or not kinds <= names.keys():
            raise ValueError("a list must hold values of one type: numbers, texts or booleans")
        return f"[]{names[kinds.pop()]}{{{', '.join(cls.translate(v) for v in val)}}}"

    @classmethod
    def translate_dict(cls, val):
        raise ValueError("a parameter of a Go notebook is a number, a text, a boolean or a list of those")

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        if str_val.startswith("[]"):
            return f"func {name}() {str_val.split('{')[0]} {{ return {str_val} }}"
        return f"const {name} = {str_val}"

    @classmethod
    def inspect(cls, parameters_cell):
        """Lists the constants of the cell with the tag parameters, for papermill --help-notebook."""
        return [Parameter(name, "None", value, help) for name, value, help in CONSTANT.findall(parameters_cell["source"])]


papermill_translators.register("go", GoTranslator)


class Engine(NBClientEngine):
    """papermill's own, under a name by which papermill finds this module."""
