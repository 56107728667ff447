// Changes on their way to the disk: in order, again until they are there, and kept in the browser meanwhile.
export const page = sessionStorage.wormtwinPage ??= crypto.randomUUID();
const wait = 1500;
let shelf = "", waiting = [], sending = false, held = false, heard = () => {}, timer = 0;
const $ = id => document.getElementById(id);

export function fault(text) { $("fault").hidden = !text; $("fault").textContent = text; }

export async function ask(address, sent) {
  const options = sent && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent) };
  const answer = await fetch(address, options);
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.error ?? answer.statusText), { status: answer.status });
  return said;
}

export function begin(folder, listener) {
  shelf = `wormtwin ${folder}`; heard = listener;
  waiting = JSON.parse(localStorage.getItem(shelf) ?? "[]");
  show();
}

export function keep(change) { waiting.push(change); shelve(); show(); send(); }

function shelve() {
  try { if (waiting.length) localStorage.setItem(shelf, JSON.stringify(waiting)); else localStorage.removeItem(shelf); }
  catch { /* the browser has no room: the changes are on this page alone until they are saved */ }
}

function show(text) {
  $("saved").dataset.waiting = waiting.length;
  if (text || waiting.length) $("saved").textContent = text ?? `Saving ${waiting.length}`;
}

export async function send() {
  clearTimeout(timer);
  if (sending || !held || !waiting.length) return;
  sending = true;
  while (waiting.length && held) {
    try {
      await ask("change", { page, changes: [waiting[0]] });
      waiting.shift(); shelve(); fault("");
      $("saved").dataset.saved = Number($("saved").dataset.saved) + 1;
      show(waiting.length ? undefined : "Every change is saved");
    } catch (error) {
      if (error.status === 409 && !error.message.startsWith("another page")) { // refused: it will never be taken
        waiting.shift(); shelve(); fault(`Not taken: ${error.message}`); show("The last change was not taken"); heard("refused"); continue;
      }
      fault(`Not saved: ${error.status ? error.message : "wormtwin does not answer"}. It is tried again, and what you changed stays in this browser.`);
      show(`${waiting.length} not saved`);
      timer = setTimeout(send, wait);
      break;
    }
  }
  sending = false;
}

export async function hold(take = false) {
  try {
    const said = await ask("hold", { page, take });
    held = said.held;
    $("other").hidden = held; $("since").textContent = said.since;
    if (held) send();
    heard("progress", said);
  } catch (error) {
    if (!error.status) { fault("wormtwin does not answer: start it again, then open the address that it prints. Nothing that was saved is lost."); }
  }
}
export const mayChange = () => held;
$("take").addEventListener("click", () => hold(true));
addEventListener("pagehide", () => navigator.sendBeacon("hold", new Blob([JSON.stringify({ page, leave: true })], { type: "application/json" })));
