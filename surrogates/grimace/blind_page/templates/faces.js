// Faces in random order; every answer is sent at once, and the next face comes when all answers are on the disk.
const STOPPED = "The command that serves this page was stopped: start it again. This answer is not saved.";
{% include "ask.js" %}
const $ = (id) => document.getElementById(id);
let state, at = 0, chosen = 0, answers = {}, sending = Promise.resolve();

function say(fault) {
  $("fault").hidden = !fault;
  $("fault").textContent = fault;
}

function guarded(action) {
  return (...given) => action(...given).catch((error) => {
    $("saved").textContent = "Not saved";
    say(error.message);
  });
}

function element(kind, text = "", name = "") {
  const made = document.createElement(kind);
  made.textContent = text;
  made.className = name;
  return made;
}

function build() {
  $("rater").textContent = state.rater;
  state.outputs.forEach((output, index) => {
    const row = element("fieldset", "", "row");
    const legend = element("legend");
    legend.append(element("span", output.label, "name"));
    const choices = element("div", "", "choices");
    const scores = [...Array(output.highest + 1).keys(), null];
    for (const score of scores) {
      const button = element("button", score === null ? "?" : String(score));
      button.type = "button";
      button.title = score === null ? "cannot be judged" : "";
      button.setAttribute("aria-label", `${output.label}: ${score === null ? "cannot be judged" : score}`);
      button.addEventListener("click", () => { chosen = index; give(score); });
      button.dataset.score = String(score);
      choices.append(button);
    }
    row.append(legend, choices);
    $("outputs").append(row);
    const line = element("div");
    line.append(element("dt", output.label), element("dd", output.help));
    $("help").append(line);
  });
}

const finished = () => state.outputs.every(({ name }) => name in answers);

function show() {
  const over = at >= state.faces;
  $("stage").hidden = over;
  $("end").hidden = !over;
  $("where").textContent = over ? "Done" : `Face ${at + 1} of ${state.faces}`;
  [...$("outputs").children].forEach((row, index) => {
    const { name } = state.outputs[index];
    row.classList.toggle("now", index === chosen);
    for (const button of row.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(name in answers && String(answers[name]) === button.dataset.score));
    }
  });
  $("next").disabled = !finished();
  $("back").disabled = at === 0 || at <= state.due - 5;
}

async function load(number) {
  at = number;
  answers = {};
  chosen = 0;
  say("");
  if (at < state.faces) {
    const picture = new Image();
    picture.src = `face/${at}`;
    ({ answers } = await ask(`answers/${at}`));
    try {
      await picture.decode();
    } catch {
      const failed = await fetch(`face/${at}`);
      if (!failed.ok) say((await failed.json()).error);
    }
    $("face").src = picture.src;
    const open = state.outputs.findIndex(({ name }) => !(name in answers));
    chosen = Math.max(0, open);
  }
  show();
  if (at >= state.faces) $("done").focus();
  document.body.dataset.at = at;
}

function give(score) {
  const { name, highest } = state.outputs[chosen], number = at;
  if (score !== null && score > highest) return;
  answers[name] = score;
  if (chosen < state.outputs.length - 1) chosen += 1;
  show();
  $("saved").textContent = "Saving …";
  sending = sending.then(guarded(async () => {
    const received = await ask("answer", { number, output: name, score });
    state.due = received.due;
    $("saved").textContent = "Saved";
    document.body.dataset.saved = Number(document.body.dataset.saved ?? 0) + 1;
    say("");
    if (number === at) show();
  }));
}

const goOn = guarded(async () => {
  await sending;
  if (at >= state.faces || !finished()) return;
  const received = await ask("state");
  state.due = received.due;
  if (at >= state.due) { await load(at); return; } // an answer did not arrive: ask for what did
  await load(at + 1);
});

const goBack = guarded(async () => {
  await sending;
  if (at > 0 && at > state.due - 5) await load(at - 1);
});

$("next").addEventListener("click", goOn);
$("back").addEventListener("click", goBack);
$("again").addEventListener("click", goBack);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const move = (step) => { chosen = Math.min(state.outputs.length - 1, Math.max(0, chosen + step)); show(); };
  const scoring = state && at < state.faces;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = {
    0: () => scoring && give(0), 1: () => scoring && give(1), 2: () => scoring && give(2), x: () => scoring && give(null),
    ArrowUp: () => move(-1), ArrowDown: () => move(1), Enter: goOn, Backspace: goBack,
  }[key];
  if (!action || !state || (key === "Enter" && event.target.tagName === "SUMMARY")) return;
  event.preventDefault();
  action();
});

guarded(async () => {
  state = await ask("state");
  build();
  await load(state.due);
  document.body.dataset.ready = "";
})();
