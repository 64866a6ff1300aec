// What training found for every architecture, forget bias and gap, and the line that the law of memory had drawn before it.

const [THOUSANDTH, CLOSE, LEARNT] = [1e-3, 3, 0.95];
const FINE = 32; // points of the law's line in each row

/** -ln f, for f = sigmoid(b), exact also where f is close to 1. */
export const rate = (bias) => Math.log1p(Math.exp(-bias));

/** The part of the gradient that comes back to the first word along the cell state: sigmoid(bias)^(gap + 1). */
export const arrives = (bias, gap) => Math.exp(-rate(bias) * (gap + 1));

/** The gap, a number of words, across which a thousandth of the gradient comes back: ten half-lives, less one step. */
export const reach = (bias) => -Math.log(THOUSANDTH) / rate(bias) - 1;

/** What the law says of an LSTM: "allows", "forbids", or "close" within a factor of 3 of a thousandth. */
export function prediction(bias, gap) {
  const part = arrives(bias, gap) / THOUSANDTH;
  return part >= 1 / CLOSE && part <= CLOSE ? "close" : part > 1 ? "allows" : "forbids";
}

const end = (curve) => curve[curve.length - 1];

/** How many of the curves end with at least 95 % of the answers right. */
export const learnt = (curves) => curves.filter((curve) => end(curve) >= LEARNT).length;

/** The share of right answers at the end, the mean over the curves. */
export const share = (curves) => curves.reduce((sum, curve) => sum + end(curve), 0) / curves.length;

/** How deep a cell is coloured: 0 at chance and below, 1 where every answer is right. */
export const shading = (part, chance) => Math.min(1, Math.max(0, (part - chance) / (1 - chance)));

/** Where `value` lies among sorted values: 1.5 is half way from the second to the third, and the ends go on as they are. */
function index(values, value, step) {
  if (values.length === 1) return (value - values[0]) / step;
  const n = Math.min(Math.max(values.filter((each) => each <= value).length - 1, 0), values.length - 2);
  return n + (value - values[n]) / (values[n + 1] - values[n]);
}

/** The other way round; a single value has its neighbours one unit away. */
function valueAt(values, place) {
  if (values.length === 1) return values[0] + place;
  const n = Math.min(Math.max(Math.floor(place), 0), values.length - 2);
  return values[n] + (place - n) * (values[n + 1] - values[n]);
}

/** The law's line over the grid, points [x, y] in units of a cell from its foot upwards; empty where it misses the grid. */
export function law(gaps, biases) {
  const [rows, columns] = [biases.length, gaps.length];
  const logs = gaps.map((gap) => Math.log(gap + 1));
  const points = Array.from({ length: FINE * rows + 1 }, (_, n) => {
    const y = rows - n / FINE;
    return [0.5 + index(logs, Math.log(reach(valueAt(biases, rows - y - 0.5)) + 1), Math.LN2), y];
  });
  const kept = [];
  for (let n = 1; n < points.length; n++) {
    const [[x1, y1], [x2, y2]] = [points[n - 1], points[n]]; // x grows all the way up
    if (x2 <= 0 || x1 >= columns) continue;
    const [low, high] = [Math.max(0, -x1 / (x2 - x1)), Math.min(1, (columns - x1) / (x2 - x1))];
    if (!kept.length) kept.push([x1 + low * (x2 - x1), y1 + low * (y2 - y1)]);
    kept.push([x1 + high * (x2 - x1), y1 + high * (y2 - y1)]);
  }
  return kept;
}

/** What is written beside the law's line, and at which x its foot stands on the lower edge; null where it does not. */
export function labelOf(gaps, biases) {
  const line = law(gaps, biases);
  if (line.length) return ["the law: nothing right of this line", line[0][1] === biases.length ? line[0][0] : null];
  return [`the law ${reach(biases[0]) > end(gaps) ? "allows" : "forbids"} every cell`, null];
}

/** A number without needless zeros and with a true minus sign: 5, −0.5. */
export const plain = (value) => `${Number(value.toPrecision(10))}`.replace("-", "−");

/** A part of 1 in whole percents, halves up: 67 %. */
export const whole = (part) => `${Math.floor(100 * part + 0.5 + 1e-7)} %`;

