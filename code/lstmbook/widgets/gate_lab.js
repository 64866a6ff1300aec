// The whole LSTM cell of one unit: every gate is a slider on the diagram, the two memories stand like water in vessels.

export const NAMES = ["input", "forget", "candidate", "output"]; // in the order of the rows of weights: i, f, g, o
export const USUAL = [[2, 0.5, -1], [-1, 0.5, 1.5], [1.5, 0.5, 0], [0.5, 1, 0.5]]; // w, u, b of each
export const FAR = 1000; // as far as a memory may grow
export const PRESETS = {
  "remember for ever": { forget: 1, input: 0, output: 1 },
  "overwrite": { forget: 0, input: 1, output: 1 },
  "forget all": { forget: 0, input: 0 },
  "write in secret": { forget: 1, input: 1, output: 0 },
  "whisper": { forget: 1, input: 0, output: 0.1 },
  "half and half": { forget: 0.5, input: 0.5, output: 0.5 },
};
const LETTERS = { input: "i", forget: "f", candidate: "g", output: "o", c_before: "c", h_before: "h", x: "x" };
const RANGES = { input: [0, 1], forget: [0, 1], candidate: [-1, 1], output: [0, 1], c_before: [-FAR, FAR], h_before: [-1, 1], x: [-2, 2] };
const TRAITS = [...Object.keys(LETTERS), "mode", "weights", "trace"];

export const sigmoid = (z) => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));

/** Every number of one step: the sums z, the gates i, f, o and the candidate g, the products p = f c0 and q = i g, then c, t = tanh c, h. */
export function cell({ input, forget, candidate, output, c_before: c0, h_before: h0, x, mode, weights }) {
  const z = weights.map(([w, u, b]) => w * x + u * h0 + b);
  const computed = [sigmoid(z[0]), sigmoid(z[1]), Math.tanh(z[2]), sigmoid(z[3])];
  const [i, f, g, o] = mode === "input" ? computed : [input, forget, candidate, output];
  const [p, q] = [f * c0, i * g];
  const c = p + q;
  const t = Math.tanh(c);
  return { mode, x, h0, c0, z, i, f, g, o, p, q, c, t, h: o * t };
}

/** A number to so many decimals. Halves go away from 0, and so does what rounding errors made of a half. */
export function fixed(value, digits) {
  const whole = Math.floor(Math.abs(value) * 10 ** digits + 0.5 + 1e-9);
  return `${value < 0 && whole ? "−" : ""}${(whole / 10 ** digits).toFixed(digits)}`;
}

/** A number to two decimals if these are all it has, otherwise to `digits` decimals. */
export function say(value, digits = 2) {
  const hundredths = Math.abs(value) * 100;
  return fixed(value, Math.abs(hundredths - Math.floor(hundredths + 0.5)) < 1e-7 ? 2 : digits);
}

/** A gate: 0 or 1 where it is exactly that, and never where it is not. */
export function sayGate(value, digits = 2) {
  if (value === 0 || value === 1) return `${value}`;
  for (let more = digits; more <= 4; more++) {
    const text = say(value, more);
    if (Number(text) === 0 || Number(text) === 1) continue;
    return text;
  }
  return value < 0.5 ? "0.0001" : "0.9999";
}

const sayProduct = (value, digits) => (value === 0 ? "0" : say(value, digits));
const read = (text) => Number(text.replace("−", "-"));
const held = (text) => (text.startsWith("−") ? `(${text})` : text);
const plus = (text) => (text.startsWith("−") ? `− ${text.slice(1)}` : `+ ${text}`);
const sign = (left, right) => (Math.abs(left - right) < 1e-9 ? "=" : "≈");

/**
 * The two lines of arithmetic, c and h, each as its parts: the name, then what follows each sign of equality, the sign included.
 * They have the least number of decimals, 2 to 4, with which whoever redoes them from the numbers in them gets the numbers in them.
 */
export function lines({ f, c0, i, g, p, q, c, o, t, h }) {
  const longTerm = (d) => {
    const [F, C0, I, G, P, Q, C] = [sayGate(f, d), say(c0, d), sayGate(i, d), say(g, d), sayProduct(p, d), sayProduct(q, d), say(c, d)];
    const [fc, ig, total] = [read(F) * read(C0), read(I) * read(G), read(P) + read(Q)];
    const agrees = fixed(fc, d) === fixed(read(P), d) && fixed(ig, d) === fixed(read(Q), d) && fixed(total, d) === fixed(read(C), d);
    const parts = ["c", `= ${F} × ${held(C0)} + ${I} × ${held(G)}`, `${sign(fc + ig, total)} ${P} ${plus(Q)}`, `${sign(total, read(C))} ${C}`];
    return { parts, agrees };
  };
  const shortTerm = (memory, d) => {
    const [O, T, H] = [sayGate(o, d), say(t, d), sayProduct(h, d)];
    const [tanh, shown] = [Math.tanh(read(memory)), read(O) * read(T)];
    const agrees = fixed(tanh, d) === fixed(read(T), d) && fixed(shown, d) === fixed(read(H), d);
    const parts = ["h", `= ${O} × tanh(${memory})`, `${sign(tanh, read(T))} ${O} × ${held(T)}`, `${sign(shown, read(H))} ${H}`];
    return { parts, agrees };
  };
  let first;
  let second;
  for (let d = 2; d <= 4; d++) {
    first = longTerm(d);
    for (let e = 2; e <= d; e++) {
      second = shortTerm(first.parts[3].slice(2), e);
      if (first.agrees && second.agrees) return [first.parts, second.parts];
    }
  }
  return [first.parts, second.parts];
}

