// One gate and a sentence: what a memory of its name still holds at every word.

/** What is left of the memory `count` words after the name. */
export const left = (forget, count) => forget ** count;

/** A gate as the page shows it: 0.90. */
export const shown = (forget) => forget.toFixed(2);

/** A part of 1 after its sign: ≈ 68 %, ≈ 1.8 %, < 0.1 %; nothing and all are exact. */
export function percent(part) {
  if (part === 0 || part === 1) return `= ${100 * part} %`;
  return part >= 0.0005 ? `≈ ${(100 * part).toFixed(part >= 0.0995 ? 0 : 1)} %` : "< 0.1 %";
}

/** Whether the name is remembered at the blank, faint or forgotten. */
export function fate(part) {
  return part >= 0.5 ? "remembered" : part >= 0.05 ? "faint" : "forgotten";
}

/** What stands in the blank. */
export function filled(part, { answer, guess }) {
  return { remembered: answer, faint: `${answer}?`, forgotten: `${guess}?` }[fate(part)];
}

/** Python's verdict, word for word: what becomes of the name, and why. */
export function verdict({ forget, sentence, answer, guess, chance }) {
  const count = sentence.split(" ").length - 1;
  const part = left(forget, count);
  const [limit, end] = {
    remembered: ["at least half", `The answer is ${answer}.`],
    faint: ["under half", `Perhaps ${answer}.`],
    forgotten: ["under 5 %", `The best guess is ${guess}, right for ${chance[0]} of ${chance[1]} states.`],
  }[fate(part)];
  const power = shown(forget) + `${count}`.replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
  const name = fate(part);
  return `${name[0].toUpperCase()}${name.slice(1)}. ${count} words later ${power} ${percent(part)} of the name is left, ${limit}. ${end}`;
}

function make(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function render({ model, el }) {
  const traits = ["forget", "sentence", "answer", "guess", "chance"];
  const now = () => Object.fromEntries(traits.map((name) => [name, model.get(name)]));

  const box = make("section", "lw-box lw-one");
  box.setAttribute("aria-label", "One gate and the sentence");
  const sentence = make("p", "lw-one-sentence");
  const words = now()
    .sentence.split(" ")
    .map((word) => make("span", "lw-one-word", `${word} `));
  const blank = make("b", "lw-one-blank");
  for (const word of words) sentence.append(word, document.createElement("wbr"));
  sentence.append(blank);

  const gate = make("label", "lw-one-gate");
  const input = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1, step: 0.01 });
  const value = make("span", "lw-one-value");
  value.setAttribute("aria-hidden", "true");
  const ends = make("span", "lw-one-ends");
  ends.setAttribute("aria-hidden", "true");
  ends.append(make("span", "", "0 keeps nothing"), make("span", "", "1 keeps all"));
  gate.append(make("span", "lw-one-label", "forget gate f"), value, input, ends);

  const result = make("p", "lw-one-result");
  result.setAttribute("role", "status");
  box.append(sentence, gate, result);
  el.classList.add("lstm-widget");
  el.replaceChildren(box);

  const draw = () => {
    const state = now();
    words.forEach((word, k) => {
      word.style.setProperty("--left", left(state.forget, k).toFixed(4));
      word.style.setProperty("--next", left(state.forget, k + 1).toFixed(4));
    });
    const part = left(state.forget, words.length - 1);
    box.dataset.fate = fate(part);
    blank.textContent = filled(part, state);
    input.value = state.forget;
    input.style.setProperty("--at", state.forget);
    input.setAttribute("aria-valuetext", `${shown(state.forget)}, keeps ${Math.round(100 * state.forget)} % at each word`);
    value.textContent = shown(state.forget);
    const [, first, rest] = verdict(state).match(/^(\w+\.)(.*)$/);
    result.replaceChildren(make("b", "", first), rest);
  };
  input.addEventListener("input", () => {
    model.set("forget", Number(input.value));
    model.save_changes();
  });
  model.on("change:forget", draw);
  draw();

  return () => model.off("change:forget", draw);
}

export default { render };
