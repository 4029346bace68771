"""Draws the notebook in the file that is the first argument as a page, on standard output. The second argument is the page's title."""

import html
import re
import sys

import nbformat
from jinja2 import DictLoader
from latex2mathml.converter import convert
from mistune import HTMLRenderer
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MathInlineParser

# nbconvert's page without what it loads from the network: scripts for widgets, formulas and diagrams, of which none are left.
PAGE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
.jp-RenderedSVG img, .jp-RenderedImage img { max-width: 100%; height: auto }
@media print { .jp-Notebook pre { white-space: pre-wrap; overflow-wrap: anywhere } }
</style>
{%- endblock -%}
{%- block data_svg scoped -%}{{ super() | described(output) }}{%- endblock -%}
{%- block data_png scoped -%}{{ super() | described(output) }}{%- endblock -%}
"""


def described(picture, output):
    """An output's picture with the output's text as its alternative text."""
    text = " ".join(output.data.get("text/plain", "").split())
    return picture.replace("<img ", f'<img alt="{html.escape(text)}" ', 1) if text else picture


def formula(tex, display):
    """A formula as MathML, which browsers show without a script; with what a reader hears, and may copy."""
    return convert(tex, display=display).replace("<math ", f'<math alttext="{html.escape(tex)}" ', 1)


def link(renderer, text, url, title=None):
    """A link, which leads from page to page where it leads from notebook to notebook beside it."""
    return HTMLRenderer.link(renderer, text, re.sub(r"^([^/:?#]+)\.ipynb(?=#|$)", r"\1.html", url), title)


IPythonRenderer.link = link
IPythonRenderer.inline_math = lambda self, tex: formula(tex, "inline")
IPythonRenderer.block_math = lambda self, tex: formula(tex, "block")
# As JupyterLab has it: what costs $5, and `$HOME and $PATH`, are no formulas.
MathInlineParser.SPECIFICATION["inline_math_tex"] = r"(?<![$\\])\$(?P<math_inline_tex>[^\s$`](?:[^$`\n]*[^\s$`])?)\$"

notebook = nbformat.read(sys.argv[1], as_version=4)
# The kernel gives no lexer, which saved notebooks have as an empty name, and nbconvert takes for Python's.
notebook.metadata.get("language_info", {}).pop("pygments_lexer", None)
exporter = HTMLExporter(extra_loaders=[DictLoader({"page.html.j2": PAGE})], template_file="page.html.j2")
exporter.register_filter("described", described)
page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": sys.argv[2]}})
sys.stdout.buffer.write(page.encode())