/** The four sums and what becomes of them, each as its parts like the lines of arithmetic. */
export function sums({ x, h0, z, i, f, g, o }, weights) {
  return ["i", "f", "g", "o"].map((letter, n) => {
    const line = (d) => {
      const [w, u, b] = weights[n].map((weight) => say(weight, 4));
      const [X, H0, Z] = [say(x, d), say(h0, d), say(z[n], d)];
      const gate = { i, f, g, o }[letter];
      const shown = letter === "g" ? say(gate, d) : sayGate(gate, d);
      const [sum, squashed] = [read(w) * read(X) + read(u) * read(H0) + read(b), letter === "g" ? Math.tanh(read(Z)) : sigmoid(read(Z))];
      const agrees = fixed(sum, d) === fixed(read(Z), d) && fixed(squashed, d) === fixed(read(shown), d);
      const name = letter === "g" ? "tanh" : "σ";
      const inside = `${w} × ${held(X)} ${plus(u)} × ${held(H0)} ${plus(b)}`;
      return { agrees, parts: [letter, `= ${name}(${inside})`, `${sign(sum, read(Z))} ${name}(${Z})`, `${sign(squashed, read(shown))} ${shown}`] };
    };
    return [2, 3, 4].map(line).find(({ agrees }, d) => agrees || d === 2).parts;
  });
}

/** A share as a percentage: 0 % and 100 % only where it is exactly that. */
export function percent(share) {
  for (let digits = 0; digits <= 2; digits++) {
    const text = fixed(100 * share, digits);
    if (share === 0 || share === 1 || (Number(text) > 0 && Number(text) < 100)) return `${text} %`;
  }
  return share < 0.5 ? "less than 0.01 %" : "more than 99.99 %";
}

/** Python's verdict, word for word. */
export function verdict({ f, c0, q, c, t, o }) {
  const amount = say(Math.abs(q));
  const size = amount === "0.00" ? "almost nothing" : amount;
  let keeps;
  if (c0 === 0) keeps = q === 0 ? "The long-term memory is empty, and nothing is written." : `The long-term memory was empty: it writes ${sized(q, size)}.`;
  else if (f === 0) keeps = `It forgets the whole long-term memory and ${q === 0 ? "writes nothing" : `writes ${sized(q, size)} in its place`}.`;
  else {
    const kept = f === 1 ? "all" : percent(f);
    const adds = q === 0 ? "adds nothing" : q > 0 || size !== amount ? `adds ${size}` : `takes away ${size}`;
    keeps = `It keeps ${kept} of the long-term memory and ${adds}.`;
  }
  let shows;
  if (o === 0) shows = c === c0 ? "It shows nothing." : "It shows nothing: the change stays secret.";
  else if (t === 0) shows = "It has nothing to show.";
  else shows = `It shows ${o === 1 ? "all" : o === 0.5 ? "half" : percent(o)} of what it knows.`;
  return `${keeps} ${shows}`;
}

const sized = (value, size) => (value < 0 && size !== "almost nothing" ? `−${size}` : size);

/** Python's description, word for word. */
export function description(now) {
  const { i, f, g, o, c0, c, h } = now;
  return (
    `One LSTM unit: long-term memory before ${say(c0)}, forget gate ${sayGate(f)}, input gate ${sayGate(i)}, candidate ${say(g)}, ` +
    `output gate ${sayGate(o)}; long-term memory now ${say(c)}, short-term memory now ${say(h)}. ${verdict(now)}`
  );
}

/** The state as the end of an address, such as #gate_lab=hand,f0.5,i0.3. */
export function link(state, name = "gate_lab") {
  const short = (value) => `${Math.round(value * 1e6) / 1e6}`;
  const parts = [state.mode, ...Object.entries(LETTERS).map(([trait, letter]) => letter + short(state[trait]))];
  if (`${state.weights}` !== `${USUAL}`) parts.push(`w${state.weights.flat().map(short).join("_")}`);
  return `#${name}=${parts.join(",")}`;
}

/** What the end of an address sets, or null if it is not one of ours or holds anything that is not a state. */
export function unlink(hash, name = "gate_lab") {
  if (typeof hash !== "string" || !hash.startsWith(`#${name}=`)) return null;
  const number = /^-?\d{1,4}(\.\d{1,9})?$/;
  const inside = (text, [low, high]) => number.test(text) && low <= Number(text) && Number(text) <= high;
  const state = {};
  for (const part of hash.slice(name.length + 2).split(",")) {
    const trait = Object.keys(LETTERS).find((each) => LETTERS[each] === part[0]);
    const rest = part.slice(1);
    const numbers = rest.split("_");
    if (part === "hand" || part === "input") state.mode = part;
    else if (trait && inside(rest, RANGES[trait])) state[trait] = Number(rest);
    else if (part[0] === "w" && numbers.length === 12 && numbers.every((text) => inside(text, [-10, 10]))) {
      state.weights = [0, 3, 6, 9].map((n) => numbers.slice(n, n + 3).map(Number));
    } else return null;
  }
  return state;
}

