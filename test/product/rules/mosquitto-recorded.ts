/**
 * What Mosquitto 2.1.2, built from its source, made of two `acl_file`s on 28 November 2026: one as it
 * is exported, and one with `pattern` lines for the same devices. Whether a publish with QoS 1 over
 * MQTT 5 was granted, or answered 0x87. `mosquitto-live.test.ts` proves it where a 2.1 is there.
 *
 * @module
 */

/** A file and what came of it: user name, topic, and whether it was granted. */
export interface Recorded {
  readonly file: string
  readonly answers: readonly (readonly [username: string, topic: string, granted: boolean])[]
}

export const SECTIONS: Recorded = {
  file: `# What no line grants is refused.

user pump/8
topic write things/pump/8/data
topic write things/pump/8/status
topic read things/pump/8/cmd

user pump/9
topic write things/pump/9/data
topic write things/pump/9/status
topic read things/pump/9/cmd
`,
  answers: [
    ['pump/8', 'things/pump/8/data', true],
    ['pump/8', 'things/pump/8/status', true],
    ['pump/8', 'things/pump/8/cmd', false],
    ['pump/8', 'things/pump/9/data', false],
    ['pump/9', 'things/pump/9/data', true],
    ['pump/9', 'things/pump/9/x/data', false],
    ['pump/10', 'things/pump/10/data', false],
    ['pump', 'things/pump/data', false],
    ['9', 'things/9/data', false],
    ['9', 'things/pump/9/data', false],
  ],
}

export const PATTERNS: Recorded = {
  file: `pattern write things/%u/data
pattern write things/%u/status
pattern read things/%u/cmd
`,
  answers: [
    ['pump/8', 'things/pump/8/data', false],
    ['pump/8', 'things/pump/8/status', false],
    ['pump/8', 'things/pump/8/cmd', false],
    ['pump/8', 'things/pump/9/data', false],
    ['pump/9', 'things/pump/9/data', false],
    ['pump/9', 'things/pump/9/x/data', false],
    ['pump/10', 'things/pump/10/data', false],
    ['pump', 'things/pump/data', true],
    ['9', 'things/9/data', true],
    ['9', 'things/pump/9/data', false],
  ],
}
