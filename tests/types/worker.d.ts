// What a worker of Safari has, and TypeScript's own library of workers lacks:
// https://w3c.github.io/mediacapture-extensions/#transferable-mediastreamtrack
interface MediaStreamTrack {
  stop(): void;
}
interface MediaStreamTrackProcessorInit {
  track: MediaStreamTrack;
}
