import { counted } from "../look/words";
import type { GalleryClip, Metrics } from "./calls";

const SEEN: Partial<Record<string, string>> = { static: "does not move", "body only": "lacks its particles" };
// A step over the seam this much larger than the usual one is seen as a jump; simulated judges draw the line there too.
const JUMPS = 1.8;
const LITTLE = 5;
const MUCH = 12;

export interface Figure {
  text: string;
  /** What it means, with the measured figure. */
  about: string;
  /** Worth a look. */
  off: boolean;
}

/** What was measured of a clip, in plain words, the most telling first. What could not be said is left out. */
export function figuresOf(metrics: Metrics): Figure[] {
  return [verb(metrics), motion(metrics), identity(metrics), seam(metrics)].filter((figure) => figure !== null);
}

function verb({ verb_seen, verb_asked, verb_seen_probability, recognised, frozen }: Metrics): Figure | null {
  if (verb_seen === null || frozen) return null;
  const looks = SEEN[verb_seen] ?? `looks ${verb_seen}`;
  const sure = verb_seen_probability === null ? "" : `, ${(100 * verb_seen_probability).toFixed(0)} % sure`;
  const asked = verb_asked === null ? "The caption names no verb that is known" : `The caption asks for ${verb_asked}`;
  return { text: recognised === false ? `${looks}, not ${verb_asked}` : looks, about: `A classifier: ${looks}${sure}. ${asked}.`, off: recognised === false };
}

function motion({ motion_size, bucket, frozen }: Metrics): Figure | null {
  if (frozen) return { text: "does not move", about: "Nothing moves, or nothing can be seen.", off: true };
  if (motion_size === null || bucket === null) return null;
  const much = bucket <= LITTLE ? "moves little" : bucket < MUCH ? "moves" : "moves a lot";
  return { text: `${much}, ${motion_size.toFixed(1)}`, about: `Motion size ${motion_size.toFixed(2)}: bucket ${bucket} of 16, from calm to wild.`, off: false };
}

function identity({ identity_db, sharpness, flicker }: Metrics): Figure | null {
  if (identity_db === null) return null;
  const beside = [
    `How well frames show the sticker: ${identity_db.toFixed(1)} dB of 60.`,
    sharpness === null ? "" : `Edges are ${sharpness.toFixed(2)} times as sharp.`,
    flicker === null ? "" : `The outline flickers by ${flicker.toFixed(2)}; 0 is not at all.`,
  ];
  return { text: `identity ${identity_db.toFixed(0)} dB`, about: beside.filter(Boolean).join(" "), off: false };
}

function seam({ seam_ratio, frozen }: Metrics): Figure | null {
  if (seam_ratio === null || frozen) return null;
  const jumps = seam_ratio > JUMPS;
  return { text: jumps ? `jumps at the seam, ${seam_ratio.toFixed(1)}×` : `seam ${seam_ratio.toFixed(1)}×`, about: `From the last frame to the first: ${seam_ratio.toFixed(2)} times its usual step. A loop that closes has about 1.`, off: jumps };
}

/** How many of the people who judged a clip would share it. */
export function sharesOf({ shown, shareable }: Pick<GalleryClip, "shown" | "shareable">): string {
  return shown ? `${shareable} of ${counted(shown, "person", "people")} would share` : "not judged yet";
}