/** What one step on changes: the memories, and the trace of them from the start to now. */
export function stepped(state) {
  const { c, h } = cell(state);
  if (Math.abs(c) > FAR) return {};
  return { c_before: c, h_before: h, trace: [...state.trace.slice(0, -1), [state.c_before, state.h_before], [c, h]] };
}

/** What undoing the last step changes. */
export function undone({ trace }) {
  if (trace.length < 2) return {};
  const [c, h] = trace.at(-2);
  return { c_before: c, h_before: h, trace: trace.length > 2 ? trace.slice(0, -1) : [] };
}

/** What going back to the start of the trace changes. */
export function restarted({ trace }) {
  return trace.length ? { c_before: trace[0][0], h_before: trace[0][1], trace: [] } : {};
}

// Drawing. A shape is [tag, class, attributes, text or shapes]; Python draws the same ones.

const at = (value) => {
  const text = value.toFixed(1);
  return text === "-0.0" ? "0.0" : text;
};
const path = (points) => `M${points.map(([x, y]) => `${at(x)} ${at(y)}`).join("L")}`;
const text = (kind, x, y, anchor, words) => ["text", `lw-lab-${kind}`, { x: at(x), y: at(y), "text-anchor": anchor }, words];
const PIPE = 26; // the width of a pipe, which a memory of 2 fills

/** A pipe and what flows in it: as thick as the number is big, broken where it is negative. */
function flow(colour, value, points) {
  const thick = value === 0 ? 0 : Math.min(PIPE, Math.max(1.5, (PIPE * Math.abs(value)) / 2));
  return [
    ["path", "lw-lab-pipe", { d: path(points) }, ""],
    ["path", `lw-lab-flow lw-lab-${colour}`, { d: path(points), "stroke-width": at(thick), "stroke-dasharray": value < 0 ? "6 3" : "none" }, ""],
  ];
}

/** All pipes, then all that flows in them, so that no pipe lies on a flow. */
const pipesFirst = (shapes) => [true, false].flatMap((pipe) => shapes.filter(([, kind]) => (kind === "lw-lab-pipe") === pipe));

const wire = (colour, points) => ["path", `lw-lab-wire lw-lab-${colour}`, { d: path(points) }, ""];
/** An arrowhead with its tip at (x, y), pointing down, or turned clockwise. */
const arrow = (colour, x, y, turn) => ["path", `lw-lab-arrow lw-lab-${colour}`, { d: "M-5 -9L0 0L5 -9z", transform: `translate(${at(x)} ${at(y)}) rotate(${turn})` }, ""];

/** The direction of a flow. */
const chevron = (x, y, turn) => ["path", "lw-lab-chevron", { d: "M-4 -2.5L0 1.5L4 -2.5", transform: `translate(${at(x)} ${at(y)}) rotate(${turn})` }, ""];

/** A multiplication, with a ring that is as full as its gate is open. */
function times(colour, open, x, y) {
  const place = { cx: at(x), cy: at(y), r: "16" };
  return [
    ["circle", "lw-lab-node", place, ""],
    ["circle", `lw-lab-ring lw-lab-${colour}`, { ...place, pathLength: "100", "stroke-dasharray": `${at(100 * open)} 100`, transform: `rotate(-90 ${at(x)} ${at(y)})` }, ""],
    ["path", "lw-lab-sign", { d: `M${at(x - 5)} ${at(y - 5)}l10 10m0 -10l-10 10` }, ""],
  ];
}

const sum = (x, y) => [
  ["circle", "lw-lab-node", { cx: at(x), cy: at(y), r: "16" }, ""],
  ["path", "lw-lab-sign", { d: `M${at(x - 7)} ${at(y)}h14m-7 -7v14` }, ""],
];

const squash = (x, y) => [
  ["rect", "lw-lab-node", { x: at(x - 25), y: at(y - 14), width: "50.0", height: "28.0", rx: "8" }, ""],
  text("inside", x, y + 4.5, "middle", "tanh"),
];

/** A vessel with zero in its middle and water up or down to the value; an arrow where the value lies beyond. */
function vessel(colour, value, limit, [x, y, w, h], side) {
  const zero = y + h / 2;
  const level = zero - (Math.max(-limit, Math.min(limit, value)) / limit) * (h / 2);
  const out = Math.abs(value) > limit ? Math.sign(value) : 0;
  const shapes = [
    ["rect", "lw-lab-glass", { x: at(x), y: at(y), width: at(w), height: at(h), rx: "7" }, ""],
    ["rect", `lw-lab-water lw-lab-${colour}`, { x: at(x + 2), y: at(Math.min(zero, level)), width: at(w - 4), height: at(Math.abs(level - zero)) }, ""],
    ["path", "lw-lab-zero", { d: path([[x, zero], [x + w, zero]]) }, ""],
    ["path", `lw-lab-top lw-lab-${colour}`, { d: path([[x + 2, level], [x + w - 2, level]]) }, ""],
    ["path", `lw-lab-arrow lw-lab-${colour}`, { d: out ? `M${at(x + w / 2 - 6)} ${at(level + 12 * out)}h12l-6 ${-9 * out}z` : "" }, ""],
  ];
  const [xt, anchor] = side === "left" ? [x - 5, "end"] : [x + w + 5, "start"];
  for (const tick of side ? [limit, 0, -limit] : []) {
    shapes.push(text("tick", xt, zero - (tick / limit) * (h / 2 - 5) + 4, anchor, `${tick}`.replace("-", "−")));
  }
  return shapes;
}

