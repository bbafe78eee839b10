import type { GalleryClip } from "./calls";

type Metrics = NonNullable<GalleryClip["metrics"]>;

const WORDS: Partial<Record<string, string>> = { static: "does not move", "body only": "lacks its particles" };

/** What was measured of a clip: in short, and all of it. What could not be said is left out. */
export function figuresOf(metrics: Metrics): { short: string; all: string } {
  const { verb_seen, verb_seen_probability, verb_asked, recognised, motion_size, bucket, identity_db, seam_ratio, flicker, sharpness, frozen } = metrics;
  const looks = verb_seen === null ? null : (WORDS[verb_seen] ?? `looks ${verb_seen}`);
  const seen = recognised === false ? `${looks}, not ${verb_asked}` : looks;
  const said = (value: number | null, text: (value: number) => string) => (value === null ? null : text(value));
  const joined = (parts: (string | null)[]) => parts.filter((part) => part !== null).join(" · ");
  return {
    short: joined([seen, said(identity_db, (db) => `${db.toFixed(0)} dB`)]),
    all: joined([
      seen,
      said(verb_seen_probability, (sure) => `${(100 * sure).toFixed(0)} % sure`),
      said(motion_size, (size) => `motion ${size.toFixed(1)}`),
      said(bucket, (number) => `bucket ${number}`),
      said(identity_db, (db) => `identity ${db.toFixed(1)} dB`),
      said(seam_ratio, (ratio) => `seam ${ratio.toFixed(2)}`),
      said(flicker, (excess) => `flicker ${excess.toFixed(2)}`),
      said(sharpness, (share) => `sharpness ${share.toFixed(2)}`),
      frozen ? "frozen" : null,
    ]),
  };
}
