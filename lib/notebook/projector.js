// Switches the page to the sizes for a projector, and back. projector.css has the sizes of text.
// This script sets the width of figures, which are images: the figure fills the window in width or
// in height, but keeps its text legible.
(function (holder) {
  "use strict";
  const legible = 2.05; // scale of a figure's own pixels, because its smallest text has 6 points

  // told returns the line that represents a cell: the first line of code.
  function told(editor) {
    const lines = [...editor.querySelectorAll(".cm-line")].map((e) => e.textContent);
    if (!lines.length) lines.push(...editor.textContent.split("\n"));
    const runs = lines.findIndex((l) => l.trim().startsWith("%%"));
    return "▸ " + (lines.slice(runs + 1).find((l) => l.trim()) || lines.find((l) => l.trim()) || "").trim();
  }

  function fit(on) {
    for (const editor of document.querySelectorAll(".jp-CodeCell .jp-InputArea-editor")) if (!editor.contains(document.activeElement)) editor.dataset.essnasLine = told(editor);
    for (const img of document.querySelectorAll(".jp-RenderedSVG img, .jp-RenderedImage img")) {
      const area = img.closest(".jp-OutputArea-output") || img.parentElement;
      if (!on) { img.style.removeProperty("width"); continue; }
      if (!img.naturalWidth) { img.addEventListener("load", later, { once: true }); continue; }
      const width = area.clientWidth, high = 0.85 * innerHeight * img.naturalWidth / img.naturalHeight;
      img.style.width = Math.round(Math.min(width, Math.max(high, legible * img.naturalWidth))) + "px";
    }
  }

  const page = window.essnasProjector = window.essnasProjector || { on: false, buttons: [] };
  let waiting = false;
  function later() {
    if (waiting || !page.on) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; fit(page.on); });
  }
  function project(on) {
    page.on = on;
    document.body.classList.toggle("essnas-projecting", on);
    for (const b of page.buttons) { b.setAttribute("aria-pressed", String(on)); b.textContent = on ? "Leave the projector's view" : "Projector's view"; }
    fit(on);
  }
  if (!page.observer) {
    page.observer = new MutationObserver(later);
    page.observer.observe(document.body, { childList: true, subtree: true });
    window.addEventListener("resize", later);
  }
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("data-lm-suppress-shortcuts", "true");
  button.addEventListener("click", () => project(!page.on));
  page.buttons.push(button);
  holder.append(button);
  project(true);
})
