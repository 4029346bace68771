// Requests to the kernel use Jupyter's own protocol (jupyter-client.readthedocs.io, "Messaging in
// Jupyter"), with the address and the token of this page.
(function (made) { // by which kernel the page's output was made
  "use strict";
  const config = (() => {
    try { return JSON.parse(document.getElementById("jupyter-config-data").textContent); } catch { return null; }
  })();
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const xsrf = () => (document.cookie.match(/(?:^|; )_xsrf=([^;]*)/) || [])[1] || "";

  async function api(path, options) {
    const headers = { "X-XSRFToken": xsrf() };
    if (config.token) headers.Authorization = "token " + config.token;
    const r = await fetch(config.baseUrl + "api/" + path, { headers, credentials: "same-origin", ...options });
    if (!r.ok) throw new Error(r.status + " " + r.statusText);
    return r.status === 204 ? null : r.json();
  }

  // find returns the kernel of this notebook: the kernel that made this output, or, after a restart
  // of the server, the kernel of the page's notebook.
  async function find() {
    const sessions = (await api("sessions")).filter((s) => s.kernel && s.kernel.name.startsWith("essnas"));
    const there = sessions.find((s) => s.kernel.id === made) || sessions.find((s) => decodeURIComponent(location.pathname).endsWith(s.path)) || (sessions.length === 1 && sessions[0]);
    if (!there) throw new Error("this notebook has no running kernel: run the cell again");
    made = there.kernel.id;
  }

  function connect(session) {
    const url = new URL(config.baseUrl + "api/kernels/" + made + "/channels", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("session_id", session);
    if (config.token) url.searchParams.set("token", config.token);
    return new WebSocket(url);
  }

  class Failed extends Error {} // of the code, which has ended

  // execute runs code in the kernel. displayed receives every output, a MIME bundle. end resolves
  // after all outputs, and stop interrupts the code.
  function execute(code, displayed) {
    let stopped = false, begun = false, over = false;

    // An interrupt reaches the cell that runs now, even another one, and has no effect during
    // compilation. It therefore waits for the turn of this code, and is repeated.
    async function interrupt() {
      while (stopped && begun && !over) {
        await api("kernels/" + made + "/interrupt", { method: "POST" }).catch(() => {});
        await new Promise((later) => setTimeout(later, 1000));
      }
    }

    // A restart sends no message that this code has ended. The new kernel answers requests at once,
    // whereas the old one answers after this code only. During silence this page therefore sends a
    // request.
    const restarted = new Error("The kernel was restarted: the same button goes on.");
    let heard = 0;

    async function ask(send) {
      while (!over) {
        await new Promise((later) => setTimeout(later, 3000));
        if (begun && !over && Date.now() - heard > 3000) send("kernel_info_request", random(), {});
      }
    }

    async function run() {
      await find();
      const session = random(), message = random(), socket = connect(session);
      try {
        await new Promise((end, fail) => {
          let words = "", reply = null;
          const send = (type, id, content) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({
            channel: "shell", parent_header: {}, metadata: {}, buffers: [],
            header: { msg_id: id, msg_type: type, session, username: "", version: "5.3", date: new Date().toISOString() }, content,
          }));
          socket.onerror = () => fail(new Error("the connection to the kernel has failed"));
          socket.onclose = () => fail(new Error("the connection to the kernel has ended"));
          socket.onopen = () => {
            send("execute_request", message, { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false, stop_on_error: false });
            ask(send);
          };
          socket.onmessage = (event) => {
            const m = JSON.parse(event.data), c = m.content, type = m.header.msg_type;
            heard = Date.now();
            if (!m.parent_header || m.parent_header.msg_id !== message) {
              // A kernel executes requests one after the other, and replies in their order.
              if (begun && !over && type === "status" && c.execution_state !== "idle" || begun && !reply && type === "kernel_info_reply") fail(restarted);
              return;
            }
            if (type === "display_data" || type === "update_display_data" || type === "execute_result") displayed(c.data);
            else if (type === "stream") words += c.text;
            else if (type === "execute_reply") reply = c;
            else if (type === "status" && c.execution_state === "busy") { begun = true; interrupt(); }
            else if (type === "status" && c.execution_state === "idle") over = true;
            // The reply uses another channel than the outputs, and may arrive before them.
            if (reply && over) reply.status === "ok" ? end() : fail(new Failed(words.replace(/exit status \d+\s*$/, "").trim() || reply.evalue));
          };
        });
      } finally {
        over = true;
        socket.onclose = socket.onmessage = null;
        socket.close();
      }
    }

    return { end: run(), stop() { stopped = true; interrupt(); } };
  }

  // beside reads a file in the notebook's directory, or returns null without such a file. It needs
  // no running kernel.
  async function beside(name) {
    const session = (await api("sessions")).find((s) => s.kernel && s.kernel.id === made);
    const page = session ? session.path : decodeURIComponent(location.pathname).split(/\/(?:lab\/tree|doc\/tree|notebooks)\//).pop();
    const path = [...page.split("/").slice(0, -1), name].map(encodeURIComponent).join("/");
    const r = await fetch(config.baseUrl + "api/contents/" + path + "?type=file&format=text", { headers: config.token ? { Authorization: "token " + config.token } : {}, credentials: "same-origin" });
    return r.ok ? (await r.json()).content : null;
  }

  return { page: Boolean(config), there: Boolean(config && made), execute, beside, Failed };
})