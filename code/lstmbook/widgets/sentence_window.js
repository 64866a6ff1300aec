// What a window of n words sees of the sentence.

/** The least window that still sees the name: the name, the gap, and the question of five words. */
export function needed(gap) {
  return 1 + gap + 5;
}

/** How many of the words lie before the window and cannot be seen. */
export function hidden(words, window) {
  return Math.max(0, words - window);
}

/** The accuracy of the best guess from what the window shows, over all states. */
export function accuracy(gap, window, [right, states]) {
  return window >= needed(gap) ? 1 : right / states;
}

const percent = (share) => `${Math.round(100 * share)}%`;
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Python's verdict, word for word. */
export function verdict({ gap, window, answer, guess, chance }) {
  if (window >= needed(gap)) return `The name is inside the window. The answer is known: ${answer}.`;
  return (
    `The name is outside the window. The best guess is ${guess}, ` +
    `right for ${chance[0]} of the ${chance[1]} states (${percent(accuracy(gap, window, chance))}).`
  );
}

function make(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function slider(model, name, { label, min, max, unit }) {
  const row = make("label", "lw-slider");
  const input = Object.assign(document.createElement("input"), { type: "range", min, max, step: 1 });
  const value = make("span", "lw-value");
  row.append(make("span", "lw-label", label), input, value);
  const show = () => {
    input.value = model.get(name);
    value.textContent = plural(model.get(name), unit);
    input.setAttribute("aria-valuetext", value.textContent);
  };
  input.addEventListener("input", () => {
    model.set(name, Number(input.value));
    model.save_changes();
  });
  model.on(`change:${name}`, show);
  show();
  return { row, stop: () => model.off(`change:${name}`, show) };
}

function render({ model, el }) {
  const state = () =>
    Object.fromEntries(["gap", "window", "answer", "guess", "chance", "sentences"].map((name) => [name, model.get(name)]));
  const longest = model.get("sentences").length - 1;

  const box = make("section", "lw-box");
  box.setAttribute("aria-label", "The sentence through a window");
  const sentence = make("p", "lw-sentence");
  const sliders = [
    slider(model, "gap", { label: "gap (filler words)", min: 0, max: longest, unit: "word" }),
    slider(model, "window", { label: "window (last words)", min: 1, max: needed(longest), unit: "word" }),
  ];
  const result = make("p", "lw-result");
  result.setAttribute("role", "status");
  box.append(sentence, ...sliders.map(({ row }) => row), result);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  const draw = () => {
    const now = state();
    const words = now.sentences[now.gap].split(" ");
    const unseen = hidden(words.length, now.window);
    const known = unseen === 0;
    const before = make("span", "lw-unseen", words.slice(0, unseen).join(" "));
    const inside = make("span", "lw-seen", words.slice(unseen).join(" "));
    sentence.replaceChildren(before, unseen ? " " : "", inside, " ", make("span", "lw-blank", known ? now.answer : "?"));
    result.textContent = verdict(now);
    box.dataset.known = known;
  };
  model.on("change:gap", draw);
  model.on("change:window", draw);
  draw();

  return () => {
    model.off("change:gap", draw);
    model.off("change:window", draw);
    sliders.forEach(({ stop }) => stop());
  };
}

export default { render };