/** Where the wide diagram has its parts: columns by the width, the rows always the same. Sliders' places are [x, y, width]. */
export function wide(width, mode) {
  const roomy = width >= 540;
  const [L, R] = roomy ? [126, 104] : [82, 78];
  const column = (width - L - R) / 4;
  const [x1, x2, x3, x4] = [0, 1, 2, 3].map((n) => L + column * (n + 0.5));
  const block = Math.min(150, column - 6);
  const gate = (x) => [x - block / 2, 316, block];
  return {
    width, tall: false, roomy, height: mode === "input" ? 462 : 394, L, R, x1, x2, x3, x4, xm: (x2 + x3) / 2,
    places: { c_before: [0, 140, L - 8], h_before: [0, 310, L - 8], x: [0, 388, L - 8], forget: gate(x1), input: gate(x2), candidate: gate(x3), output: gate(x4) },
  };
}

/** The wide diagram: long-term memory along the top, gates below, time from left to right. */
export function drawWide(now, width) {
  const { roomy, L, R, x1, x2, x3, x4, xm } = wide(width, now.mode);
  const { mode, c0, h0, i, f, g, o, p, q, c, t, h } = now;
  const [yc, yh, yq, yt, row] = [74, 264, 178, 158, 312];
  const w = roomy ? 50 : 38;
  const [left, right] = [L - 20 - w, width - R + (roomy ? 26 : 20)];
  const shapes = [["rect", "lw-lab-cell-box", { x: at(L - 4), y: "4.0", width: at(width - L - R + 8), height: at(row - 10), rx: "14" }, ""]];
  if (mode === "input") {
    const bus = 408;
    shapes.push(["path", "lw-lab-bus", { d: path([[left + w, yh + 14], [L - 6, yh + 14], [L - 6, bus], [x4, bus]]) + path([[L - 10, bus + 29], [L - 6, bus + 29], [L - 6, bus]]) }, ""]);
    for (const x of [x1, x2, x3, x4]) shapes.push(["path", "lw-lab-bus", { d: path([[x, bus], [x, bus - 10]]) }, ""], arrow("soft", x, bus - 10, 180));
  }
  shapes.push(
    ...pipesFirst([
      ...flow("cell", c0, [[left + w, yc], [x1, yc]]),
      ...flow("cell", p, [[x1, yc], [xm, yc]]),
      ...flow("cell", c, [[xm, yc], [right, yc]]),
      ...flow("cell", c, [[x4, yc], [x4, yt]]),
      ...flow("cell", t, [[x4, yt], [x4, yh]]),
      ...flow("hidden", h, [[x4, yh], [right, yh]]),
      ...flow("candidate", g, [[x3, row], [x3, yq], [xm, yq]]),
      ...flow("candidate", q, [[xm, yq], [xm, yc]]),
    ]),
    wire("forget", [[x1, row], [x1, yc + 30]]),
    wire("input", [[x2, row], [x2, yq], [xm - 30, yq]]),
    wire("output", [[x4, row], [x4, yh + 30]]),
    arrow("forget", x1, yc + 21, 180),
    arrow("input", xm - 21, yq, -90),
    arrow("output", x4, yh + 21, 180),
    chevron(x3, (row + yq) / 2, 180),
    chevron(xm, (yc + yq) / 2, 180),
    chevron((left + w + x1) / 2 + 4, yc, -90),
    chevron((x1 + xm) / 2, yc, -90),
    chevron((xm + x4) / 2, yc, -90),
    chevron(x4, (yt + yh) / 2, 0),
    chevron((x4 + right) / 2 + 8, yh, -90),
    ...times("forget", f, x1, yc),
    ...sum(xm, yc),
    ...times("input", i, xm, yq),
    ...squash(x4, yt),
    ...times("output", o, x4, yh),
    ...vessel("cell", c0, 3, [left, 12, w, 124], "left"),
    ...vessel("hidden", h0, 1, [left, 222, w, 84], "left"),
    ...vessel("cell", c, 3, [right, 12, w, 124], "right"),
    ...vessel("hidden", h, 1, [right, 222, w, 84], "right"),
    text("name", (x1 + xm) / 2, yc - 40, "middle", "f × c"),
    text("number lw-lab-cell", (x1 + xm) / 2, yc - 22, "middle", say(p)),
    text("name", xm + 20, (yc + yq) / 2 - 2, "start", "i × g"),
    text("number lw-lab-candidate", xm + 20, (yc + yq) / 2 + 16, "start", say(q)),
    text("name", x4 - 20, (yt + yh) / 2 - 2, "end", "tanh(c)"),
    text("number lw-lab-cell", x4 - 20, (yt + yh) / 2 + 16, "end", say(t)),
    text("name", right + w / 2, 155, "middle", roomy ? "long-term now" : "c now"),
    text("number lw-lab-cell", right + w / 2, 174, "middle", roomy ? `c = ${say(c)}` : say(c)),
    text("name", right + w / 2, 325, "middle", roomy ? "short-term now" : "h now"),
    text("number lw-lab-hidden", right + w / 2, 344, "middle", roomy ? `h = ${say(h)}` : say(h)),
  );
  return shapes;
}