/** The name of a cell: LSTM, b = 1, gap 40. */
export const called = (architecture, bias, gap) =>
  architecture === "LSTM" ? `LSTM, b = ${plain(bias)}, gap ${gap}` : `Plain RNN, gap ${gap}`;

const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const listed = (items) => (items.length > 1 ? `${items.slice(0, -1).join(", ")} and ${end(items)}` : `${items[0]}`);

/** `value` with so many decimals; halves go up, and so does what rounding errors made of a half. */
function fixed(value, places) {
  const digits = `${Math.floor(value * 10 ** places + 0.5 + 1e-7)}`.padStart(places + 1, "0");
  return places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
}

/** A part of 1 in percent, to two digits of itself or of what is missing: 73 %, 99.33 %, 0.040 %; never rounded over 5 % or 50 %. */
export function percent(part) {
  if (part < 1e-5) return "less than 0.001 %";
  let places = Math.max(0, -1 - Math.floor(Math.log10(Math.min(part, 1 - part))));
  const crosses = (limit) => part >= limit !== Number(fixed(100 * part, places)) >= 100 * limit;
  while (crosses(0.05) || crosses(0.5)) places++;
  return `${fixed(100 * part, places)} %`;
}

/** The gate sigmoid(b) to three decimals or, close to 1, to two digits of what is missing: 0.731, 0.9933, 0.99988. */
const gate = (bias) => fixed(1 / (1 + Math.exp(-bias)), Math.max(3, 1 - Math.floor(Math.log10(1 / (1 + Math.exp(bias))))));

const curvesOf = (runs, architecture, bias, gap) =>
  runs.find((run) => run.architecture === architecture && run.gap === gap && (run.bias === bias || run.bias === null)).curves;

/** Python's verdict, word for word. */
export function verdict({ runs, batches, architecture, bias, gap }) {
  const curves = curvesOf(runs, architecture, bias, gap);
  const [seeds, right] = [curves.length, learnt(curves)];
  const found = `In ${batches} batches ${right} of ${many(seeds, "seed")} learnt`;
  const where = called(architecture, bias, gap);
  if (architecture === "RNN") return `${where}: it has no forget gate, so the law predicts nothing here. ${found}.`;
  const said = prediction(bias, gap);
  const because = {
    allows: "That is more than a thousandth (0.1 %), so the law allows it.",
    forbids: "That is less than a thousandth (0.1 %), so the law forbids it.",
    close: "That is near a thousandth (0.1 %), so the law calls it close.",
  }[said];
  let judged = ".";
  if (said === "forbids") judged = right ? `: the law was wrong for ${many(right, "seed")}.` : ", as predicted.";
  return `${where}: along the cell state ${percent(arrives(bias, gap))} of the gradient comes back. ${because} ${found}${judged}`;
}

/** What the learning curves of the selected cell show, in Python's words. */
export function learning({ runs, chance, every, batches, architecture, bias, gap }) {
  const ends = curvesOf(runs, architecture, bias, gap).map((curve, n) =>
    end(curve) >= LEARNT
      ? `seed ${n + 1} learnt within ${Math.min(curve.length * every, batches)} batches`
      : `seed ${n + 1} did not learn in ${batches} batches and ended at ${whole(end(curve))}`,
  );
  const name = called(architecture, bias, gap);
  return `Right answers against batches, one line a seed, for ${name} (chance is ${whole(chance)}): ${listed(ends)}.`;
}

