"""Draws the notebook in the file that is the first argument as a page, on standard output. The second argument is the page's title. A third argument is the directory
of reveal.js: then the page shows slides."""

import base64
import hashlib
import html
import pathlib
import re
import sys

import nbformat
from jinja2 import DictLoader
from latex2mathml.converter import convert
from mistune import HTMLRenderer
from nbconvert import HTMLExporter, SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MathInlineParser

# nbconvert's page without what it loads from the network: scripts for widgets, formulas and diagrams, of which none are left.
PAGE = """
{%- extends BASE -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}<style>STYLE</style>{%- endblock -%}
{%- block data_svg scoped -%}{{ super() | described(output) }}{%- endblock -%}
{%- block data_png scoped -%}{{ super() | described(output) }}{%- endblock -%}
"""

STYLE = """
.jp-RenderedSVG img, .jp-RenderedImage img { max-width: 100%; height: auto }
@media print { .jp-Notebook pre { white-space: pre-wrap; overflow-wrap: anywhere } }
"""

# A slide is a screen of 1280x720, whose contents scroll where they are longer. Code stands below its result, behind a summary.
SLIDES = """
body { margin: 0 }
.reveal .slides { text-align: left }
.reveal .slides > section, .reveal .slides > section > section { padding: 0 }
.reveal .slides section > section, .reveal .slides > section:not(.stack) { height: 720px; overflow-y: auto; box-sizing: border-box }
.reveal .jp-InputPrompt, .reveal .jp-OutputPrompt, .reveal .jp-Collapser { display: none }
.reveal .jp-RenderedHTMLCommon { font-size: 24px; line-height: 1.4 }
.reveal .jp-RenderedHTMLCommon table { font-size: 20px }
.reveal .jp-InputArea-editor { max-height: 12em; overflow: auto }
.reveal .jp-RenderedSVG img, .reveal .jp-RenderedImage img { display: block; margin: 0 auto; width: 100%; max-height: 560px; object-fit: contain }
"""

FOOTER = """
{%- block footer_js -%}
<script>REVEAL</script>
<script>Reveal.initialize({ width: 1280, height: 720, margin: 0.03, center: false, hash: true, slideNumber: true, transition: "none" });</script>
{%- endblock -%}
"""


def sliced(notebook):
    """The notebook with a slide for each section, where it has no slides of its own."""
    if not any("slideshow" in cell.metadata for cell in notebook.cells):
        for cell in notebook.cells:
            if cell.cell_type == "markdown" and re.match(r"##? ", cell.source):
                cell.metadata["slideshow"] = {"slide_type": "slide"}
    return notebook


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


# An address in a page's tag, and the schemes of those that run a program.
ADDRESS = re.compile(r"""(\s(?:xlink:)?(?:href|src|action|formaction|data|poster)\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""", re.I)
PROGRAM = re.compile(r"(?:javascript|vbscript):|data:(?:text/html|image/svg\+xml[^,]*,.*<script)", re.I | re.S)


def harmless(page):
    """A page without addresses that run a program."""
    def plain(found):
        address = re.sub(r"[\x00-\x20]", "", html.unescape(found[2].strip("\"'")))
        return found[1] + '"#"' if PROGRAM.match(address) else found[0]
    return ADDRESS.sub(plain, page)


def guarded(page, slides):
    """A page with a policy: nothing comes from the network, and the scripts of essnas's sliders and widgets are the only ones that run. Slides are a script."""
    sliders = re.findall(r'<div class="essnas-[a-z]+"[^>]*>.*?</div>\s*<script>(.*?)</script>', page, re.S)
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in sliders]
    scripts = "'unsafe-inline'" if slides else " ".join(hashes) or "'none'"
    policy = f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; " \
             "img-src data:; font-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    return re.sub(r"<head[^>]*>", lambda head: f'{head[0]}<meta http-equiv="Content-Security-Policy" content="{policy}">', page, count=1)


IPythonRenderer.link = link
IPythonRenderer.inline_math = lambda self, tex: formula(tex, "inline")
IPythonRenderer.block_math = lambda self, tex: formula(tex, "block")
# As JupyterLab has it: what costs $5, and `$HOME and $PATH`, are no formulas.
MathInlineParser.SPECIFICATION["inline_math_tex"] = r"(?<![$\\])\$(?P<math_inline_tex>[^\s$`](?:[^$`\n]*[^\s$`])?)\$"

notebook = nbformat.read(sys.argv[1], as_version=4)
# The kernel gives no lexer, which saved notebooks have as an empty name, and nbconvert takes for Python's.
notebook.metadata.get("language_info", {}).pop("pygments_lexer", None)
if len(sys.argv) > 3:
    reveal = pathlib.Path(sys.argv[3])
    style, footer, base = STYLE + SLIDES, FOOTER, "'reveal/index.html.j2'"
    exporter_class, notebook = SlidesExporter, sliced(notebook)
else:
    style, footer, base, exporter_class = STYLE, "", "'lab/index.html.j2'", HTMLExporter
template = (PAGE + footer).replace("BASE", base).replace("STYLE", style)
exporter = exporter_class(extra_loaders=[DictLoader({"page.html.j2": template})], template_file="page.html.j2")
exporter.register_filter("described", described)
page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": sys.argv[2]}})
page = guarded(harmless(page), slides=len(sys.argv) > 3)
if len(sys.argv) > 3:
    # The template links its style sheets from the network.
    page = re.sub(r'<link[^>]*https://[^>]*/dist/theme/[^>]*>', "", page)
    page = re.sub(r'<link[^>]*https://[^>]*/dist/reveal.css[^>]*>', lambda _: f"<style>{(reveal / 'reveal.css').read_text()}</style>", page)
    page = page.replace("<script>REVEAL</script>", f"<script>{(reveal / 'reveal.js').read_text()}</script>")
sys.stdout.buffer.write(page.encode())