/** Where the tall diagram has its parts. */
export function tall(width, mode) {
  const computed = mode === "input";
  const [down, right] = computed ? [62, width - 15] : [0, width];
  const block = (x, y) => [x, y + down, right - x];
  return {
    width, tall: true, height: 690 + down, down, right,
    places: {
      x: [0, 0, right], c_before: block(134, 2), h_before: block(134, 76), forget: block(92, 166),
      input: block(114, 244), candidate: block(114, 328), output: block(92, 530),
    },
  };
}

/** The tall diagram, for a phone: the long-term memory runs downwards. */
export function drawTall(now, width) {
  const { down, right, places } = tall(width, now.mode);
  const { mode, c0, h0, i, f, g, o, p, q, c, t, h } = now;
  const [x, xq] = [44, 98];
  const y = (value) => value + down;
  const [yf, yq, yt, yo] = [y(192), y(312), y(510), y(558)];
  const shapes = [];
  if (mode === "input") {
    const bus = right + 12;
    const rows = ["forget", "input", "candidate", "output"].map((name) => places[name][1] + 36);
    shapes.push(["path", "lw-lab-bus", { d: path([[right, 36], [bus, 36], [bus, rows[3]]]) + path([[103, y(146)], [103, y(154)], [bus, y(154)]]) }, ""]);
    for (const yr of rows) shapes.push(["path", "lw-lab-bus", { d: path([[bus, yr], [right + 6, yr]]) }, ""], arrow("soft", right + 1, yr, 90));
  }
  shapes.push(
    ...pipesFirst([
      ...flow("cell", c0, [[x, y(146)], [x, yf]]),
      ...flow("cell", p, [[x, yf], [x, yq]]),
      ...flow("cell", c, [[x, yq], [x, y(384)]]),
      ...flow("cell", c, [[x, y(480)], [x, yt]]),
      ...flow("cell", t, [[x, yt], [x, yo]]),
      ...flow("hidden", h, [[x, yo], [x, y(604)]]),
      ...flow("candidate", g, [[112, y(356)], [xq, y(356)], [xq, yq]]),
      ...flow("candidate", q, [[xq, yq], [x, yq]]),
    ]),
    wire("forget", [[90, yf], [x + 30, yf]]),
    wire("input", [[112, y(272)], [xq, y(272)], [xq, yq - 30]]),
    wire("output", [[90, yo], [x + 30, yo]]),
    arrow("forget", x + 21, yf, 90),
    arrow("input", xq, yq - 21, 0),
    arrow("output", x + 21, yo, 90),
    chevron(xq, yq + 30, 180),
    chevron((x + xq) / 2, yq, 90),
    chevron(x, (y(170) + yf) / 2, 0),
    chevron(x, (yf + yq) / 2, 0),
    chevron(x, yq + 44, 0),
    chevron(x, (yt + yo) / 2 + 2, 0),
    ...times("forget", f, x, yf),
    ...sum(x, yq),
    ...times("input", i, xq, yq),
    ...squash(x, yt),
    ...times("output", o, x, yo),
    ...vessel("cell", c0, 3, [22, y(8), 44, 138], "left"),
    ...vessel("hidden", h0, 1, [86, y(8), 34, 138], ""),
    ...vessel("cell", c, 3, [22, y(384), 44, 96], "left"),
    ...vessel("hidden", h, 1, [22, y(604), 44, 80], "left"),
    text("name", x + 22, y(231), "start", "f × c"),
    text("number lw-lab-cell", x + 60, y(231), "start", say(p)),
    text("name", xq + 24, yq + 5, "start", "i × g"),
    text("number lw-lab-candidate", xq + 64, yq + 5, "start", say(q)),
    text("name", 86, y(428), "start", "long-term now"),
    text("number lw-lab-cell", 86, y(447), "start", `c = ${say(c)}`),
    text("name", x + 34, yt + 5, "start", "tanh(c)"),
    text("number lw-lab-cell", x + 88, yt + 5, "start", say(t)),
    text("name", 86, y(640), "start", "short-term now"),
    text("number lw-lab-hidden", 86, y(659), "start", `h = ${say(h)}`),
  );
  return shapes;
}