/** The learning curves as shapes, each [tag, class, attributes, text], in a frame of width by height. Python draws the same ones. */
export function plot(curves, chance, every, batches, width, height) {
  const [left, right, top, bottom] = [48, width - 14, 44, height - 44];
  const x = (batch) => left + (batch / batches) * (right - left);
  const y = (part) => bottom - part * (bottom - top);
  const at = (value) => value.toFixed(1);
  const line = (kind, x1, y1, x2, y2) => ["path", kind, { d: `M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}` }, ""];
  const text = (kind, xt, yt, anchor, words) => ["text", kind, { x: at(xt), y: at(yt), "text-anchor": anchor }, words];

  const shapes = [0, 0.5, 1].map((part) => line("lw-phase-rule", left, y(part), right, y(part)));
  for (const part of [0, 0.5, 1]) shapes.push(text("lw-phase-tick", left - 8, y(part) + 4.5, "end", whole(part)));
  const power = 10 ** Math.floor(Math.log10(batches));
  const step = [power / 5, power / 2, power, 2 * power].find((size) => batches / size <= 5);
  for (let n = 0; n <= Math.floor(batches / step); n++)
    shapes.push(text("lw-phase-tick", x(n * step), bottom + 18, "middle", plain(n * step)));
  shapes.push(text("lw-phase-tick", 0, 15, "start", "right answers"));
  shapes.push(text("lw-phase-tick", right + 10, bottom + 37, "end", "batches"));
  shapes.push(line("lw-phase-chance", left, y(chance), right, y(chance)));
  const stops = [];
  for (const curve of curves) {
    const points = curve.map((part, n) => [x(Math.min((n + 1) * every, batches)), y(part)]);
    shapes.push(["path", "lw-phase-curve", { d: `M${points.map(([xp, yp]) => `${at(xp)} ${at(yp)}`).join("L")}` }, ""]);
    if (end(curve) >= LEARNT) stops.push(end(points));
  }
  for (const [xp, yp] of stops) shapes.push(["circle", "lw-phase-stop", { cx: at(xp), cy: at(yp), r: "5" }, ""]);
  let free = left - 8;
  for (const [xp] of stops.sort((a, b) => a[0] - b[0])) {
    const start = Math.min(Math.max(xp - 21, left - 8), right - 32);
    if (start < free) continue;
    shapes.push(text("lw-phase-here", start + 21, top - 11, "middle", "learnt"));
    free = start + 46;
  }
  const under = y(chance) + 21 < bottom - 4 ? 21 : -12;
  shapes.push(text("lw-phase-said", right - 2, y(chance) + under, "end", `chance, ${whole(chance)}`));
  return shapes;
}

/** The cell that a key leads to, from the cell in this row and column; null for a key that is not one of the grid's. */
export function step(key, control, [row, column], [rows, columns]) {
  const [last, edge] = [rows - 1, columns - 1];
  const to = {
    ArrowLeft: [row, Math.max(column - 1, 0)],
    ArrowRight: [row, Math.min(column + 1, edge)],
    ArrowUp: [Math.max(row - 1, 0), column],
    ArrowDown: [Math.min(row + 1, last), column],
    Home: [control ? 0 : row, 0],
    End: [control ? last : row, edge],
    PageUp: [0, column],
    PageDown: [last, column],
  };
  return to[key] ?? null;
}

