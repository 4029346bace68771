// The common parts of all widgets: elements, sliders with a name and a value, and a sentence that
// screen readers read after a change. Widgets load nothing.
(function (root, draw) {
  "use strict";
  const make = (tag, attributes, ...children) => {
    const svg = ["svg", "g", "path", "line", "text", "rect", "circle", "title"].includes(tag);
    const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) e.setAttribute(name, value);
    e.append(...children);
    return e;
  };
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab's would take the arrow keys
  const controls = make("div", { class: "essnas-sliders" }), view = make("div", { class: "essnas-view" }), told = make("p", { role: "status", "aria-live": "polite", class: "essnas-told" });
  let show = () => {};
  const sliders = [];
  function slider(name, from, to, step, value, word) {
    const input = make("input", { type: "range", min: from, max: to, step, value, id: root.id + "-" + sliders.length }), output = make("output", { for: input.id });
    const read = () => { const text = word ? word(Number(input.value)) : input.value; output.textContent = text; input.setAttribute("aria-valuetext", text); };
    input.addEventListener("input", () => { read(); show(); });
    read();
    controls.append(make("div", { class: "essnas-slider" }, make("label", { for: input.id }, name), input, output));
    const s = { get value() { return Number(input.value); }, set value(v) { input.value = v; read(); } };
    sliders.push(s);
    return s;
  }
  function button(name, act) {
    const b = make("button", { type: "button" }, name);
    b.addEventListener("click", () => { act(); show(); });
    controls.append(b);
    return b;
  }
  show = draw({ make, slider, button, view, tell: (text) => { told.textContent = text; } });
  root.replaceChildren(controls, view, told);
  show();
})