/** Both memories over the steps: the long-term one in a whole line, the short-term one in a broken line, the next step as rings. */
export function history({ trace, c_before, h_before }, { c, h }, width, height) {
  const points = [...trace.slice(0, -1), [c_before, h_before]];
  const all = [...points, [c, h]];
  const limit = Math.max(1, ...all.map(([each]) => Math.ceil(Math.abs(each) - 1e-9)));
  const span = Math.max(6, all.length - 1);
  const [left, right, top, bottom] = [30, width - 86, 10, height - 30];
  const x = (step) => left + (step / span) * (right - left);
  const y = (value) => top + ((limit - value) / (2 * limit)) * (bottom - top);
  const shapes = [];
  for (const tick of [limit, 0, -limit]) {
    shapes.push(["path", tick ? "lw-lab-grid" : "lw-lab-zero", { d: path([[left, y(tick)], [right, y(tick)]]) }, ""]);
    shapes.push(text("tick", left - 6, y(tick) + 4, "end", `${tick}`.replace("-", "−")));
  }
  const every = Math.ceil(span / 8);
  for (let step = 0; step <= span; step += every) shapes.push(text("tick", x(step), bottom + 16, "middle", `${step}`));
  shapes.push(text("tick", right + 12, bottom + 16, "start", "steps"));
  const labels = [["cell", 0, "long-term c"], ["hidden", 1, "short-term h"]];
  const ys = [y(c) + 4, y(h) + 4];
  const gap = 15 - Math.abs(ys[0] - ys[1]);
  if (gap > 0) {
    const up = ys[0] <= ys[1] ? 0 : 1;
    ys[up] -= gap / 2;
    ys[1 - up] += gap / 2;
  }
  for (const [colour, n, words] of labels) {
    const done = points.map((point, step) => [x(step), y(point[n])]);
    const next = [x(points.length), y(all.at(-1)[n])];
    shapes.push(["path", `lw-lab-line lw-lab-${colour}`, { d: path(done), "stroke-dasharray": n ? "6 4" : "none" }, ""]);
    shapes.push(["path", `lw-lab-coming lw-lab-${colour}`, { d: path([done.at(-1), next]) }, ""]);
    for (const [px, py] of all.length > 24 ? done.slice(-1) : done) shapes.push(["circle", `lw-lab-dot lw-lab-${colour}`, { cx: at(px), cy: at(py), r: "3.5" }, ""]);
    shapes.push(["circle", `lw-lab-open lw-lab-${colour}`, { cx: at(next[0]), cy: at(next[1]), r: "4" }, ""]);
    shapes.push(text(`label lw-lab-${colour}`, next[0] + 9, ys[n], "start", words));
  }
  return shapes;
}

// The page.

