// The mixture of an edge: alphas, their softmax, and the gradient that gradient descent follows.
({ make, slider, button, view, tell }) => {
  const names = ["skip_connect", "max_pool_3x3", "sep_conv_3x3", "dil_conv_3x3"];
  const alphas = names.map((n, i) => slider("α of " + n, -3, 3, 0.1, [0.5, 0, 0, -0.5][i], (v) => v.toFixed(1)));
  const slopes = names.map((n, i) => slider("g of " + n, -2, 2, 0.1, [0.2, 0.5, -1, 0][i], (v) => v.toFixed(1)));
  const softmax = () => { const e = alphas.map((a) => Math.exp(a.value)), sum = e.reduce((x, y) => x + y); return e.map((x) => x / sum); };
  const gradient = () => { const p = softmax(), mean = p.reduce((sum, x, i) => sum + x * slopes[i].value, 0); return [p, mean, p.map((x, i) => x * (slopes[i].value - mean))]; };
  button("One step of gradient descent", () => { const [, , d] = gradient(); alphas.forEach((a, i) => { a.value = Math.max(-3, Math.min(3, a.value - 2 * d[i])); }); });
  return () => {
    const [p, mean, d] = gradient();
    const bar = (value, most, colour) => make("svg", { width: 120, height: 12, viewBox: "0 0 120 12", "aria-hidden": "true" }, make("rect", { x: value < 0 ? 60 + 60 * value / most : 60, y: 1, width: Math.abs(60 * value / most), height: 10, fill: colour }), make("line", { x1: 60, x2: 60, y1: 0, y2: 12, stroke: "#222" }));
    const row = (i) => make("tr", {}, make("th", { scope: "row" }, names[i]), make("td", {}, bar(p[i], 1, "#0072b2"), " " + p[i].toFixed(3)), make("td", {}, slopes[i].value.toFixed(1)), make("td", {}, bar(-d[i], 0.6, "#d55e00"), " " + (-d[i]).toFixed(3)));
    view.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...["operation", "share p = softmax(α)", "slope g", "step −∂L/∂α = p (ḡ − g)"].map((t) => make("th", { scope: "col" }, t)))), make("tbody", {}, ...names.map((_, i) => row(i)))));
    const best = d.indexOf(Math.min(...d)), most = p.indexOf(Math.max(...p));
    tell(`The mean slope is ${mean.toFixed(2)}. ${names[most]} has the largest share, ${p[most].toFixed(2)}; the α of ${names[best]} rises fastest. The steps add up to ${Math.abs(d.reduce((x, y) => x + y)).toFixed(2)}.`);
  };
}
