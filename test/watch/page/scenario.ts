/**
 * What each page does with its view, and what it says about it.
 *
 * @module
 */
import { type DeviceWatch, memoryBroker, memoryServer } from '../../../src/index.ts'
import { createWatcher } from '../../../src/watch/create.ts'
import { bytesOf, counted, DATA, station } from '../fixture.ts'

// The types of the suite are those of no browser.
type Place = HTMLElement & { readonly textContent: string | null }
const { document, requestAnimationFrame, addEventListener } = globalThis as unknown as {
  readonly document: {
    readonly body: { appendChild(element: Place): Place }
    createElement(name: string): Place
  }
  requestAnimationFrame(run: () => void): number
  addEventListener(type: 'error', run: (event: { readonly message: string }) => void): void
}

/** Shows a device: the temperature, or nothing. Calls `rendered` whenever it renders. Returns its end. */
export type Mount = (
  place: HTMLElement,
  watch: DeviceWatch<typeof station>,
  rendered: () => void,
) => () => void

/** What came of it. */
export interface Outcome {
  /** What was shown at first, and after each message. */
  readonly texts: readonly string[]
  /** How often the view rendered for nothing: while nothing, or nothing of it, changed. */
  readonly needless: number
  /** How often it rendered for one message. */
  readonly forOne: number
  /** What the broker was asked while it was shown, and after it was taken down. */
  readonly asked: readonly string[]
  readonly askedAtEnd: readonly string[]
  /** The version of what shows it, where it tells. */
  readonly version: string
  /** What the page's console was told. */
  readonly complaints: readonly string[]
}

/** Runs a view through its life. */
export async function live(mount: Mount, version = ''): Promise<Outcome> {
  const complaints: string[] = []
  for (const level of ['error', 'warn'] as const) {
    console[level] = (...all: unknown[]) => complaints.push(all.map(String).join(' '))
  }
  addEventListener('error', ({ message }) => complaints.push(message))
  const server = memoryServer()
  const broker = counted(memoryBroker(server))
  const watcher = createWatcher(broker)
  const devices = memoryBroker(server)
  await devices.connect({ onMessage() {} })
  await watcher.start()
  const place = document.body.appendChild(document.createElement('main'))
  let renders = 0
  const unmount = mount(place, watcher.watch(station, { id: 'S-1' }), () => renders++)
  const say = (topic: string, temperature: number) =>
    devices.publish({ topic, payload: bytesOf({ temperature }) })
  await until(() => broker.asked.length > 0)
  await frames()
  const texts = [place.textContent ?? '']
  let before = renders
  await say(DATA, 1)
  await until(() => place.textContent === '1')
  await frames()
  const forOne = renders - before
  texts.push(place.textContent ?? '')
  before = renders
  await say('things/weatherstation/S-2/data', 9)
  await frames()
  const needless = renders - before
  await say(DATA, 2)
  await until(() => place.textContent === '2')
  texts.push(place.textContent ?? '')
  const asked = [...broker.asked]
  unmount()
  await until(() => broker.asked.length >= 4)
  await watcher.close()
  return { texts, needless, forOne, asked, askedAtEnd: [...broker.asked], version, complaints }
}

/** Three frames of the page. */
async function frames(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => requestAnimationFrame(resolve))
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!holds()) {
    if (performance.now() > end) throw new Error(`It never held: ${holds}`)
    await frames()
  }
}