function make(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/** Bring `parent` to hold these shapes, keeping the nodes that are there, so that water can rise. */
function draw(parent, shapes) {
  shapes.forEach(([tag, kind, attributes, inner], n) => {
    let node = parent.childNodes[n];
    if (!node || node.nodeName !== tag) {
      const fresh = document.createElementNS(parent.namespaceURI, tag);
      if (node) node.replaceWith(fresh);
      else parent.append(fresh);
      node = fresh;
    }
    const wanted = { class: kind, ...attributes };
    for (const { name } of [...node.attributes]) if (!(name in wanted)) node.removeAttribute(name);
    for (const [name, value] of Object.entries(wanted)) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    if (node.textContent !== inner) node.textContent = inner;
  });
  while (parent.childNodes.length > shapes.length) parent.lastChild.remove();
}

const SLIDERS = {
  c_before: { label: "long-term before", colour: "cell", min: -3, max: 3, step: 0.05 },
  forget: { label: "forget gate", colour: "forget", min: 0, max: 1, step: 0.01 },
  input: { label: "input gate", colour: "input", min: 0, max: 1, step: 0.01 },
  candidate: { label: "candidate", colour: "candidate", min: -1, max: 1, step: 0.01 },
  output: { label: "output gate", colour: "output", min: 0, max: 1, step: 0.01 },
  h_before: { label: "short-term before", colour: "hidden", min: -1, max: 1, step: 0.01 },
  x: { label: "input", colour: "plain", min: -2, max: 2, step: 0.05 },
};
const GATES = ["forget", "input", "output"];
const HINTS = {
  hand: "You set the gates. The short-term memory before acts only through gates, so here it changes nothing.",
  input: "Four small sums set the gates, from the input x and the short-term memory before.",
};

function render({ model, el }) {
  const state = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  let busy = false;
  const commit = (changes) => {
    busy = true;
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    busy = false;
    model.save_changes();
    show();
  };
  const box = make("section", "lw-box lw-lab");
  box.setAttribute("aria-label", "The gate lab: one LSTM unit");

  // A press that changes much at once lets the water rise to its new level; a drag is followed at once.
  let calm;
  const leap = (changes) => {
    box.classList.add("lw-lab-leap");
    clearTimeout(calm);
    calm = setTimeout(() => box.classList.remove("lw-lab-leap"), 700);
    commit(changes);
  };

  const hint = make("p", "lw-lab-hint");
  const modes = make("fieldset", "lw-lab-modes");
  modes.append(make("legend", "lw-lab-hidden-words", "where the gates come from"));
  const group = `lw-lab-${Math.random().toString(36).slice(2)}`; // radio buttons of one name are one group in the whole page
  const radios = Object.entries({ hand: "gates by hand", input: "gates from input" }).map(([value, words]) => {
    const option = make("label", "");
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: group, value });
    option.append(radio, words);
    radio.addEventListener("change", () => commit({ mode: value }));
    modes.append(option);
    return radio;
  });

  const button = (words, press, kind = "") => {
    const node = Object.assign(make("button", `lw-lab-button ${kind}`.trim(), words), { type: "button" });
    node.addEventListener("click", press);
    return node;
  };
  const presets = make("div", "lw-lab-presets");
  presets.setAttribute("role", "group");
  presets.setAttribute("aria-label", "presets of the gates");
  const chosen = Object.entries(PRESETS).map(([words, gates]) => [button(words, () => leap(gates)), gates]);
  presets.append(...chosen.map(([node]) => node));

  const stage = make("div", "lw-lab-stage");
  stage.innerHTML = '<svg role="img"></svg>';
  const svg = stage.firstChild;
  const blocks = Object.entries(SLIDERS).map(([name, { label, colour, min, max, step }]) => {
    const block = make("label", `lw-lab-block lw-lab-${colour}`);
    const number = make("span", "lw-lab-value");
    const slider = Object.assign(document.createElement("input"), { type: "range", min, max, step });
    const bar = make("span", "lw-lab-bar");
    const filled = make("span", "lw-lab-filled");
    const note = make("span", "lw-lab-sum");
    bar.append(filled);
    slider.setAttribute("aria-label", `${label} ${LETTERS[name]}`);
    const title = make("span", "lw-lab-name");
    block.append(title, number, slider, bar, note);
    slider.addEventListener("input", () => commit({ [name]: Number(slider.value) }));
    stage.append(block);
    return { name, label, title, block, number, slider, filled, note, limit: max };
  });

  const sumsBox = make("div", "lw-lab-from");
  const table = make("table", "lw-lab-weights");
  table.innerHTML = "<thead><tr><td></td><th scope=col>w</th><th scope=col>u</th><th scope=col>b</th></tr></thead>";
  table.setAttribute("aria-label", "weights of the gates");
  const body = document.createElement("tbody");
  const cells = NAMES.map((name, n) => {
    const row = document.createElement("tr");
    const head = Object.assign(make("th", `lw-lab-${name}`, SLIDERS[name].label), { scope: "row" });
    row.append(head);
    body.append(row);
    return ["w", "u", "b"].map((letter, m) => {
      const field = Object.assign(document.createElement("input"), { type: "number", min: -10, max: 10, step: 0.1 });
      field.setAttribute("aria-label", `${letter} of the ${SLIDERS[name].label}`);
      field.addEventListener("change", () => {
        const value = Number(field.value);
        const good = field.value !== "" && Math.abs(value) <= 10;
        if (good) commit({ weights: model.get("weights").map((row, k) => (k === n ? row.map((old, j) => (j === m ? value : old)) : row)) });
        else field.value = model.get("weights")[n][m];
      });
      const place = document.createElement("td");
      place.append(field);
      row.append(place);
      return field;
    });
  });
  table.append(body);
  const gateSums = make("div", "lw-lab-lines");
  const usual = button("the usual weights", () => leap({ weights: USUAL }));
  sumsBox.append(make("p", "", "Each sum is z = w × x + u × h + b, with h the short-term memory before:"), gateSums, table, usual);

  const arithmetic = make("div", "lw-lab-lines lw-lab-arithmetic");
  const result = make("p", "lw-result");
  result.setAttribute("role", "status");

  const time = make("div", "lw-lab-time");
  const buttons = make("div", "lw-lab-presets");
  const back = button("undo", () => leap(undone(state())));
  const start = button("reset", () => leap(restarted(state())));
  buttons.append(button("one step on", () => leap(stepped(state())), "lw-lab-main"), back, start);
  const plot = make("div", "lw-lab-plot");
  plot.innerHTML = '<svg role="img"></svg>';
  time.append(buttons, plot);

  // The address of a page can carry the state. Behind a live kernel the state belongs to Python, and the address to Jupyter.
  const live = typeof model.send === "function";
  const same = [...document.querySelectorAll('[data-widget="gate_lab"]')];
  const name = same.indexOf(el) > 0 ? `gate_lab_${same.indexOf(el) + 1}` : "gate_lab";
  const share = make("div", "lw-lab-presets lw-lab-share");
  const output = make("output", "lw-lab-link");
  output.setAttribute("role", "log"); // the verdict is the one status
  const copy = async () => {
    const hash = link(state(), name);
    let address = hash;
    try {
      address = `${location.href.split("#")[0]}${hash}`;
      window.history.replaceState(window.history.state, "", hash);
    } catch {
      // A page that may not change its address still shows the link.
    }
    let told = "The link: ";
    try {
      await navigator.clipboard.writeText(address);
      told = "Copied: ";
    } catch {
      // A page that may not write to the clipboard still shows the link.
    }
    const words = make("span", "lw-lab-address", address);
    output.replaceChildren(told, words);
  };
  share.append(button("copy link", copy), output);
  const arrive = () => {
    try {
      const found = unlink(decodeURIComponent(location.hash), name);
      if (!found) return;
      leap({ ...found, trace: [] });
      el.scrollIntoView({ block: "start" });
    } catch {
      // An address that cannot be read is not ours.
    }
  };

  box.append(modes, hint, presets, stage, arithmetic, result, sumsBox, time);
  if (!live) box.append(share);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  const write = (holder, all) => {
    const rows = all.map((parts) => {
      const row = make("p", "");
      row.append(...parts.flatMap((part, n) => (n ? [" ", make("span", "", part)] : [make("b", "", part)])));
      return row;
    });
    holder.replaceChildren(...rows);
  };

  function show() {
    if (busy) return;
    const all = state();
    const now = cell(all);
    const computed = all.mode === "input";
    const width = Math.max(220, Math.min(900, Math.floor(stage.parentNode.clientWidth ? stage.clientWidth : 601)));
    const layout = width < 540 ? tall(width, all.mode) : wide(width, all.mode);
    box.classList.toggle("lw-lab-tall", layout.tall);
    svg.setAttribute("viewBox", `0 0 ${width} ${layout.height}`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", layout.height);
    svg.setAttribute("aria-label", description(now));
    draw(svg, layout.tall ? drawTall(now, width) : drawWide(now, width));

    radios.forEach((radio) => (radio.checked = radio.value === all.mode));
    hint.textContent = HINTS[all.mode];
    presets.hidden = computed;
    sumsBox.hidden = !computed;
    for (const [node, gates] of chosen) {
      node.setAttribute("aria-pressed", Object.entries(gates).every(([gate, value]) => all[gate] === value));
    }
    const values = { ...all, input: now.i, forget: now.f, candidate: now.g, output: now.o };
    for (const { name, label, title, block, number, slider, filled, note, limit } of blocks) {
      const [x, y, w] = layout.places[name];
      block.style.cssText = `left:${x}px;top:${y}px;width:${w}px`;
      const value = values[name];
      const words = GATES.includes(name) ? sayGate(value) : say(value);
      const [narrow, letter, memory] = [layout.tall && w < 160, LETTERS[name], name.endsWith("before")];
      title.textContent = !narrow ? label : memory ? `${letter} before` : `${label.replace(" gate", "")} ${letter}`;
      number.textContent = narrow && !memory ? words : `${letter} = ${words}`;
      block.hidden = name === "x" && !computed;
      const row = NAMES.indexOf(name);
      const fromInput = computed && row >= 0;
      slider.hidden = fromInput;
      filled.parentNode.hidden = note.hidden = !fromInput;
      if (fromInput) {
        const [from, to] = name === "candidate" ? [Math.min(0, value) + 1, Math.max(0, value) + 1].map((v) => v / 2) : [0, value];
        filled.style.cssText = `left:${100 * from}%;width:${100 * (to - from)}%`;
        note.textContent = `z = ${say(now.z[row])}`;
      } else {
        const far = name === "c_before" ? Math.max(limit, Math.ceil(Math.abs(value))) : limit;
        if (Number(slider.max) !== far) Object.assign(slider, { min: -far, max: far });
        slider.value = value;
        const [from, to] = [0, value].map((each) => Math.max(0, Math.min(1, (each - slider.min) / (slider.max - slider.min))));
        slider.style.setProperty("--from", from ? Math.min(from, to) : -1); // from the very end of the groove where that is zero
        slider.style.setProperty("--to", Math.max(from, to));
        slider.setAttribute("aria-valuetext", words);
      }
    }
    write(arithmetic, lines(now));
    result.textContent = verdict(now);
    if (computed) {
      write(gateSums, sums(now, all.weights));
      cells.forEach((row, n) => row.forEach((field, m) => document.activeElement !== field && (field.value = all.weights[n][m])));
    }
    back.setAttribute("aria-disabled", all.trace.length < 2);
    start.setAttribute("aria-disabled", all.trace.length < 1);
    const wideness = Math.max(220, Math.min(900, plot.clientWidth || 560));
    plot.firstChild.setAttribute("viewBox", `0 0 ${wideness} 150`);
    plot.firstChild.setAttribute("aria-label", told(all, now));
    draw(plot.firstChild, history(all, now, wideness, 150));
  }
  let seen = 0;
  const resized = new ResizeObserver(() => {
    if (stage.clientWidth !== seen) show();
    seen = stage.clientWidth;
  });
  TRAITS.forEach((trait) => model.on(`change:${trait}`, show));
  show();
  seen = stage.clientWidth;
  resized.observe(stage);
  if (!live) {
    arrive();
    window.addEventListener("hashchange", arrive);
  }

  return () => {
    resized.disconnect();
    clearTimeout(calm);
    window.removeEventListener("hashchange", arrive);
    TRAITS.forEach((trait) => model.off(`change:${trait}`, show));
  };
}

/** What the plot of the steps shows, in words. */
function told({ trace, c_before, h_before }, { c, h }) {
  const steps = Math.max(0, trace.length - 1);
  return (
    `The memories after ${steps} ${steps === 1 ? "step" : "steps"}: long-term ${say(c_before)}, short-term ${say(h_before)}; ` +
    `after one more they will be ${say(c)} and ${say(h)}.`
  );
}

export default { render };
