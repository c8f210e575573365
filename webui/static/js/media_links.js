// The address of a recording is good for half an hour. A page that was open longer asks for a new
// one when its sound does not come, and goes on where it was.
(() => {
  "use strict";

  const TOO_SOON_MS = 10_000; // a new address that fails as well: the sound is not there
  const renewed = new WeakMap();

  const renew = async (audio) => {
    const at = audio.currentTime;
    const goesOn = !audio.paused;
    const answer = await fetch(audio.dataset.link, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    audio.src = await answer.text();
    if (at) audio.currentTime = at;
    if (goesOn) audio.play();
  };

  // Errors of media do not bubble.
  document.addEventListener("error", (event) => {
    const audio = event.target;
    if (!(audio instanceof HTMLMediaElement) || !audio.dataset.link) return;
    if (Date.now() - (renewed.get(audio) ?? 0) < TOO_SOON_MS) return;
    renewed.set(audio, Date.now());
    renew(audio);
  }, true);
})();
