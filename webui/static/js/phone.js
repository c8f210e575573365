// The agent's phone on the desk. Asterisk rings it; held open for the shift it answers by itself.
// It lives as long as this page: other pages open in tabs of their own, and leaving it in the
// middle of a call asks first.
(() => {
  "use strict";

  const panel = document.getElementById("phone");
  if (!panel) return;
  const { PhoneLine, PhoneSound, JsSIP } = window;
  const { account, mode } = panel.dataset;
  const byId = (name) => document.getElementById(`phone-${name}`);
  const agentState = () => document.querySelector("#desk-state .state-card")?.dataset.state;

  const HELD = mode === "held";
  const REGISTER_SECONDS = 120;
  const RECONNECT_SECONDS = { from: 1, to: 10 };
  const LOST_MS = 4000; // no audio for so long: the line is dead, as Asterisk says too
  const RETURN = "kakeru-phone-return"; // was ready when the page was reloaded
  const RETURN_MS = 20_000;

  let ua = null;
  let call = null;

  // --- what is shown --------------------------------------------------------------------------
  const show = (state) => {
    panel.dataset.phone = state;
    const said = state === "open" && sound.muted ? "muted" : state;
    for (const text of panel.querySelectorAll("[data-when]")) {
      text.hidden = !text.dataset.when.split(" ").includes(said);
    }
    byId("answer").hidden = state !== "ringing";
    byId("take").hidden = state !== "elsewhere";
    byId("retry").hidden = !["denied", "no-microphone", "ended"].includes(state);
    const usable = ["online", "ringing", "open", "reconnecting"].includes(state);
    for (const name of ["mute", "devices"]) byId(name).hidden = !usable;
    byId("level").toggleAttribute("hidden", !usable);
  };

  const showConnection = () => {
    if (call?.isEstablished()) show(ua?.isConnected() ? "open" : "reconnecting");
    else if (call) show("ringing");
    else show(ua?.isRegistered() ? "online" : "reconnecting");
  };

  // --- sound ------------------------------------------------------------------------------------
  const sound = new PhoneSound({
    onlost: () => openMicrophone(),
    onchange: () => {
      if (panel.dataset.phone === "no-microphone") start();
      else listDevices();
    },
  });

  // Whether there is a microphone; if not, the phone says why.
  const openMicrophone = async () => {
    try {
      const track = await sound.open();
      const sender = call?.connection?.getSenders().find((one) => one.track?.kind === "audio");
      await sender?.replaceTrack(track);
    } catch (error) {
      show(error.name === "NotAllowedError" ? "denied" : "no-microphone");
      return false;
    }
    await listDevices();
    return true;
  };

  const listDevices = async () => {
    for (const [kind, devices] of await sound.devices()) {
      const select = byId(kind === "audioinput" ? "microphone" : "speaker");
      select.replaceChildren(
        ...devices.map(([id, label, chosen]) => new Option(label || id, id, chosen, chosen))
      );
      select.closest("label").hidden = !devices.length;
    }
  };

  sound.meter((loudness) => {
    const percent = sound.muted ? 0 : Math.round(loudness * 100);
    byId("level").setAttribute("aria-valuenow", percent);
    byId("level").firstElementChild.setAttribute("width", `${percent}%`);
  });

  const mute = (muted) => {
    sound.mute(muted);
    byId("mute").setAttribute("aria-pressed", String(muted));
    show(panel.dataset.phone);
  };

  // --- calls ----------------------------------------------------------------------------------
  const answer = () => {
    sound.ring(false);
    call?.answer({
      mediaStream: sound.stream,
      mediaConstraints: { audio: true, video: false },
      pcConfig: { iceServers: [] },
    });
  };

  const arrived = ({ originator, session }) => {
    if (originator !== "remote") return;
    // Asterisk rings anew only when it has given up what was there before.
    if (call && !call.isEnded()) call.terminate();
    call = session;
    session.on("peerconnection", ({ peerconnection }) => hear(session, peerconnection));
    session.on("confirmed", showConnection);
    for (const over of ["ended", "failed"]) session.on(over, () => ended(session));
    showConnection();
    if (HELD) answer();
    else sound.ring(true);
  };

  const hear = (session, connection) => {
    connection.addEventListener("track", ({ track, streams }) => {
      sound.play(streams[0] ?? new MediaStream([track]));
    });
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "failed") hangUp(session);
      if (connection.connectionState !== "disconnected") return;
      setTimeout(() => connection.connectionState === "disconnected" && hangUp(session), LOST_MS);
    });
  };

  const hangUp = (session) => {
    if (!session.isEnded()) session.terminate();
  };

  const ended = (session) => {
    if (session !== call) return;
    call = null;
    sound.ring(false);
    sound.silence();
    if (ua) showConnection();
  };

  // --- line -------------------------------------------------------------------------------------
  // Whether to go on trying.
  const problem = (name) => {
    if (name === "unavailable") {
      show("reconnecting");
      return true;
    }
    stop(name === "no-phone" ? "ended" : name);
    return false;
  };

  const line = new PhoneLine({
    onpassword: (password) => ua?.set("password", password),
    onproblem: problem,
  });

  const connect = () => {
    ua = new JsSIP.UA({
      sockets: [line],
      uri: `sip:${account}@kakeru.invalid`,
      password: "",
      register_expires: REGISTER_SECONDS,
      connection_recovery_min_interval: RECONNECT_SECONDS.from,
      connection_recovery_max_interval: RECONNECT_SECONDS.to,
      user_agent: "Kakeru",
    });
    ua.on("registered", () => { showConnection(); returnToWork(); });
    ua.on("unregistered", () => ua && showConnection());
    ua.on("disconnected", () => ua && showConnection());
    ua.on("registrationFailed", () => {
      if (!ua) return;
      showConnection();
      // The password may be another page's by now: ask for one anew, with a new connection.
      line.socket?.close();
    });
    ua.on("newRTCSession", arrived);
    ua.start();
  };

  const stop = (state) => {
    const old = ua;
    ua = null;
    old?.stop();
    show(state);
  };

  const start = async () => {
    show("starting");
    if (!window.isSecureContext || !navigator.mediaDevices) return show("insecure");
    if (!(await openMicrophone())) return;
    if (ua) showConnection(); // only the microphone was away
    else connect();
  };

  // --- coming back after a reload ----------------------------------------------------------------
  const returnToWork = () => {
    const at = Number(sessionStorage.getItem(RETURN));
    if (!at || !ua?.isRegistered()) return;
    if (Date.now() - at > RETURN_MS || call) {
      sessionStorage.removeItem(RETURN);
    } else if (agentState() === "offline") {
      sessionStorage.removeItem(RETURN);
      document.getElementById("key-ready")?.click();
    }
  };
  document.addEventListener("htmx:afterSettle", returnToWork);

  window.addEventListener("pagehide", () => {
    if (HELD && agentState() === "ready") sessionStorage.setItem(RETURN, String(Date.now()));
    stop("starting");
  });

  // A page that is kept for the "back" key has lost its line.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());

  window.addEventListener("beforeunload", (event) => {
    if (ua && ["reserved", "on_call"].includes(agentState())) event.preventDefault();
  });

  // --- keys and links ------------------------------------------------------------------------------
  byId("answer").addEventListener("click", answer);
  byId("mute").addEventListener("click", () => mute(!sound.muted));
  byId("retry").addEventListener("click", start);
  byId("take").addEventListener("click", () => {
    line.take = true;
    start();
  });
  byId("microphone").addEventListener("change", async (event) => {
    sound.remember("audioinput", event.target.value);
    await openMicrophone();
  });
  byId("speaker").addEventListener("change", async (event) => {
    sound.remember("audiooutput", event.target.value);
    await sound.choose();
  });
  document.addEventListener("click", (event) => {
    const devices = byId("devices");
    if (devices.open && !devices.contains(event.target)) devices.open = false;
    const link = event.target.closest("a[href]");
    if (link && ua && !link.hash && !link.download) link.target = "_blank";
  }, { capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") byId("devices").open = false;
  });

  window.addEventListener("DOMContentLoaded", start);
})();
