// Requests to the server that the page came from.

let token = "";

export function setToken(value) {
  token = value.trim();
}

/** What is wrong, in the words of the server; `status` is 0 where it cannot be reached. */
export class Problem extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Problem("The server cannot be reached; is it still running?", 0);
  }
  if (response.ok) return response;
  const body = await response.text();
  let message = body;
  try {
    message = JSON.parse(body).detail;
  } catch { /* not JSON: the text itself */ }
  throw new Problem(message || response.statusText, response.status);
}

function post(path, value) {
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
}

export async function models() {
  return (await ask("models")).json();
}

const WANTED = { probabilities: true, alternatives: 5 };

export async function tagText(model, text) {
  return (await (await post("tag", { model, text, ...WANTED })).json()).documents;
}

export async function tagFiles(model, files) {
  const form = new FormData();
  form.append("model", model);
  for (const [name, value] of Object.entries(WANTED)) form.append(name, value);
  for (const file of files) form.append("files", file);
  return (await ask("files", { method: "POST", body: form })).json();
}

/** A file with the documents in a format: its name and its content. */
export async function exported(model, format, documents) {
  const response = await post("export", { model, format, documents });
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "tagged";
  return { name, content: await response.blob() };
}
