// Four correlation matrices and their losses for a lambda.
({ make, slider, view, tell }) => {
  const d = 16;
  let seed = 1;
  const random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
  const noise = () => 0.15 * (random() + random() + random() + random() + random() + random() - 3) * Math.SQRT2;
  const matrix = (on, off) => Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => i === j ? on : off()));
  const examples = [["ideal", matrix(1, () => 0)], ["views share nothing", matrix(0, noise)], ["all numbers say the same", matrix(0.95, () => 0.95)], ["half learnt", matrix(0.7, noise)]];
  const lambda = slider("λ", -4, 0, 0.05, Math.log10(0.0051), (v) => (10 ** v).toPrecision(2));
  const colour = (c) => c < 0 ? `rgb(${Math.round(255 + 213 * c)},${Math.round(255 + 161 * c)},255)` : `rgb(255,${Math.round(255 - 161 * c)},${Math.round(255 - 255 * c)})`;
  return () => {
    const l = 10 ** lambda.value;
    const all = examples.map(([name, c]) => {
      let invariance = 0, redundancy = 0;
      c.forEach((row, i) => row.forEach((x, j) => { if (i === j) invariance += (1 - x) ** 2; else redundancy += x ** 2; }));
      return { name, c, invariance, redundancy: l * redundancy };
    });
    view.replaceChildren(...all.map((e) => {
      const svg = make("svg", { width: 132, height: 132, viewBox: `0 0 ${d} ${d}`, role: "img", "aria-label": `correlations: ${e.name}` });
      e.c.forEach((row, i) => row.forEach((x, j) => svg.append(make("rect", { x: j, y: i, width: 1, height: 1, fill: colour(x) }))));
      return make("div", { class: "essnas-example" }, make("strong", {}, e.name), svg, make("span", {}, `invariance ${e.invariance.toFixed(2)}`), make("span", {}, `λ · redundancy ${e.redundancy.toFixed(2)}`), make("span", {}, `loss ${(e.invariance + e.redundancy).toFixed(2)}`));
    }));
    const order = [...all].sort((a, b) => a.invariance + a.redundancy - b.invariance - b.redundancy).map((e) => e.name);
    tell(`With λ = ${l.toPrecision(2)} the losses rise in this order: ${order.join(", ")}.`);
  };
}
