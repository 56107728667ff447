// Sends content() to a path, one request at a time; what changes meanwhile goes with the next request.
// The page shows the state in #saved and a failure by its own fault(text).
function saver(path, version, content) {
  let sending = false, unsent = false;
  async function save() {
    unsent = true;
    if (sending) return;
    sending = true;
    while (unsent) {
      unsent = false;
      $("saved").textContent = "Saving";
      try {
        const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ version, ...content() }) });
        const received = await answer.json();
        if (!answer.ok) throw new Error(received.error);
        version = received.version; fault(""); $("saved").textContent = "Saved";
      } catch (error) {
        fault(`Not saved: ${error.message}`); $("saved").textContent = "Not saved";
        if (error instanceof TypeError) { unsent = true; setTimeout(save, 3000); }  // the server did not answer
        break;
      }
    }
    sending = false;
  }
  window.addEventListener("beforeunload", event => { if (unsent || sending) event.preventDefault(); });
  return save;
}
