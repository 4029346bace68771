// Partial channels step by step: the first C/K channels pass through the operations, then a shuffle
// reorders all channels.
({ make, slider, button, view, tell }) => {
  const channels = 16, kept = [1, 2, 4, 8];
  let order, processed, steps;
  const k = slider("K", 0, 3, 1, 2, (v) => String(kept[v]));
  const reset = () => { order = Array.from({ length: channels }, (_, i) => i); processed = order.map(() => 0); steps = 0; };
  let last = null;
  button("One edge further", () => {
    const K = kept[k.value], size = channels / K;
    order.slice(0, size).forEach((c) => processed[c]++);
    order = order.map((_, i) => order[(i % K) * size + Math.floor(i / K)]); // [K, C/K] read column by column
    steps++;
  });
  button("From the beginning", () => reset());
  reset();
  return () => {
    const K = kept[k.value], size = channels / K;
    if (last !== null && last !== K) reset();
    last = K;
    const svg = make("svg", { width: 520, height: 66, viewBox: "0 0 520 66", role: "img", "aria-label": `order of the channels: ${order.join(", ")}; the first ${size} pass through the operations` });
    order.forEach((c, i) => svg.append(make("rect", { x: 4 + 32 * i, y: 4, width: 28, height: 28, fill: i < size ? "#e69f00" : "#eee", stroke: "#555" }), make("text", { x: 18 + 32 * i, y: 23, "text-anchor": "middle" }, c), make("text", { x: 18 + 32 * i, y: 50, "text-anchor": "middle" }, processed[c] + "×")));
    view.replaceChildren(svg);
    const never = processed.filter((n) => n === 0).length;
    tell(`After ${steps} ${steps === 1 ? "edge" : "edges"} with K = ${K}: channels ${order.slice(0, size).join(", ")} come next. ` + (never ? `${never} of ${channels} channels have never passed through an operation.` : "Every channel has passed through an operation."));
  };
}
