// The phone's line: JsSIP's socket interface on a WebSocket of this very address. Each time that it
// connects it asks for a password first, which is good for this page alone and lives in memory only.
(() => {
  "use strict";

  const TAKEN_OVER = 4001; // webui/phone_lines.py
  const NO_LONGER_ALLOWED = 4003;
  const ONCE_MORE_MS = 1200;

  const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

  class PhoneLine {
    // `onpassword` is told each new password, `onproblem` why there is no line: a state of the phone.
    constructor({ onpassword, onproblem }) {
      this.page = crypto.randomUUID();
      this.via_transport = "WS";
      this.sip_uri = "sip:kakeru.invalid;transport=ws";
      this.url = this.address();
      this.onpassword = onpassword;
      this.onproblem = onproblem;
      this.take = false; // this page becomes the phone even though another one is
      this.attempt = 0;
    }

    address() {
      const url = new URL("/desk/phone/line", location.href);
      url.protocol = url.protocol.replace("http", "ws");
      url.searchParams.set("page", this.page);
      return url.href;
    }

    // JsSIP takes no async function for a function.
    connect() {
      this.open(++this.attempt);
    }

    async open(attempt) {
      const problem = await this.askForPassword(attempt);
      if (attempt !== this.attempt) return;
      if (problem) {
        if (this.onproblem(problem)) this.ondisconnect(true, 0, problem);
        return;
      }
      const socket = (this.socket = new WebSocket(this.url, "sip"));
      socket.onopen = () => socket === this.socket && this.onconnect();
      socket.onmessage = (event) => socket === this.socket && this.ondata(event.data);
      socket.onclose = (event) => socket === this.socket && this.closed(event);
    }

    closed({ code, reason }) {
      this.socket = null;
      if (code === TAKEN_OVER && !this.onproblem("elsewhere")) return;
      if (code === NO_LONGER_ALLOWED && !this.onproblem("ended")) return;
      this.ondisconnect(true, code, reason);
    }

    disconnect() {
      this.attempt += 1;
      const socket = this.socket;
      this.socket = null;
      socket?.close();
    }

    send(message) {
      if (this.socket?.readyState !== WebSocket.OPEN) return false;
      this.socket.send(message);
      return true;
    }

    // The name of what is wrong, or nothing. A page that was just reloaded may still be let go.
    async askForPassword(attempt) {
      let answer = await this.ask();
      if (answer.problem === "elsewhere") {
        await wait(ONCE_MORE_MS);
        if (attempt !== this.attempt) return "";
        answer = await this.ask();
      }
      this.take = false;
      if (answer.password) this.onpassword(answer.password);
      return answer.password ? "" : answer.problem;
    }

    async ask() {
      const headers = JSON.parse(document.body.getAttribute("hx-headers"));
      const body = new URLSearchParams({ page: this.page, ...(this.take && { take: "yes" }) });
      try {
        const answer = await fetch("/desk/phone", { method: "POST", headers, body });
        if (answer.headers.get("Content-Type")?.startsWith("application/json")) return await answer.json();
        return { problem: answer.status >= 500 ? "unavailable" : "ended" };
      } catch {
        return { problem: "unavailable" };
      }
    }
  }

  window.PhoneLine = PhoneLine;
})();
