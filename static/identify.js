// Dropping a file and recording from the microphone; the form works without either.

const RECORD_S = 10;
const form = document.querySelector("form.bring");
const field = document.getElementById("id_sound");
const send = document.getElementById("send");
const record = document.getElementById("record");
const recorded = document.getElementById("recorded");
const announcer = document.getElementById("announcer");
const words = form.dataset; // in the page's language
const [listenToIt, recordIt] = [send.textContent, record.textContent];

function complain(id, sentence) {
  const place = document.getElementById(id);
  place.textContent = sentence;
  place.hidden = !sentence;
}

function isTooLarge(file) {
  const limit = Number(form.dataset.maxBytes);
  complain("sound-problem", file && file.size > limit ? words.tooLarge : "");
  return Boolean(file) && file.size > limit;
}

function put(file) {
  const list = new DataTransfer();
  list.items.add(file);
  field.files = list.files;
}

field.addEventListener("change", () => isTooLarge(field.files[0]));

form.addEventListener("submit", (event) => {
  if (isTooLarge(field.files[0])) {
    event.preventDefault();
    return;
  }
  send.disabled = true;
  send.textContent = words.sending;
});

// Coming back with the browser's Back button.
window.addEventListener("pageshow", () => {
  send.disabled = false;
  send.textContent = listenToIt;
});

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  form.addEventListener(kind, (event) => {
    event.preventDefault();
    form.classList.toggle("dropping", kind === "dragenter" || kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) {
      put(event.dataTransfer.files[0]);
      isTooLarge(field.files[0]);
      send.focus();
    }
  });
}

// --- the microphone: asked for by a click only ----------------------------------------------------

// The page has a sentence for the errors that happen: data-not-found-error and the like.
function why(error) {
  return words[error.name[0].toLowerCase() + error.name.slice(1)] || words.otherError;
}

// Music, not speech: what makes calls clear would take the music out.
const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

function recordingType() {
  const kinds = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
  return kinds.find((kind) => MediaRecorder.isTypeSupported(kind));
}

async function listen() {
  record.disabled = true;
  complain("record-problem", "");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
    await capture(stream);
  } catch (error) {
    complain("record-problem", why(error));
    record.textContent = recordIt;
    record.disabled = false;
    recorded.hidden = true;
  }
}

function capture(stream) {
  return new Promise((resolve, reject) => {
    const parts = [];
    const recorder = new MediaRecorder(stream, { mimeType: recordingType() });
    const clock = setInterval(() => { recorded.value += 0.25; }, 250);
    const end = () => {
      clearInterval(clock);
      for (const track of stream.getTracks()) track.stop();
    };
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("error", (event) => { end(); reject(event.error || event); });
    recorder.addEventListener("stop", () => {
      end();
      put(new File(parts, "Recording", { type: recorder.mimeType }));
      announcer.textContent = words.recorded;
      form.requestSubmit(send);
      resolve();
    });
    recorded.value = 0;
    recorded.hidden = false;
    record.textContent = words.recording;
    announcer.textContent = words.recordingAloud;
    recorder.start();
    setTimeout(() => recorder.state === "recording" && recorder.stop(), RECORD_S * 1000);
  });
}

if (navigator.mediaDevices && window.MediaRecorder) {
  document.getElementById("microphone").hidden = false;
  record.addEventListener("click", listen);
}
