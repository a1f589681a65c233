// Safari's workers have this, and TypeScript's library for workers does not declare it:
// https://w3c.github.io/mediacapture-extensions/#transferable-mediastreamtrack
interface MediaStreamTrack {
  stop(): void;
}
interface MediaStreamTrackProcessorInit {
  track: MediaStreamTrack;
}
