// What the phone hears and sounds like: microphone, speaker, level and ring. Both devices are
// remembered in this browser; one that is not plugged in is replaced by the usual one.
(() => {
  "use strict";

  const KEY = { audioinput: "kakeru-microphone", audiooutput: "kakeru-speaker" };
  const LEVEL_EVERY_MS = 80;
  const LEVEL_SAMPLES = 4096; // 85 ms at 48 kHz: nothing falls between two looks
  const RING = { hertz: [480, 400], on: 1, off: 2, volume: 0.08 };

  const remembered = (kind) => localStorage.getItem(KEY[kind]) || "";

  class PhoneSound {
    // `onlost` is called when the microphone is unplugged, `onchange` when devices come or go.
    constructor({ onlost, onchange }) {
      this.onlost = onlost;
      this.stream = null;
      this.muted = false;
      this.audio = new Audio();
      this.audio.autoplay = true;
      navigator.mediaDevices?.addEventListener("devicechange", onchange);
      // Browsers let a page sound only after somebody has touched it.
      for (const touched of ["pointerdown", "keydown"]) {
        document.addEventListener(touched, () => this.wake(), { capture: true });
      }
    }

    wake() {
      if (this.context?.state === "suspended") this.context.resume();
      if (this.audio.srcObject && this.audio.paused) this.audio.play().catch(() => {});
    }

    // --- microphone ---------------------------------------------------------------------------
    // Resolves to the track; rejects as getUserMedia does.
    async open() {
      const wanted = remembered("audioinput");
      const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      if (wanted) audio.deviceId = { ideal: wanted };
      const stream = await navigator.mediaDevices.getUserMedia({ audio, video: false });
      const [track] = stream.getAudioTracks();
      track.enabled = !this.muted;
      track.onended = () => this.stream === stream && this.onlost();
      for (const old of this.stream?.getTracks() ?? []) old.stop();
      this.stream = stream;
      this.listen(stream);
      return track;
    }

    mute(muted) {
      this.muted = muted;
      for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !muted;
    }

    // --- speaker ------------------------------------------------------------------------------
    async play(stream) {
      this.audio.srcObject = stream;
      await this.choose();
      this.audio.play().catch(() => {}); // not before somebody has touched the page: `wake`
    }

    silence() {
      this.audio.srcObject = null;
    }

    async choose() {
      const wanted = remembered("audiooutput");
      if (!this.audio.setSinkId) return;
      // The one that was chosen may be unplugged: then the usual one sounds.
      await this.audio.setSinkId(wanted).catch(() => this.audio.setSinkId(""));
    }

    // --- devices ------------------------------------------------------------------------------
    // What there is, as [kind, [[id, label, chosen], …]]; labels are there once one was allowed.
    async devices() {
      const found = await navigator.mediaDevices.enumerateDevices();
      return Object.keys(KEY).map((kind) => [
        kind,
        found
          .filter((device) => device.kind === kind && device.deviceId)
          .map(({ deviceId, label }) => [deviceId, label, deviceId === remembered(kind)]),
      ]);
    }

    remember(kind, id) {
      localStorage.setItem(KEY[kind], id);
    }

    // --- level and ring -------------------------------------------------------------------------
    listen(stream) {
      this.context ??= new AudioContext();
      this.heard?.disconnect();
      this.analyser ??= this.context.createAnalyser();
      this.analyser.fftSize = LEVEL_SAMPLES;
      this.heard = this.context.createMediaStreamSource(stream);
      this.heard.connect(this.analyser);
    }

    // `show` gets the loudness of what is heard, 0 to 1, some ten times a second.
    meter(show) {
      const samples = new Float32Array(LEVEL_SAMPLES);
      setInterval(() => {
        if (!this.analyser || document.hidden) return;
        this.analyser.getFloatTimeDomainData(samples);
        const loudest = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
        show(Math.sqrt(loudest)); // quiet voices show too
      }, LEVEL_EVERY_MS);
    }

    ring(begin) {
      clearInterval(this.ringing);
      if (!begin) return;
      this.context ??= new AudioContext();
      this.ringOnce();
      this.ringing = setInterval(() => this.ringOnce(), (RING.on + RING.off) * 1000);
    }

    ringOnce() {
      const volume = this.context.createGain();
      volume.gain.value = RING.volume;
      volume.connect(this.context.destination);
      for (const hertz of RING.hertz) {
        const tone = new OscillatorNode(this.context, { frequency: hertz });
        tone.connect(volume);
        tone.start();
        tone.stop(this.context.currentTime + RING.on);
      }
    }
  }

  window.PhoneSound = PhoneSound;
})();
