// The scanners that people use, each as its own documentation says, with its timers at their fastest, and asked for
// nothing but QR codes in the whole picture. Each gets a video and a `tell` of two words: `read(text)` for a code, and
// `frame()` for every frame that it has looked at (Kaunter's worker looks by itself, and is asked: watch.mjs).

/** Each frame of a video, as the page sees it; the next is asked for when this one is done. */
async function frameLoop(video, look) {
  for (;;) {
    await new Promise((done) => video.requestVideoFrameCallback(done));
    await look();
  }
}

async function play(video) {
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  await video.play();
}

export const scanners = {
  /** The floor: a page that plays the video and hears of its frames, and does nothing more. */
  async clock({ video, tell }) {
    await play(video);
    frameLoop(video, () => {
      tell.read(null);
      tell.frame();
    });
  },

  async kaunter({ video, tell, setting }) {
    const { Till } = await import("/pkg/index.js");
    const getToken = async ({ signal }) => {
      const body = JSON.stringify({ terminal: "till-1" });
      const answer = await fetch(setting.shop, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal,
      });
      return (await answer.json()).token;
    };
    const till = await Till.open({ backend: setting.backend, getToken, preview: video });
    await till.camera.warmUp();
    let last = null;
    // The last customer's code is still there while the next is waited for.
    const accept = ({ text }) => text !== last;
    (async () => {
      for (;;) {
        const { text } = await till.scan({ accept });
        last = text;
        tell.read(text);
      }
    })();
  },

  async "zxing-wasm"({ video, tell }) {
    const { prepareZXingModule, readBarcodes } = await import("zxing-wasm/reader");
    await prepareZXingModule({
      overrides: { locateFile: () => "/modules/zxing-wasm/dist/reader/zxing_reader.wasm" },
      fireImmediately: true,
    });
    await play(video);
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    frameLoop(video, async () => {
      Object.assign(
        canvas,
        canvas.width === video.videoWidth ? {} : { width: video.videoWidth, height: video.videoHeight },
      );
      context.drawImage(video, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
      const codes = await readBarcodes(pixels, { formats: ["QRCode"], maxNumberOfSymbols: 1 });
      for (const { text } of codes) tell.read(text);
      tell.frame();
    });
  },

  async "barcode-detector"({ video, tell }) {
    const { BarcodeDetector, prepareZXingModule } = await import("barcode-detector/ponyfill");
    await prepareZXingModule({
      overrides: { locateFile: () => "/modules/barcode-detector/wasm" },
      fireImmediately: true,
    });
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    await play(video);
    frameLoop(video, async () => {
      for (const { rawValue } of await detector.detect(video)) tell.read(rawValue);
      tell.frame();
    });
  },

  async qr({ video, tell }) {
    const { QRCanvas, frameLoop: everyFrame, rearCamera } = await import("qr/dom.js");
    const canvas = new QRCanvas({}, { cropToSquare: false });
    const camera = await rearCamera(video);
    everyFrame(async () => {
      const text = await camera.readFrame(canvas, true);
      if (text !== undefined) tell.read(text);
      tell.frame();
    }, video);
  },

  async "qr-scanner"({ video, tell }) {
    const { default: QrScanner } = await import("qr-scanner");
    const whole = ({ videoWidth: width, videoHeight: height }) => ({
      x: 0,
      y: 0,
      width,
      height,
      downScaledWidth: width,
      downScaledHeight: height,
    });
    const found = ({ data }) => {
      tell.read(data);
      tell.frame();
    };
    const scanner = new QrScanner(video, found, {
      returnDetailedScanResult: true,
      maxScansPerSecond: 1000,
      calculateScanRegion: whole,
      onDecodeError: () => tell.frame(),
    });
    scanner.setInversionMode("both");
    await scanner.start();
  },

  async "html5-qrcode"({ video, tell, size }) {
    await script("/modules/html5-qrcode/html5-qrcode.min.js");
    const { Html5Qrcode, Html5QrcodeSupportedFormats } = globalThis;
    video.remove();
    const box = document.body.appendChild(Object.assign(document.createElement("div"), { id: "box" }));
    // It reads what the page shows: a smaller box would shrink the picture.
    box.style.width = `${size[0]}px`;
    const scanner = new Html5Qrcode("box", { formatsToSupport: [Html5QrcodeSupportedFormats.QR_CODE], verbose: false });
    const found = (text) => {
      tell.read(text);
      tell.frame();
    };
    await scanner.start({ facingMode: "environment" }, { fps: 1000, disableFlip: true }, found, () => tell.frame());
  },
};

function script(source) {
  return new Promise((resolve, reject) =>
    document.head.append(
      Object.assign(document.createElement("script"), { src: source, onload: resolve, onerror: reject }),
    ),
  );
}
