// Asks the command that serves a page; where it has stopped, the page's own STOPPED says what to do.
async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(STOPPED);
  }
  const received = await answer.json();
  if (!answer.ok) throw new Error(received.error ?? `error ${answer.status}`);
  return received;
}
