// How far back the gradient of a small recurrent network reaches, by backpropagation in the page.

export const H = 16; // units
export const STEPS = 101; // words the network reads
export const LOST = 2 ** -24; // half of float32's epsilon: 1 + LOST is 1 in float32
const LOW = -12; // the vertical axis, in powers of ten
const HIGH = 6;
const SIZE = 13; // of the letters in the plot

/** A generator of even numbers in [0, 1): mulberry32. */
export function uniforms(seed) {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The first `count` standard normal numbers of a seed, by Box and Muller. */
export function normals(seed, count) {
  const next = uniforms(seed);
  const drawn = new Float64Array(count);
  for (let n = 0; n < count; n += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    drawn[n] = radius * Math.cos(angle);
    drawn[n + 1] = radius * Math.sin(angle);
  }
  return drawn;
}

const dot = (a, b) => a.reduce((sum, value, n) => sum + value * b[n], 0);
const unit = (a) => a.map((value) => value / Math.sqrt(dot(a, a)));

/** The random network of a seed: Q (H, H) with orthonormal rows, inputs (STEPS, H) times their weights, v (H) of length 1. */
export function network(seed) {
  const drawn = normals(seed, H * (H + STEPS + 1));
  const row = (n) => drawn.subarray(n * H, (n + 1) * H);
  const Q = [];
  for (let n = 0; n < H; n++) {
    let q = row(n);
    for (let twice = 0; twice < 2; twice++) {
      for (const other of Q) {
        const along = dot(q, other);
        q = q.map((value, m) => value - along * other[m]);
      }
    }
    Q.push(unit(q));
  }
  const inputs = Array.from({ length: STEPS }, (_, t) => row(H + t).map((value) => value * 0.5));
  return { Q, inputs, v: unit(row(H + STEPS)) };
}

/** The length of the gradient of v . h_T by h_(T-k) for the lags k = 0..100, where h_t = phi(scale Q h_(t-1) + input_t). */
export function reach(scale, nonlinearity, { Q, inputs, v }) {
  const tanh = nonlinearity === "tanh";
  const states = [];
  let h = new Float64Array(H);
  for (const input of inputs) {
    const last = h;
    h = input.map((value, n) => value + scale * dot(Q[n], last));
    if (tanh) h = h.map(Math.tanh);
    states.push(h);
  }
  let dh = v;
  const lengths = [1];
  for (let t = STEPS - 1; t > 0; t--) {
    const back = new Float64Array(H);
    for (let n = 0; n < H; n++) {
      const da = scale * dh[n] * (tanh ? 1 - states[t][n] ** 2 : 1);
      for (let m = 0; m < H; m++) back[m] += da * Q[n][m];
    }
    dh = back;
    lengths.push(Math.sqrt(dot(dh, dh)));
  }
  return lengths;
}

/** A power of ten in raised digits. */
const raised = (power) => [...`${power}`].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");

/** A positive number to two digits: 0.12, 630, 3.4×10⁻⁹. Halves go up, and so does what rounding errors made of a half. */
export function format(value) {
  let power = Math.floor(Math.log10(value) + 1e-9);
  let digits = Math.floor((value / 10 ** power) * 10 + 0.5 + 1e-6);
  if (digits === 100) [digits, power] = [10, power + 1];
  const [first, second] = `${digits}`;
  if (power < -3 || power > 3) return `${first}.${second}×10${raised(power)}`;
  if (power < 0) return `0.${"0".repeat(-power - 1)}${digits}`;
  return power === 0 ? `${first}.${second}` : `${digits}${"0".repeat(power - 1)}`;
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Python's verdict, word for word. */
export function verdict(gap, length) {
  if (gap === 0) return "At a gap of 0 words is the last word itself: its gradient is 1, by definition.";
  let means = "it can be learnt from.";
  if (length <= LOST * (1 + 1e-9)) means = "in float32 it is lost beside the rest.";
  else if (length < 0.01) means = "it is small, and learning from that word is slow.";
  else if (length > 1000) means = "it explodes, and one step of learning throws the weights far off.";
  return `At a gap of ${plural(gap, "word")} the gradient is ${format(length)} times that at the last word: ${means}`;
}

/** Python's description, word for word. */
export function description({ scale, gap, nonlinearity, network: seed }, lengths) {
  return (
    `How long the gradient is in a ${nonlinearity} RNN with recurrent scale ${scale.toFixed(2)} (network ${seed}), ` +
    `on a logarithmic axis: 1 at the last word, ${format(lengths[50])} at 50 words back, ${format(lengths[100])} at 100. ` +
    verdict(gap, lengths[gap])
  );
}

/** About how wide a sans-serif font sets `words`, in pixels, so that labels keep clear of each other. */
const wide = (words, bold) =>
  SIZE * (bold ? 1.1 : 1) * [...words].reduce((sum, c) => sum + ("⁰¹²³⁴⁵⁶⁷⁸⁹⁻".includes(c) ? 0.41 : 0.56), 0);

/** The plot as shapes, each [tag, class, attributes, text or shapes], in a frame of width by height. Python draws the same ones. */
export function plot(lengths, gap, width, height) {
  const [left, right, top, bottom] = [48, width - 12, 32, height - 46];
  const logs = lengths.map(Math.log10);
  const x = (lag) => left + (lag / 100) * (right - left);
  const y = (log) => top + ((HIGH - log) / (HIGH - LOW)) * (bottom - top);
  const at = (value) => value.toFixed(1);
  const line = (kind, x1, y1, x2, y2) => ["path", kind, { d: `M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}` }, ""];
  const text = (kind, xt, yt, anchor, words) => ["text", kind, { x: at(xt), y: at(yt), "text-anchor": anchor }, words];

  const lost = y(Math.log10(LOST));
  const shapes = [["rect", "lw-lost", { x: at(left), y: at(lost), width: at(right - left), height: at(bottom - lost) }, ""]];
  for (const power of [-12, -8, -4, 0, 4]) {
    shapes.push(line("lw-grid", left, y(power), right, y(power)));
    shapes.push(text("lw-tick", left - 7, y(power) + 4.5, "end", power ? `10${raised(power)}` : "1"));
  }
  for (let lag = 0; lag <= 100; lag += 20) shapes.push(text("lw-tick", x(lag), bottom + 18, "middle", `${lag}`));
  shapes.push(text("lw-tick", left - 7, 15, "start", "gradient (last word: 1)"));
  shapes.push(text("lw-tick", right + 6, bottom + 37, "end", "words back"));
  shapes.push(line("lw-limit", left, lost, right, lost));
  shapes.push(line("lw-marker", x(gap), top, x(gap), bottom));
  const curve = logs.map((log, lag) => `${lag ? "L" : "M"}${at(x(lag))} ${at(y(log))}`).join("");
  const frame = { x: at(left), y: at(top), width: at(right - left), height: at(bottom - top) };
  const viewBox = `${frame.x} ${frame.y} ${frame.width} ${frame.height}`;
  // A drawing within the drawing cuts off what leaves its frame.
  shapes.push(["svg", "", { ...frame, viewBox, role: "none" }, [["path", "lw-curve", { d: curve }, ""]]]);

  const [px, py] = [x(gap), Math.min(bottom, Math.max(top, y(logs[gap])))];
  const tip = logs[gap] < LOW ? 1 : logs[gap] > HIGH ? -1 : 0;
  if (tip) shapes.push(["path", "lw-dot", { d: `M${at(px - 6)} ${at(py - 5 * tip)}h12l-6 ${10 * tip}z` }, ""]);
  else shapes.push(["circle", "lw-dot", { cx: at(px), cy: at(py), r: "5" }, ""]);

  // A label takes the first of its places where it covers nothing; one that must stand covers, if need be, the marker, or more.
  const points = logs.flatMap((log, lag) => [[x(lag), y(log)], [x(lag), lost]]);
  const label = (kind, words, places, always = true) => {
    const size = wide(words, kind === "lw-here");
    const boxes = places.map(([xt, yt, anchor]) => {
      const from = anchor === "end" ? xt - size : xt;
      return [from - 3, yt - SIZE + 1, from + size + 3, yt + 4];
    });
    const inside = ([x1, y1, x2, y2]) => x1 >= left && x2 <= right + 8 && y1 >= top - 4 && y2 <= bottom + 1;
    const free = ([x1, y1, x2, y2]) => !points.some(([xp, yp]) => x1 < xp && xp < x2 && y1 < yp && yp < y2);
    const beside = ([x1, , x2]) => px < x1 || px > x2;
    const tests = always ? [(box) => free(box) && beside(box), free, () => true] : [(box) => free(box) && beside(box)];
    const chosen = tests.map((good) => boxes.findIndex((box) => inside(box) && good(box))).find((n) => n >= 0);
    if (chosen === undefined) return;
    const [x1, y1, x2, y2] = boxes[chosen];
    for (let xp = x1; xp < x2; xp += 4) for (const yp of [y1 + 1, (y1 + y2) / 2, y2 - 1]) points.push([xp, yp]);
    shapes.push(text(kind, ...places[chosen], words));
  };
  const sides = [[px + 9, -9, "start"], [px - 9, 20, "end"], [px - 9, -9, "end"], [px + 9, 20, "start"]];
  const around = [0, 15].flatMap((more) => sides.map(([xl, dy, anchor]) => [xl, py + dy + Math.sign(dy) * more, anchor]));
  label("lw-here", format(lengths[gap]), around);
  const across = [[left + 6, "start"], [right - 4, "end"], [(left + right) / 2, "start"]];
  label("lw-tick", "lost in float32", [lost + 17, bottom - 6].flatMap((yl) => across.map(([xl, anchor]) => [xl, yl, anchor])));
  const out = logs.findIndex((log) => log < LOW || log > HIGH);
  if (out > 0) {
    const [edge, down] = logs[out] < LOW ? [LOW, 1] : [HIGH, -1];
    const xe = x(out - (logs[out] - edge) / (logs[out] - logs[out - 1]));
    shapes.push(["path", "lw-leaves", { d: `M${at(xe - 5)} ${at(y(edge))}h10l-5 ${8 * down}z` }, ""]);
    const ye = y(edge) + (down > 0 ? -7 : 14);
    const rows = [[xe + 12, "start"], [xe - 12, "end"]].flatMap(([xl, anchor]) => [0, 1, 2].map((n) => [xl, ye - 17 * n * down, anchor]));
    label("lw-here", `to ${format(lengths[100])}`, rows, false);
  }
  return shapes;
}

function make(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function slider(model, name, { label, min, max, step, say }) {
  const row = make("label", "lw-slider");
  const input = Object.assign(document.createElement("input"), { type: "range", min, max, step });
  const value = make("span", "lw-value");
  row.append(make("span", "lw-label", label), input, value);
  const show = () => {
    input.value = model.get(name);
    value.textContent = say(model.get(name));
    input.setAttribute("aria-valuetext", value.textContent);
  };
  input.addEventListener("input", () => {
    model.set(name, Number(input.value));
    model.save_changes();
  });
  return { row, show };
}

function choice(model, name, { label, values }) {
  const row = make("fieldset", "lw-slider lw-choice");
  const group = `lw-${Math.random().toString(36).slice(2)}`; // radio buttons of one name are one group in the whole page
  const inputs = values.map((value) => Object.assign(document.createElement("input"), { type: "radio", name: group, value }));
  const options = make("div", "lw-options");
  inputs.forEach((input) => {
    const option = make("label", "");
    option.append(input, input.value);
    options.append(option);
    input.addEventListener("change", () => {
      model.set(name, input.value);
      model.save_changes();
    });
  });
  row.append(make("legend", "lw-label", label), options);
  return { row, show: () => inputs.forEach((input) => (input.checked = input.value === model.get(name))) };
}

function another(model) {
  const row = make("div", "lw-slider lw-choice");
  const button = Object.assign(make("button", "lw-button", "another network"), { type: "button" });
  const label = make("span", "lw-label");
  row.append(label, button);
  button.addEventListener("click", () => {
    model.set("network", (model.get("network") + 1) % 100);
    model.save_changes();
  });
  return { row, show: () => (label.textContent = `network ${model.get("network")}`) };
}

function render({ model, el }) {
  const names = ["scale", "gap", "nonlinearity", "network"];
  const box = make("section", "lw-box");
  box.setAttribute("aria-label", "How far back the gradient reaches");
  const holder = make("div", "lw-plot");
  holder.innerHTML = '<svg role="img"></svg>';
  const svg = holder.firstChild;
  const controls = [
    slider(model, "scale", { label: "scale of U", min: 0.5, max: 2, step: 0.01, say: (value) => value.toFixed(2) }),
    slider(model, "gap", { label: "gap (words back)", min: 0, max: 100, step: 1, say: (value) => plural(value, "word") }),
    choice(model, "nonlinearity", { label: "nonlinearity", values: ["tanh", "linear"] }),
    another(model),
  ];
  const result = make("p", "lw-result");
  result.setAttribute("role", "status");
  box.append(holder, ...controls.map(({ row }) => row), result);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  const drawn = ([tag, kind, attributes, inner]) => {
    const node = document.createElementNS(svg.namespaceURI, tag);
    if (kind) node.setAttribute("class", kind);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (Array.isArray(inner)) node.append(...inner.map(drawn));
    else node.textContent = inner;
    return node;
  };
  let net = { seed: null };
  let seen = holder.clientWidth; // measured when it changes, not at every move, which would lay the page out twice
  const draw = () => {
    const now = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    if (net.seed !== now.network) net = { seed: now.network, ...network(now.network) };
    const lengths = reach(now.scale, now.nonlinearity, net);
    const width = Math.max(200, Math.round(seen || 640));
    const height = Math.round(Math.min(400, Math.max(300, 0.52 * width)));
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-label", description(now, lengths));
    svg.replaceChildren(...plot(lengths, now.gap, width, height).map(drawn));
    controls.forEach(({ show }) => show());
    result.textContent = verdict(now.gap, lengths[now.gap]);
  };
  const resized = new ResizeObserver(() => {
    if (holder.clientWidth === seen) return;
    seen = holder.clientWidth;
    draw();
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
