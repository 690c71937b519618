// The microphone: a recording while the button is held, or from one tap to the next.

const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const LONGEST_MS = 30_000;

export class Recorder {
  // `onLevel` is called with the loudness from 0 to 1 while it records, `onLongest` when it has to stop.
  constructor(onLevel, onLongest) {
    this.onLevel = onLevel;
    this.onLongest = onLongest;
    this.recorder = null;
  }

  get isOn() {
    return this.recorder !== null;
  }

  async start() {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
    });
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.recorder = new MediaRecorder(stream, mimeType ? { mimeType, audioBitsPerSecond: 32_000 } : {});
    this.parts = [];
    this.recorder.ondataavailable = (event) => this.parts.push(event.data);
    this.startedAt = performance.now();
    this.recorder.start();
    this.watch(stream);
    this.limit = setTimeout(() => this.onLongest(), LONGEST_MS);
  }

  // Stop, and return the recording with its length in seconds.
  async stop() {
    const recorder = this.recorder;
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.stop();
    this.release();
    await stopped;
    return { audio: new Blob(this.parts, { type: recorder.mimeType }), seconds: (performance.now() - this.startedAt) / 1000 };
  }

  cancel() {
    this.recorder?.stop();
    this.release();
  }

  release() {
    clearTimeout(this.limit);
    this.recorder?.stream.getTracks().forEach((track) => track.stop());
    this.recorder = null;
    this.context?.close();
    this.context = null;
  }

  watch(stream) {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const look = () => {
      if (!this.isOn) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      this.onLevel(Math.min(1, Math.sqrt(power) * 6));
      requestAnimationFrame(look);
    };
    look();
  }
}
