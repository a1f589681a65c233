/** A stream of a canvas on which a code is drawn again and again, in two places in turn. */
export function picture({ size, dark }) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 640, height: 480 });
  const pen = canvas.getContext("2d");
  let frames = 0;
  const draw = () => {
    pen.fillStyle = "#ddd";
    pen.fillRect(0, 0, 640, 480);
    pen.fillStyle = "#111";
    for (let at = 0; at < dark.length; at++)
      if (dark[at]) pen.fillRect(220 + (frames % 2) + (at % size) * 8, 140 + Math.floor(at / size) * 8, 8, 8);
    frames++;
  };
  draw();
  setInterval(draw, 33);
  return canvas.captureStream(30);
}
