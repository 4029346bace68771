// Two loss surfaces over two weights, and their mixture: the steeper surface has more influence
// than its share.
({ make, slider, view, tell }) => {
  const share = slider("ss_factor", 0, 1, 0.05, 0.25, (v) => v.toFixed(2)), steep = slider("steepness of the Barlow Twins loss", 0, 2, 0.1, 1, (v) => `${(10 ** v).toFixed(0)} times`);
  const ce = [-0.5, 0.3], bt = [0.5, -0.3], size = 150, n = 30;
  const bowl = (w, c) => (w[0] - c[0]) ** 2 + (w[1] - c[1]) ** 2;
  function map(title, loss, points) {
    const svg = make("svg", { width: size, height: size + 18, viewBox: `0 0 ${size} ${size + 18}`, role: "img", "aria-label": title + ", lowest at the cross" });
    svg.append(make("text", { x: 2, y: 12 }, title));
    const all = [];
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) all.push(loss([-1 + 2 * (j + 0.5) / n, 1 - 2 * (i + 0.5) / n]));
    const most = Math.max(...all);
    all.forEach((v, at) => { const shade = Math.round(255 - 175 * Math.sqrt(v / most)); svg.append(make("rect", { x: (at % n) * size / n, y: 18 + Math.floor(at / n) * size / n, width: size / n + 0.3, height: size / n + 0.3, fill: `rgb(${shade},${shade},255)` })); });
    for (const [p, colour] of points) { const x = size * (p[0] + 1) / 2, y = 18 + size * (1 - p[1]) / 2; svg.append(make("path", { d: `M${x - 5} ${y}H${x + 5}M${x} ${y - 5}V${y + 5}`, stroke: colour, "stroke-width": 2 })); }
    return svg;
  }
  return () => {
    const s = share.value, b = 10 ** steep.value, weight = s * b / (s * b + 1 - s);
    const lowest = [0, 1].map((i) => weight * bt[i] + (1 - weight) * ce[i]);
    view.replaceChildren(map("cross-entropy", (w) => bowl(w, ce), [[ce, "#222"]]), map("Barlow Twins loss", (w) => b * bowl(w, bt), [[bt, "#222"]]), map("mixture", (w) => s * b * bowl(w, bt) + (1 - s) * bowl(w, ce), [[ce, "#888"], [bt, "#888"], [lowest, "#d55e00"]]));
    tell(`With ss_factor ${s.toFixed(2)} the mixture is lowest ${(100 * weight).toFixed(0)} % of the way from the minimum of the cross-entropy to that of the Barlow Twins loss.`);
  };
}
