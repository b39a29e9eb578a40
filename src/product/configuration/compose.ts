/**
 * A docker compose file that runs one broker with the files beside it.
 *
 * @module
 */

/** What is run. */
export interface ComposeService {
  readonly name: string
  readonly image: string
  /** Files and folders beside the compose file, and where the container has them, read only. */
  readonly mounts: Readonly<Record<string, string>>
  /** Where the container keeps what has to outlive it. */
  readonly data?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Ports beside 1883. */
  readonly ports?: readonly number[]
  /** Whom the broker asks. Default: nobody. */
  readonly asks?: string
}

/** A name for the machine that the container runs on. */
const HERE = 'auth.internal'

/** The text of `compose.yaml`. Its ports are published on this machine alone. */
export function composeFile(service: ComposeService): string {
  const { name, image, mounts, data, environment = {}, ports = [], asks } = service
  const settings = Object.entries(environment)
  const volumes = Object.entries(mounts).map(([here, there]) => `${here}:${there}:ro`)
  const list = (lines: readonly string[]) => lines.map((line) => `      - ${line}`)
  return [
    'services:',
    `  ${name}:`,
    `    image: ${image}`,
    '    restart: unless-stopped',
    '    ports: # to other machines: with TLS in front, or on a network of your own',
    ...list([1883, ...ports].map((port) => `'127.0.0.1:${port}:${port}'`)),
    ...(settings.length > 0
      ? ['    environment:', ...settings.map(([key, value]) => `      ${key}: '${value}'`)]
      : []),
    '    volumes:',
    ...list([...volumes, ...(data === undefined ? [] : [`data:${data}`])]),
    ...(asks === HERE
      ? [
          `    extra_hosts: # ${HERE} is this machine; leave it out where the name leads somewhere`,
          ...list([`'${HERE}:host-gateway'`]),
        ]
      : []),
    ...(data === undefined ? [] : ['volumes:', '  data:']),
    '',
  ].join('\n')
}