function make(tag, className, text = "", attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function drawn(svg, [tag, kind, attributes, inner]) {
  const node = document.createElementNS(svg.namespaceURI, tag);
  node.setAttribute("class", kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = inner;
  return node;
}

/** A slider over a list of choices: it holds the number of a choice, and says the choice. */
function slider(label, kind, choices, choose) {
  const row = make("label", `lw-slider lw-phase-slider ${kind}`);
  const input = make("input", "", "", { type: "range", min: 0, max: choices.length - 1, step: 1 });
  const value = make("span", "lw-value", "", { "aria-hidden": "true" });
  row.append(make("span", "lw-label", label), input, value);
  input.addEventListener("input", () => choose(choices[Number(input.value)]));
  return {
    row,
    show: (choice, shown, said, disabled = false) => {
      input.value = choices.indexOf(choice);
      input.disabled = disabled;
      value.textContent = shown;
      input.setAttribute("aria-valuetext", said);
    },
  };
}

function render({ model, el }) {
  const names = ["architecture", "bias", "gap"];
  const runs = model.get("runs");
  const unique = (values) => [...new Set(values)].sort((a, b) => a - b);
  const gaps = unique(runs.map((run) => run.gap));
  const biases = unique(runs.filter((run) => run.bias !== null).map((run) => run.bias));
  const architectures = [...new Set(runs.map((run) => run.architecture))].sort();
  const state = () => Object.fromEntries(["runs", "chance", "every", "batches", ...names].map((name) => [name, model.get(name)]));
  const select = (change) => {
    for (const [name, value] of Object.entries(change)) model.set(name, value);
    model.save_changes();
  };
  const rows = [...[...biases].reverse().map((bias) => ["LSTM", bias]), ...(architectures.includes("RNN") ? [["RNN", null]] : [])];
  const picked = (row, column) => {
    const [architecture, bias] = rows[row];
    return { architecture, ...(bias === null ? {} : { bias }), gap: gaps[column] };
  };
  const selection = () => [
    rows.findIndex(([architecture, bias]) => architecture === model.get("architecture") && (bias === null || bias === model.get("bias"))),
    gaps.indexOf(model.get("gap")),
  ];

  const box = make("section", "lw-box lw-phase", "", { "aria-label": "Which networks learn to remember" });

  const map = make("div", "lw-phase-map");
  const frame = make("div", "lw-phase-frame");
  frame.style.setProperty("--columns", gaps.length);
  frame.style.setProperty("--rows", biases.length);
  const grid = make("div", "lw-phase-grid", "", { role: "grid", "aria-label": "Seeds that learnt, by forget bias and gap" });
  const cells = rows.map(([architecture, bias], row) => {
    const line = make("div", "lw-phase-row", "", { role: "row", "data-kind": architecture });
    const name = bias === null ? "plain RNN" : plain(bias);
    line.append(make("span", "lw-phase-name", name, { role: "rowheader", "aria-label": bias === null ? name : `b = ${name}` }));
    const made = gaps.map((gap, column) => {
      const curves = curvesOf(runs, architecture, bias, gap);
      const found = `${learnt(curves)} of ${many(curves.length, "seed")} learnt, ${whole(share(curves))} right`;
      const says = `${called(architecture, bias, gap)}: ${found}`;
      const cell = make("div", "lw-phase-cell", "", { role: "gridcell", "aria-label": says });
      cell.style.setProperty("--shade", shading(share(curves), model.get("chance")).toFixed(3));
      cell.append(make("span", "lw-phase-number", `${learnt(curves)}/${curves.length}`));
      cell.addEventListener("click", () => select(picked(row, column)));
      return cell;
    });
    line.append(...made);
    grid.append(line);
    return made;
  });
  const heads = make("div", "lw-phase-row lw-phase-heads", "", { role: "row" });
  heads.append(make("span", "lw-phase-name", "gap", { role: "columnheader" }));
  for (const gap of gaps) heads.append(make("span", "lw-phase-gap", `${gap}`, { role: "columnheader", "aria-label": `gap ${gap}` }));
  grid.append(heads);
  grid.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.shiftKey) return;
    const to = step(event.key, event.ctrlKey, selection(), [rows.length, gaps.length]);
    if (!to) return;
    event.preventDefault();
    select(picked(...to));
  });

  const line = law(gaps, biases);
  const over = make("div", "lw-phase-over");
  const [words, foot] = labelOf(gaps, biases);
  over.innerHTML = `<svg viewBox="0 0 ${gaps.length} ${biases.length}" preserveAspectRatio="none" aria-hidden="true"></svg>`;
  const d = line.length ? `M${line.map(([x, y]) => `${x.toFixed(4)} ${y.toFixed(4)}`).join("L")}` : "";
  for (const kind of ["lw-phase-halo", "lw-phase-law"]) over.firstChild.append(drawn(over.firstChild, ["path", kind, { d }, ""]));
  const label = make("span", "lw-phase-label", words);
  if (foot !== null) {
    label.dataset.side = foot < gaps.length / 2 ? "right" : "left";
    label.style.setProperty("--at", foot / gaps.length);
  } else if (line.length) label.dataset.side = "none";
  over.append(label);
  frame.append(grid, over);

  const legend = make("p", "lw-phase-legend");
  const scale = make("span", "lw-phase-scale");
  scale.append(whole(model.get("chance")), make("i", "lw-phase-ramp", "", { "aria-hidden": "true" }), "100 %");
  legend.append(make("span", "", "right answers at the end:"), scale, make("span", "", "2/3: two of three seeds learnt"));
  map.append(
    make("p", "lw-phase-axis", "forget bias b", { "aria-hidden": "true" }),
    frame,
    make("p", "lw-phase-axis lw-phase-across", "filler words before the question", { "aria-hidden": "true" }),
    legend,
  );

  const controls = make("div", "lw-phase-controls");
  const kinds = make("fieldset", "lw-slider lw-choice lw-phase-kinds");
  const group = `lw-${Math.random().toString(36).slice(2)}`; // radio buttons of one name are one group in the whole page
  const options = make("div", "lw-options");
  const radios = architectures.map((architecture) => {
    const option = make("label", "");
    const input = make("input", "", "", { type: "radio", name: group, value: architecture });
    input.addEventListener("change", () => select({ architecture }));
    option.append(input, architecture === "RNN" ? "plain RNN" : architecture);
    options.append(option);
    return input;
  });
  kinds.append(make("legend", "lw-label", "architecture"), options);
  const bias = slider("forget bias b", "lw-phase-bias", biases, (value) => select({ bias: value }));
  const gap = slider("gap (filler words)", "lw-phase-words", gaps, (value) => select({ gap: value }));
  controls.append(kinds, bias.row, gap.row);

  const result = make("p", "lw-result lw-phase-result", "", { role: "status" });
  const said = make("span", "lw-result-text");
  result.append(said);
  // Room for the longest sentence of any cell, so that nothing below it moves from one to the next.
  const all = rows.flatMap((_, row) => gaps.map((_, column) => verdict({ ...state(), ...picked(row, column) })));
  result.dataset.longest = all.reduce((a, b) => (b.length > a.length ? b : a)).replace(/ %/g, "\u00a0%");
  const curves = make("div", "lw-phase-curves");
  const head = make("p", "lw-phase-head");
  const holder = make("div", "lw-phase-plot");
  holder.innerHTML = '<svg role="img"></svg>';
  const svg = holder.firstChild;
  curves.append(head, holder);
  box.append(map, controls, result, curves);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  let width = holder.clientWidth; // measured when it changes, not at every move, which would lay the page out twice
  const sketch = () => {
    const [across, high] = [Math.max(200, width || 320), 236];
    const { architecture, bias, gap, chance, every, batches } = state();
    svg.setAttribute("viewBox", `0 0 ${across} ${high}`);
    const shapes = plot(curvesOf(runs, architecture, bias, gap), chance, every, batches, across, high);
    svg.replaceChildren(...shapes.map((shape) => drawn(svg, shape)));
  };
  const draw = () => {
    const now = state();
    const held = grid.contains(el.getRootNode().activeElement);
    const [row, column] = selection();
    cells.forEach((line, r) =>
      line.forEach((cell, c) => {
        const here = r === row && c === column;
        cell.setAttribute("aria-selected", here);
        cell.tabIndex = here ? 0 : -1;
        if (here && held) cell.focus();
      }),
    );
    radios.forEach((radio) => (radio.checked = radio.value === now.architecture));
    const none = now.architecture === "RNN";
    const f = none ? "a plain RNN has no forget gate" : `${plain(now.bias)}, so f is ${gate(now.bias)}`;
    bias.show(now.bias, none ? "no gate" : plain(now.bias), f, none);
    gap.show(now.gap, many(now.gap, "word"), many(now.gap, "word"));
    box.dataset.kind = now.architecture;
    head.replaceChildren(make("b", "", called(now.architecture, now.bias, now.gap)), " ", make("span", "", "one line a seed"));
    svg.setAttribute("aria-label", learning(now));
    // A number and its percent sign stay on one line.
    const words = verdict(now);
    if (said.textContent !== words)
      said.replaceChildren(...words.split(/(\S+ %\)?)/).map((part, n) => (n % 2 ? make("span", "lw-phase-whole", part) : part)));
    sketch();
  };
  const resized = new ResizeObserver(() => {
    if (holder.clientWidth === width) return;
    width = holder.clientWidth;
    sketch();
  });
  names.forEach((name) => model.on(`change:${name}`, draw));
  draw();
  resized.observe(holder);

  return () => {
    resized.disconnect();
    names.forEach((name) => model.off(`change:${name}`, draw));
  };
}

export default { render };
